import { C } from 'jssip';
import { describe, expect, it } from 'vitest';
import {
  CALL_WORDS,
  inPlainWords,
  noRelayCandidate,
  relayProblem,
  timeLeft,
} from '../../../src/demo-page/explain/plain-words.ts';
import { ErrorCode } from '../../../src/stun/error-code.ts';

describe('plain words for a failed call', () => {
  it('cover every cause that JsSIP has', () => {
    expect(Object.keys(CALL_WORDS).sort()).toEqual(Object.values(C.causes).sort());
  });

  it('keep a cause that is not known, and are not fooled by names of Object', () => {
    for (const cause of ['Something New', 'constructor']) expect(inPlainWords(cause)).toContain(`(${cause})`);
  });
});

describe('plain words for a relay that gave no candidate', () => {
  it.each(Object.values(ErrorCode))('say what to do after %i', (code) => {
    expect(relayProblem(code, 'Reason', 'turn:relay.example')).toMatch(
      new RegExp(`^The relay .*${code}.*\\. [A-Z].*\\.$`),
    );
  });

  it('tell a certificate that is not accepted from a server that is not there', () => {
    expect(relayProblem(701, '', 'turns:relay.example:5349')).toMatch(/certificate.* Trust the lab CA/);
    expect(relayProblem(701, '', 'turn:relay.example:3478')).toMatch(/cannot be reached \(turn:relay\.example:3478\)/);
  });

  it('tell a call without a credential from a relay that is silent', () => {
    expect(noRelayCandidate(false)).toMatch(/has no TURN credential/);
    expect(noRelayCandidate(true)).toMatch(/no TURN server answered/);
  });
});

it.each([
  [-5, 'ended'],
  [0, 'ended'],
  [59.9, '59 s'],
  [61, '1 min 1 s'],
  [3600, '1 h 0 min'],
])('%d seconds left read %s', (seconds, words) => {
  expect(timeLeft(seconds)).toBe(words);
});
