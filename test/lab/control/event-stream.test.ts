import { connect } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/base/clock.ts';
import { eventStream, type EventStreamOptions } from '../../../src/lab/control/event-stream.ts';
import { LabEventHistory } from '../../../src/lab/lab-event-history.ts';
import { LabEventLog } from '../../../src/lab/lab-event-log.ts';
import { type UncountedEvent } from '../../../src/lab/lab-events.ts';
import { startControlledLab, type ControlledLab } from './support/controlled-lab.ts';

const facts = { atUnixMs: 1, user: undefined, turnName: undefined };

function restarted(downMs: number): UncountedEvent<'server-restarted'> {
  return { type: 'server-restarted', ...facts, downMs };
}

function message(text: string): UncountedEvent<'message'> {
  const parties = { direction: 'in', from: 'wic', to: 'edge' } as const;
  return { type: 'message', ...facts, ...parties, method: 'INVITE', callId: 'c', flowId: 'f', at: 1, text };
}

function reading(log: LabEventLog, options: Partial<EventStreamOptions> = {}) {
  const ends: string[] = [];
  const stream = eventStream(log, {
    since: 0,
    accepts: () => true,
    keepaliveMs: 60_000,
    stallMs: 60_000,
    onStall: () => ends.push('stall'),
    onEnd: () => ends.push('end'),
    ...options,
  });
  const reader = stream.getReader();
  const next = async (): Promise<string | undefined> => {
    const { value } = await reader.read();
    return value && new TextDecoder().decode(value);
  };
  return { next, ends, cancel: () => reader.cancel() };
}

/** `id` and `downMs` of the events in a text of server-sent events. */
function told(text = ''): [number, number][] {
  return [...text.matchAll(/id: (\d+)\ndata: (.*)\n\n/g)].map(([, id, data]) => {
    const { seq, downMs } = JSON.parse(data!) as { seq: number; downMs: number };
    expect(seq).toBe(Number(id));
    return [seq, downMs];
  });
}

describe('an event stream', () => {
  it('begins at once, tells what has happened, then what happens', async () => {
    const log = new LabEventLog(systemClock);
    log.add(restarted(10));
    log.add(restarted(20));
    const { next, cancel, ends } = reading(log);
    expect(await next()).toBe('retry: 1000\n\n');
    expect(told(await next())).toEqual([
      [1, 10],
      [2, 20],
    ]);
    const later = next();
    log.add(restarted(30));
    expect(told(await later)).toEqual([[3, 30]]);
    await cancel();
    expect(ends).toEqual(['end']);
  });

  it('leaves out what is not wanted', async () => {
    const log = new LabEventLog(systemClock);
    for (const downMs of [1, 2, 3]) log.add(restarted(downMs));
    const { next, cancel } = reading(log, { accepts: ({ seq }) => seq !== 2, since: 1 });
    await next();
    expect(told(await next())).toEqual([[3, 3]]);
    await cancel();
  });

  it('gives a long history in portions', async () => {
    const log = new LabEventLog(systemClock);
    for (let i = 1; i <= 250; i++) log.add(restarted(i));
    const { next, cancel } = reading(log);
    await next();
    const portions = [told(await next()), told(await next()), told(await next())];
    expect(portions.map(({ length }) => length)).toEqual([100, 100, 50]);
    expect(portions.flat().map(([seq]) => seq)).toEqual(Array.from({ length: 250 }, (_, i) => i + 1));
    await cancel();
  });

  it('makes no portion of many long texts', async () => {
    const log = new LabEventLog(systemClock);
    for (let i = 0; i < 20; i++) log.add(message('x'.repeat(60_000)));
    const { next, cancel } = reading(log);
    await next();
    const portions = [await next(), await next(), await next(), await next()];
    for (const portion of portions) expect(portion?.length).toBeLessThan(400_000);
    expect(portions.flatMap((portion) => told(portion)).map(([seq]) => seq)).toEqual(
      Array.from({ length: 20 }, (_, i) => i + 1),
    );
    await cancel();
  });

  it('says which events are no longer kept', async () => {
    const log = new LabEventLog(
      systemClock,
      new LabEventHistory({ events: 3, textCharacters: 1000, characters: 10_000 }),
    );
    for (let i = 1; i <= 10; i++) log.add(restarted(i));
    const { next, cancel } = reading(log, { since: 2 });
    await next();
    const text = await next();
    expect(text).toContain(': events 3 to 7 are no longer kept\n\n');
    expect(told(text).map(([seq]) => seq)).toEqual([8, 9, 10]);
    await cancel();
  });

  it('fills silence with a comment', async () => {
    const { next, cancel } = reading(new LabEventLog(systemClock), { keepaliveMs: 20 });
    await next();
    expect(await next()).toBe(': keepalive\n\n');
    expect(await next()).toBe(': keepalive\n\n');
    await cancel();
  });

  it('ends with its lab', async () => {
    const log = new LabEventLog(systemClock);
    log.add(restarted(1));
    const { next, ends } = reading(log);
    await next();
    await next();
    const last = next();
    log.close();
    expect(await last).toBeUndefined();
    expect(ends).toEqual(['end']);
  });

  it('gives up a reader that takes nothing while there is something', async () => {
    const log = new LabEventLog(systemClock);
    const { next, ends } = reading(log, { stallMs: 30 });
    await next();
    log.add(restarted(1));
    await expect.poll(() => ends, { timeout: 10_000 }).toEqual(['end', 'stall']);
  });

  it('bears with a reader that has taken all there is', async () => {
    const log = new LabEventLog(systemClock);
    log.add(restarted(1));
    const { next, ends, cancel } = reading(log, { stallMs: 20 });
    await next();
    await next();
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(ends).toEqual([]);
    await cancel();
  });
});

