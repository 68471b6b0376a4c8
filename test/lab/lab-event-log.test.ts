import { describe, expect, it } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { LabEventLog } from '../../src/lab/lab-event-log.ts';
import { LAB_EVENT_NAMES, type UncountedEvent } from '../../src/lab/lab-events.ts';
import { LabWaitError } from '../../src/lab/lab-wait-error.ts';

const soon = { timeoutMs: 20 };

function registered(user: string): UncountedEvent<'registered'> {
  const facts = { flowId: 'f1', aor: `sip:${user}@localhost`, registrationId: 'r', expiresSec: 60, refresh: false };
  return { type: 'registered', atUnixMs: Date.now(), user, turnName: undefined, ...facts };
}

function closed(): UncountedEvent<'flow-closed'> {
  const facts = { flowId: 'f1', cause: 'client' as const, code: 1000 };
  return { type: 'flow-closed', atUnixMs: Date.now(), user: undefined, turnName: undefined, ...facts };
}

async function failure(waiting: Promise<unknown>): Promise<LabWaitError> {
  const error = await waiting.catch((reason: unknown) => reason);
  if (!(error instanceof LabWaitError)) throw new Error(`expected a LabWaitError, got ${String(error)}`);
  return error;
}

describe('waiting for an event', () => {
  it('counts what has happened already', async () => {
    const log = new LabEventLog(systemClock);
    const event = log.add(registered('alice'));
    expect(await log.waitFor('registered', () => true, soon)).toBe(event);
  });

  it('ends with what happens later', async () => {
    const log = new LabEventLog(systemClock);
    const waiting = log.waitFor('registered', ({ user }) => user === 'bob', soon);
    log.add(registered('alice'));
    const event = log.add(registered('bob'));
    expect(await waiting).toBe(event);
  });

  it('is given each event of the past once, oldest first', async () => {
    const log = new LabEventLog(systemClock);
    const first = log.add(registered('alice'));
    const second = log.add(registered('alice'));
    expect(await log.waitFor('registered', () => true, soon)).toBe(first);
    expect(await log.waitFor('registered', () => true, soon)).toBe(second);
    await expect(log.waitFor('registered', () => true, soon)).rejects.toThrow('nothing matched');
  });

  it('leaves what does not meet its condition to others', async () => {
    const log = new LabEventLog(systemClock);
    const alice = log.add(registered('alice'));
    const bob = log.add(registered('bob'));
    expect(await log.waitFor('registered', ({ user }) => user === 'bob', soon)).toBe(bob);
    expect(await log.waitFor('registered', () => true, soon)).toBe(alice);
  });

  it('ends for all who wait when one event meets all their conditions', async () => {
    const log = new LabEventLog(systemClock);
    const waiting = [1, 2].map(() => log.waitFor('registered', () => true, soon));
    const event = log.add(registered('alice'));
    expect(await Promise.all(waiting)).toEqual([event, event]);
  });

  it('leaves the past out when it is to be fresh', async () => {
    const log = new LabEventLog(systemClock);
    log.add(registered('alice'));
    const waiting = log.waitFor('registered', () => true, { ...soon, fresh: true });
    const event = log.add(registered('alice'));
    expect(await waiting).toBe(event);
  });

  it('counts from a number on, also what an earlier wait had', async () => {
    const log = new LabEventLog(systemClock);
    const first = log.add(registered('alice'));
    const second = log.add(registered('alice'));
    await log.waitFor('registered', () => true, soon);
    expect(await log.waitFor('registered', () => true, { ...soon, since: 0 })).toBe(first);
    expect(await log.waitFor('registered', () => true, { ...soon, since: first.seq })).toBe(second);
    await expect(log.waitFor('registered', () => true, { ...soon, since: 2 })).rejects.toThrow('nothing matched');
  });

  it('is given up by its signal, and takes no event from others then', async () => {
    const log = new LabEventLog(systemClock);
    const away = new AbortController();
    const waiting = log.waitFor('registered', () => true, { signal: away.signal });
    away.abort(new Error('gone'));
    await expect(waiting).rejects.toThrow('gone');
    await expect(log.waitFor('registered', () => true, { signal: away.signal })).rejects.toThrow('gone');
    const event = log.add(registered('alice'));
    expect(await log.waitFor('registered', () => true, soon)).toBe(event);
  });

  it('fails with what its condition throws', async () => {
    const log = new LabEventLog(systemClock);
    const broken = log.waitFor('registered', () => expect.fail('my own mistake'), soon);
    log.add(registered('alice'));
    await expect(broken).rejects.toThrow('my own mistake');
  });

  it.each([
    ['an event that does not exist', 'registred', {}, /there is no event "registred"; there are stopped, /],
    ['a time that is none', 'registered', { timeoutMs: Number.NaN }, /expected 0 to 2147483647, got NaN/],
    ['a time that no timer can wait', 'registered', { timeoutMs: 2 ** 31 }, /got 2147483648/],
  ])('refuses %s', async (_what, name, options, message) => {
    const log = new LabEventLog(systemClock);
    const waiting = log.waitFor(name as 'registered', () => true, options);
    await expect(waiting).rejects.toMatchObject({
      code: 'ERR_INVALID_ARGUMENT',
      message: expect.stringMatching(message) as string,
    });
  });
});

