import { expect, it } from 'vitest';
import { TypedEvents } from '../../src/base/typed-events.ts';

interface Events {
  tick: number;
}

it('reports a listener that throws and still serves the others', () => {
  const errors: unknown[] = [];
  const events = new TypedEvents<Events>((error) => errors.push(error));
  const heard: number[] = [];
  events.on('tick', () => {
    throw new Error('mine');
  });
  events.on('tick', (value) => heard.push(value));
  events.emit('tick', 1);
  expect(heard).toEqual([1]);
  expect(errors).toHaveLength(1);
});

it('knows for which events anybody listens', () => {
  const events = new TypedEvents<Events>(() => undefined);
  expect(events.has('tick')).toBe(false);
  const off = events.on('tick', () => undefined);
  expect(events.has('tick')).toBe(true);
  off();
  expect(events.has('tick')).toBe(false);
});

it('calls a once-listener one time and a removed listener never', () => {
  const events = new TypedEvents<Events>(() => undefined);
  const heard: string[] = [];
  events.once('tick', () => heard.push('once'));
  const off = events.on('tick', () => heard.push('on'));
  events.emit('tick', 1);
  off();
  events.emit('tick', 2);
  expect(heard).toEqual(['once', 'on']);
});
