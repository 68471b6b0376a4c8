import { expect, it } from 'vitest';
import { type Hop } from '../../../src/edge/hop.ts';
import { OpenChallenges } from '../../../src/edge/proxy/open-challenges.ts';

const hop = (id: string, kind: Hop['kind'] = 'wic') => ({ id, kind }) as Hop;

it('a challenge is open until a request of its client has another final answer, or the client is gone', () => {
  const challenges = new OpenChallenges();
  const alice = hop('a');
  const states = [401, 100, 200, 407, 403].map((status) => {
    challenges.noteAnswer(status, alice);
    return challenges.isChallenged(alice);
  });
  expect(states).toEqual([true, true, false, true, false]);
  challenges.noteAnswer(401, alice);
  challenges.forget(alice);
  expect(challenges.isChallenged(alice)).toBe(false);
});

it('a core is owed no patience', () => {
  const challenges = new OpenChallenges();
  challenges.noteAnswer(401, hop('core', 'core'));
  expect(challenges.isChallenged(hop('core', 'core'))).toBe(false);
});
