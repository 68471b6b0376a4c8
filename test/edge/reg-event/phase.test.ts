import { expect, it } from 'vitest';
import { type Happening, move, type Phase } from '../../../src/edge/reg-event/phase.ts';

const PHASES: readonly Phase[] = ['asking', 'active', 'refreshing', 'resting', 'refused', 'ended'];
const HAPPENINGS: readonly Happening[] = ['due', 'accepted', 'failed', 'refused', 'terminated', 'unneeded'];

it.each<[Phase, Happening, Phase]>([
  ['resting', 'due', 'asking'],
  ['asking', 'accepted', 'active'],
  ['asking', 'failed', 'resting'],
  ['asking', 'refused', 'refused'],
  ['asking', 'terminated', 'resting'],
  ['active', 'due', 'refreshing'],
  ['active', 'terminated', 'resting'],
  ['refreshing', 'accepted', 'active'],
  ['refreshing', 'failed', 'resting'],
  ['refreshing', 'refused', 'refused'],
  ['refreshing', 'terminated', 'resting'],
])('a subscription that is %s and hears %s is %s', (phase, happening, next) => {
  expect(move(phase, happening)).toBe(next);
});

it('a subscription that nobody needs ends, wherever it stands, and never begins again', () => {
  for (const phase of PHASES) expect(move(phase, 'unneeded')).toBe(phase === 'ended' ? undefined : 'ended');
  for (const happening of HAPPENINGS) expect(move('ended', happening)).toBeUndefined();
});

it('nothing comes of an answer that nobody waits for', () => {
  for (const phase of ['active', 'resting', 'refused'] as const) {
    for (const happening of ['accepted', 'failed', 'refused'] as const) expect(move(phase, happening)).toBeUndefined();
  }
});
