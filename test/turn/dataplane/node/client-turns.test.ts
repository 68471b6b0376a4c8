import { expect, it } from 'vitest';
import { ClientTurns } from '../../../../src/turn/dataplane/node/client-turns.ts';

const PER_TURN = 32;

function serve(turns: ClientTurns, datagrams: number): void {
  for (let i = 0; i < datagrams; i++) turns.spend();
}

it('gives a listener its turn after each 32 datagrams of peers, and not before', () => {
  const turns = new ClientTurns();
  let taken = 0;
  turns.add(() => (taken += 1));
  serve(turns, PER_TURN - 1);
  expect(taken).toBe(0);
  serve(turns, 1);
  expect(taken).toBe(1);
  serve(turns, 9 * PER_TURN);
  expect(taken).toBe(10);
});

it('gives four of many listeners their turn at once, and each of them as often as the others', () => {
  const turns = new ClientTurns();
  const taken = Array.from({ length: 40 }, () => 0);
  taken.forEach((_, i) => turns.add(() => (taken[i] = (taken[i] ?? 0) + 1)));
  serve(turns, PER_TURN);
  expect(taken.filter((count) => count === 1)).toHaveLength(4);
  serve(turns, 99 * PER_TURN);
  expect(new Set(taken)).toEqual(new Set([10]));
});

it('serves peers where no listener takes turns, and forgets a listener that leaves during its own turn', () => {
  const turns = new ClientTurns();
  serve(turns, 2 * PER_TURN);
  const taken: string[] = [];
  const leave = turns.add(() => {
    taken.push('leaves');
    leave();
  });
  serve(turns, PER_TURN);
  turns.add(() => taken.push('stays'));
  serve(turns, 3 * PER_TURN);
  expect(taken.filter((name) => name === 'leaves')).toHaveLength(1);
  expect(taken.filter((name) => name === 'stays').length).toBeGreaterThanOrEqual(2);
});
