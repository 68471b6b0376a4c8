import { expect, it } from 'vitest';
import { peerPlan } from '../../../src/lab/peers/peer-plan.ts';

it.each([
  ['echo', { kind: 'answer', afterSec: 0 }],
  ['busy', { kind: 'refuse', status: 486 }],
  ['decline', { kind: 'refuse', status: 603 }],
  ['noanswer', { kind: 'ring' }],
  ['later', { kind: 'answer', afterSec: 2 }],
  ['later-1', { kind: 'answer', afterSec: 1 }],
  ['later-60', { kind: 'answer', afterSec: 60 }],
])('%s is a peer', (user, plan) => {
  expect(peerPlan(user)).toMatchObject(plan);
});

it.each(['', 'Echo', 'echo2', 'later-', 'later-0', 'later-01', 'later-61', 'later-600', 'constructor', 'later-5 '])(
  '"%s" is nobody here',
  (user) => {
    expect(peerPlan(user)).toBeUndefined();
  },
);