describe('a wait that fails', () => {
  it('tells what happened instead, whom it concerned and when', async () => {
    const log = new LabEventLog(systemClock);
    log.add(registered('alice'));
    log.add(closed());
    const error = await failure(log.waitFor('registered', ({ user }) => user === 'bob', soon));
    expect(error.code).toBe('ERR_LAB_TIMEOUT');
    expect(error.message.replaceAll(/\+\d+ ms/g, '+n ms')).toBe(
      [
        "waitFor('registered'): nothing matched within 20 ms.",
        'Of this kind, none of which met the condition:',
        '  +n ms registered alice {"flowId":"f1","aor":"sip:alice@localhost","registrationId":"r","expiresSec":60,"refresh":false}',
        'What happened instead:',
        '  +n ms flow-closed {"flowId":"f1","cause":"client","code":1000}',
      ].join('\n'),
    );
    expect(error.happened).toHaveLength(2);
  });

  it('marks what an earlier wait was given', async () => {
    const log = new LabEventLog(systemClock);
    log.add(registered('alice'));
    await log.waitFor('registered', () => true, soon);
    const { message } = await failure(log.waitFor('registered', () => true, soon));
    expect(message).toContain('registered alice');
    expect(message).toContain('(not counted: an earlier wait had it, or it came before)');
  });

  it('says when nothing has happened at all', async () => {
    const { message } = await failure(new LabEventLog(systemClock).waitFor('registered', () => true, soon));
    expect(message).toContain('Nothing has happened in this lab yet.');
  });

  it('shows the end of a long history only', async () => {
    const log = new LabEventLog(systemClock);
    for (let i = 0; i < 100; i++) log.add(closed());
    const { message, happened } = await failure(log.waitFor('registered', () => true, soon));
    expect(message).toContain('What happened instead (the last 25 of 100):');
    expect(message.split('\n')).toHaveLength(27);
    expect(happened).toHaveLength(100);
  });

  it('was stopped with its lab', async () => {
    const log = new LabEventLog(systemClock);
    const waiting = failure(log.waitFor('registered', () => true, soon));
    log.close();
    expect((await waiting).code).toBe('ERR_LAB_STOPPED');
    log.add(registered('alice'));
    expect(await log.waitFor('registered', () => true, soon)).toMatchObject({ user: 'alice' });
    expect((await failure(log.waitFor('registered', () => true, soon))).code).toBe('ERR_LAB_STOPPED');
  });
});

describe('a listener', () => {
  it('hears of each event and of the end', () => {
    const log = new LabEventLog(systemClock);
    const heard: [number, boolean][] = [];
    const off = log.onChange(() => heard.push([log.lastSeq, log.closed]));
    log.add(registered('alice'));
    log.close();
    off();
    log.add(registered('alice'));
    expect(heard).toEqual([
      [1, false],
      [1, true],
    ]);
  });
});

describe('the history', () => {
  it('holds the last 10,000 events', () => {
    const log = new LabEventLog(systemClock);
    const events = Array.from({ length: 25_000 }, () => log.add(closed()));
    const kept = log.events();
    expect(kept).toHaveLength(10_000);
    expect(kept[0]).toBe(events[15_000]);
    expect(kept.at(-1)).toBe(events.at(-1));
  });

  it('knows every event by its name once', () => {
    expect(new Set(LAB_EVENT_NAMES).size).toBe(LAB_EVENT_NAMES.length);
  });
});