describe('GET /lab/events/stream', () => {
  /** Reads a stream until what it has told satisfies. */
  async function readUntil(room: ControlledLab, enough: (text: string) => boolean, headers = {}, query = '') {
    const away = new AbortController();
    const response = await room.open(`/lab/events/stream${query}`, { headers, signal: away.signal });
    let text = '';
    try {
      for await (const part of response.setEncoding('utf8')) {
        text += String(part);
        if (enough(text)) break;
      }
    } finally {
      away.abort();
    }
    return { headers: response.headers, text };
  }
  const ids = (text: string) => [...text.matchAll(/^id: (\d+)$/gm)].map(([, id]) => Number(id));

  it('is an event stream that nobody keeps', async () => {
    await using room = await startControlledLab();
    const { headers } = await readUntil(room, (text) => text.includes('retry'));
    expect(headers).toMatchObject({ 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  });

  it('goes on after Last-Event-ID without a gap or a repetition', async () => {
    await using room = await startControlledLab();
    await room.lab.tryAllocate(room.lab.mint('alice'));
    await room.lab.waitFor('allocation-ended');
    const first = await readUntil(room, (text) => ids(text).length >= 3);
    const last = ids(first.text)[2]!;
    await room.lab.tryAllocate(room.lab.mint('alice'));
    await room.lab.waitFor('allocation-ended');
    const all = room.lab.events().map(({ seq }) => seq);
    const resumed = await readUntil(room, (text) => ids(text).includes(all.at(-1)!), { 'Last-Event-ID': String(last) });
    expect(ids(resumed.text)).toEqual(all.filter((seq) => seq > last));
    const since = await readUntil(room, (text) => ids(text).includes(all.at(-1)!), {}, `?since=${last}`);
    expect(ids(since.text)).toEqual(ids(resumed.text));
  });

  it('narrows down to names and a user', async () => {
    await using room = await startControlledLab();
    await room.lab.tryAllocate(room.lab.mint('alice'));
    await room.lab.tryAllocate(room.lab.mint('bob'));
    await room.lab.waitFor('allocation-ended', ({ user }) => user === 'bob');
    const query = '?type=allocation-created,allocation-ended&user=bob';
    const { text } = await readUntil(room, (told) => told.includes('"allocation-ended"'), {}, query);
    expect(ids(text)).toHaveLength(2);
    expect(text).not.toContain('alice');
  });

  it('is open to so many at once, and to others when one goes', async () => {
    await using room = await startControlledLab({ maxStreams: 1 });
    const away = new AbortController();
    const held = await room.open('/lab/events/stream', { signal: away.signal });
    held.on('error', () => undefined).resume();
    const refused = await room.ask('/lab/events/stream');
    expect(refused).toMatchObject({ status: 429, json: { error: { code: 'ERR_TOO_MANY' } } });
    away.abort();
    const isFree = () => readUntil(room, (text) => text.includes('retry:') || text.includes('ERR_TOO_MANY'));
    await expect.poll(async () => (await isFree()).text, { timeout: 10_000 }).toContain('retry:');
  });

  it('drops a reader that stops reading, whose events would pile up', async () => {
    await using room = await startControlledLab({ stallMs: 200, maxStreams: 1 });
    const { port } = room.lab.addresses.https[0]!;
    const socket = connect({ port, host: '127.0.0.1', ca: room.lab.ca, servername: 'localhost' });
    const closed = new Promise<void>((resolve) => {
      socket
        .on('error', () => undefined)
        .on('close', () => {
          resolve();
        });
    });
    socket.write(`GET /lab/events/stream HTTP/1.1\r\nHost: localhost:${port}\r\n\r\n`);
    await new Promise((resolve) => socket.once('data', resolve));
    socket.pause();
    // More than the buffers of two sockets hold, in events of which the history keeps the newest only.
    const large = 'x'.repeat(60_000);
    const filling = setInterval(() => {
      for (let i = 0; i < 20; i++) room.log.add(message(large));
    }, 5);
    try {
      // The place is free again: the server has let go, though the client still holds its end.
      await expect
        .poll(async () => (await readUntil(room, (text) => text.includes('retry:') || text.includes('error'))).text, {
          timeout: 15_000,
        })
        .toContain('retry:');
    } finally {
      clearInterval(filling);
    }
    socket.resume();
    await closed;
  });

  it('goes on after a restart of the server', async () => {
    await using room = await startControlledLab();
    const response = await room.open('/lab/events/stream');
    const ended = new Promise((resolve) => response.on('close', resolve).on('error', resolve));
    response.resume();
    room.lab.faults.add({ kind: 'server-restart' });
    await ended;
    await room.lab.waitFor('server-restarted');
    const { text } = await readUntil(room, (told) => told.includes('server-restarted'));
    expect(text).toContain('"type":"stopped"');
  });
});
