import { describe, expect, it } from 'vitest';
import { LabEventHistory } from '../../src/lab/lab-event-history.ts';
import { type LabEvent, type UncountedEvent } from '../../src/lab/lab-events.ts';

const roomy = { events: 100, textCharacters: 1000, characters: 100_000 };
const facts = { atUnixMs: 1, user: 'alice', turnName: undefined };

function message(text: string, callId = 'c'): UncountedEvent<'message'> {
  const parties = { direction: 'in', from: 'wic', to: 'edge' } as const;
  return { type: 'message', ...facts, ...parties, method: 'INVITE', callId, flowId: 'f', at: 1, text };
}

function kept(history: LabEventHistory, since = 0): LabEvent[] {
  return history.after(since).map(({ event }) => event);
}

describe('the history of a lab', () => {
  it('counts from 1, and gives what came after a number', () => {
    const history = new LabEventHistory({ ...roomy, events: 5 });
    expect(history.lastSeq).toBe(0);
    for (let i = 0; i < 23; i++) history.add(message('x'));
    expect(history.lastSeq).toBe(23);
    expect(kept(history).map(({ seq }) => seq)).toEqual([19, 20, 21, 22, 23]);
    expect(kept(history, 21).map(({ seq }) => seq)).toEqual([22, 23]);
    expect(kept(history, 23)).toEqual([]);
    expect(kept(history, 99)).toEqual([]);
    expect(kept(history, 3)).toHaveLength(5);
  });

  it('lets the oldest texts go first, and keeps the events', () => {
    const history = new LabEventHistory(roomy);
    for (let i = 0; i < 5; i++) history.add(message('x'.repeat(300)));
    const events = kept(history) as LabEvent<'message'>[];
    expect(events.map(({ text }) => text?.length)).toEqual([undefined, undefined, 300, 300, 300]);
    expect(events[0]).toMatchObject({ seq: 1, user: 'alice', method: 'INVITE', callId: 'c' });
    expect(events[0]).not.toHaveProperty('text');
  });

  it('takes no text from whoever has the event already', () => {
    const history = new LabEventHistory(roomy);
    const { event } = history.add(message('early'));
    for (let i = 0; i < 5; i++) history.add(message('x'.repeat(300)));
    expect(event).toMatchObject({ text: 'early' });
  });

  it('drops a text that is larger than all there is room for', () => {
    const history = new LabEventHistory(roomy);
    history.add(message('x'.repeat(5000)));
    expect(kept(history)[0]).not.toHaveProperty('text');
  });

  it('lets whole events go when what they hold besides is too much', () => {
    const history = new LabEventHistory({ ...roomy, characters: 10_000 });
    for (let i = 0; i < 50; i++) history.add(message('', 'c'.repeat(1000)));
    const events = kept(history);
    expect(events.length).toBeGreaterThan(5);
    expect(events.length).toBeLessThan(10);
    expect(events.at(-1)?.seq).toBe(50);
  });

  it('keeps its sums right over a long time', () => {
    const history = new LabEventHistory({ events: 10, textCharacters: 100, characters: 1000 });
    for (let i = 0; i < 1000; i++) history.add(message('x'.repeat(i % 40)));
    const texts = (kept(history) as LabEvent<'message'>[]).flatMap(({ text }) => text ?? []);
    expect(texts.join('').length).toBeLessThanOrEqual(100);
    // 39 + 38 are the last; one more fits in no more.
    expect(texts.length).toBeGreaterThanOrEqual(2);
  });
});
