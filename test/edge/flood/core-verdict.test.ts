import { describe, expect, it } from 'vitest';
import { readVerdict } from '../../../src/edge/flood/core-verdict.ts';
import { NO_BODY, SipHeaders } from '../../../src/sip/message.ts';

function answer(status: number, challenge?: string) {
  const headers = new SipHeaders();
  if (challenge) headers.append('WWW-Authenticate', challenge);
  return { kind: 'response', status, reason: '', headers, body: NO_BODY } as const;
}

describe('what a core says of a password', () => {
  it.each([
    [100, undefined, 'none-yet'],
    [200, undefined, 'right'],
    [401, 'Digest realm="x", nonce="n"', 'wrong'],
    [401, 'Digest realm="x", nonce="n", stale=false', 'wrong'],
    [401, 'Digest realm="x", nonce="n", stale=true', 'unknown'],
    [401, 'Digest realm="x", nonce="n", stale = "TRUE", algorithm=MD5', 'unknown'],
    [403, undefined, 'wrong'],
    [423, undefined, 'unknown'],
    [503, undefined, 'unknown'],
  ] as const)('%i %s is %s', (status, challenge, verdict) => {
    expect(readVerdict(answer(status, challenge))).toBe(verdict);
  });
});
