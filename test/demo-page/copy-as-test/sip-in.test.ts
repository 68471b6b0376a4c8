import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { sipIn } from '../../../src/demo-page/copy-as-test/sip-in.ts';

function message(...lines: readonly string[]): string {
  return [...lines, '', 'CSeq: 9 BODY'].join('\r\n');
}

const OK = ['SIP/2.0 200 OK', 'Via: SIP/2.0/WSS x', 'From: "A" <sip:alice@localhost>;tag=1', 'CSeq: 2 REGISTER'];

describe('what a test is made of', () => {
  it('has method, status, sender and credential of an answer', () => {
    const answer = sipIn(
      'alice',
      message(...OK, 'TURN-Cred-Rsp: name="u";pwd="p";lifetime=1900000000', 'TURN-Lifetime: 1900000000'),
      7,
    );
    expect(answer).toEqual({
      type: 'sip-in',
      user: 'alice',
      atUnixMs: 7,
      method: 'REGISTER',
      status: 200,
      from: 'alice',
      credential: 'given',
    });
  });

  it.each([
    [[], { credential: 'none' }],
    [['TURN-Cred-Rsp: error=quota;retry-after=9'], { credential: 'error', error: 'quota' }],
    [['TURN-Cred-Rsp: name="u";pwd="ab', 'TURN-Lifetime: soon'], { credential: 'malformed' }],
    [['turn-cred-rsp : name="u";pwd="p";lifetime=19'], { credential: 'given' }],
    [['TURN-Cred-Rsp: name="u'], { credential: 'malformed' }],
    [['TURN-Lifetime: 19'], { credential: 'given' }],
  ])('reads %j as %j', (lines, expected) => {
    expect(sipIn('alice', message(...OK, ...lines), 0)).toMatchObject(expected);
  });

  it('has who calls from an INVITE', () => {
    const invite = message('INVITE sip:alice@x SIP/2.0', 'f: <sips:bob@localhost;x=y>', 'CSeq: 1 INVITE');
    const read = sipIn('alice', invite, 0);
    expect(read).toMatchObject({ method: 'INVITE', from: 'bob' });
    expect(read).not.toHaveProperty('status');
  });

  it('is nothing for text that is no message, and never throws', () => {
    expect(sipIn('alice', 'hello', 0)).toBeUndefined();
    fc.assert(
      fc.property(fc.string(), (text) => {
        sipIn('alice', text, 0);
      }),
    );
  });
});
