import { describe, expect, it } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import {
  type EventLog,
  eventStream,
  type EventStreamOptions,
  type NumberedEvent,
} from '../../src/http/event-stream.ts';

interface Said extends NumberedEvent {
  readonly text: string;
}

/** A log that keeps the newest `limit` events. */
class NumberedLog implements EventLog<Said> {
  readonly clock = systemClock;
  readonly #limit: number;
  readonly #listeners = new Set<() => void>();
  #said: Said[] = [];
  lastSeq = 0;
  closed = false;

  constructor(limit = Infinity) {
    this.#limit = limit;
  }

  add(text: string): void {
    this.lastSeq += 1;
    this.#said = [...this.#said, { seq: this.lastSeq, text }].slice(-this.#limit);
    for (const listener of this.#listeners) listener();
  }

  events(since: number, limit: number): readonly Said[] {
    return this.#said.filter(({ seq }) => seq > since).slice(0, limit);
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  close(): void {
    this.closed = true;
    for (const listener of this.#listeners) listener();
  }
}

function reading(log: NumberedLog, options: Partial<EventStreamOptions<Said>> = {}) {
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

/** `id` and text of the events in a text of server-sent events. */
function told(text = ''): [number, string][] {
  return [...text.matchAll(/id: (\d+)\ndata: (.*)\n\n/g)].map(([, id, data]) => {
    const { seq, text: said } = JSON.parse(data!) as Said;
    expect(seq).toBe(Number(id));
    return [seq, said];
  });
}

describe('an event stream', () => {
  it('begins at once, tells what has happened, then what happens', async () => {
    const log = new NumberedLog();
    log.add('10');
    log.add('20');
    const { next, cancel, ends } = reading(log);
    expect(await next()).toBe('retry: 1000\n\n');
    expect(told(await next())).toEqual([
      [1, '10'],
      [2, '20'],
    ]);
    const later = next();
    log.add('30');
    expect(told(await later)).toEqual([[3, '30']]);
    await cancel();
    expect(ends).toEqual(['end']);
  });

  it('leaves out what is not wanted', async () => {
    const log = new NumberedLog();
    for (const text of ['1', '2', '3']) log.add(text);
    const { next, cancel } = reading(log, { accepts: ({ seq }) => seq !== 2, since: 1 });
    await next();
    expect(told(await next())).toEqual([[3, '3']]);
    await cancel();
  });

  it('gives a long history in portions', async () => {
    const log = new NumberedLog();
    for (let i = 1; i <= 250; i++) log.add(String(i));
    const { next, cancel } = reading(log);
    await next();
    const portions = [told(await next()), told(await next()), told(await next())];
    expect(portions.map(({ length }) => length)).toEqual([100, 100, 50]);
    expect(portions.flat().map(([seq]) => seq)).toEqual(Array.from({ length: 250 }, (_, i) => i + 1));
    await cancel();
  });

  it('makes no portion of many long texts', async () => {
    const log = new NumberedLog();
    for (let i = 0; i < 20; i++) log.add('x'.repeat(60_000));
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
    const log = new NumberedLog(3);
    for (let i = 1; i <= 10; i++) log.add(String(i));
    const { next, cancel } = reading(log, { since: 2 });
    await next();
    const text = await next();
    expect(text).toContain(': events 3 to 7 are no longer kept\n\n');
    expect(told(text).map(([seq]) => seq)).toEqual([8, 9, 10]);
    await cancel();
  });

  it('fills silence with a comment', async () => {
    const { next, cancel } = reading(new NumberedLog(), { keepaliveMs: 20 });
    await next();
    expect(await next()).toBe(': keepalive\n\n');
    expect(await next()).toBe(': keepalive\n\n');
    await cancel();
  });

  it('ends with its log', async () => {
    const log = new NumberedLog();
    log.add('1');
    const { next, ends } = reading(log);
    await next();
    await next();
    const last = next();
    log.close();
    expect(await last).toBeUndefined();
    expect(ends).toEqual(['end']);
  });

  it('gives up a reader that takes nothing while there is something', async () => {
    const log = new NumberedLog();
    const { next, ends } = reading(log, { stallMs: 30 });
    await next();
    log.add('1');
    await expect.poll(() => ends, { timeout: 10_000 }).toEqual(['end', 'stall']);
  });

  it('bears with a reader that has taken all there is', async () => {
    const log = new NumberedLog();
    log.add('1');
    const { next, ends, cancel } = reading(log, { stallMs: 20 });
    await next();
    await next();
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(ends).toEqual([]);
    await cancel();
  });
});
