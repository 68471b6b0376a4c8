import { expect, it } from 'vitest';
import { silentLogger } from '../../src/base/logger.ts';
import { TypedEvents } from '../../src/base/typed-events.ts';
import { ForgottenRevocations } from '../../src/server/forgotten-revocations.ts';
import { type RevocationsForgotten, type ServerEvents } from '../../src/server/server-types.ts';

it('names that a full list forgets are counted one by one, and told together every ten seconds at most', () => {
  let nowMs = 0;
  const events = new TypedEvents<ServerEvents>(() => undefined);
  const told: RevocationsForgotten[] = [];
  events.on('revocations-forgotten', (event) => told.push(event));
  const lines: object[] = [];
  const logger = { ...silentLogger, warn: (fields: object) => lines.push(fields) };
  const clock = { now: () => ({ monotonicMs: nowMs, unixMs: nowMs }) };
  const forgotten = new ForgottenRevocations({ logger, clock, events });
  const note = (): void => {
    forgotten.note({ user: 'u1', untilSec: 3600 });
  };
  note();
  expect(told).toEqual([{ cause: 'list-full', names: 1 }]);
  for (let i = 0; i < 1000; i++) note();
  expect([told.length, lines.length, forgotten.total]).toEqual([1, 1, 1001]);
  nowMs = 10_000;
  note();
  expect(told.at(-1)).toEqual({ cause: 'list-full', names: 1001 });
  expect(lines.at(-1)).toMatchObject({ cause: 'list-full', names: 1001, total: 1002 });
});
