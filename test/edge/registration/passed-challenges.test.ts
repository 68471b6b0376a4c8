import { describe, expect, it } from 'vitest';
import { PassedChallenges } from '../../../src/edge/registration/passed-challenges.ts';
import { createResponse } from '../../../src/sip/create-response.ts';
import { type SipRequest } from '../../../src/sip/message.ts';
import { FakeHop } from '../support/fake-hop.ts';
import { WicMessages } from '../support/wic.ts';

const ALICE = 'sip:alice@example.com';

function proof(nonce: string, username = 'alice', realm = 'r', response = '00'): string {
  return `Digest username="${username}", realm="${realm}", nonce="${nonce}", uri="sip:r", response="${response}"`;
}

class Bench {
  readonly challenges = new PassedChallenges();
  readonly hop = new FakeHop();
  readonly wic = new WicMessages('alice');

  challenge(nonce: string, status = 401, name = 'WWW-Authenticate', realm = 'r'): void {
    const request = this.wic.buildRegister();
    const response = createResponse(request, status);
    response.headers.append(name, `Digest realm="${realm}", nonce="${nonce}"`);
    this.challenges.note(response, request, ALICE, this.hop);
  }

  register(...values: string[]): SipRequest {
    const request = this.wic.buildRegister();
    for (const value of values) request.headers.append('Authorization', value);
    return request;
  }

  login(request: SipRequest, aor = ALICE, hop = this.hop): string | undefined {
    return this.challenges.loginOf(request, aor, hop)?.username;
  }
}

describe('who has answered a challenge', () => {
  it('is who is named by the proof with its nonce and realm, however often', () => {
    const bench = new Bench();
    bench.challenge('n');
    for (let i = 0; i < 2; i++) expect(bench.login(bench.register(proof('n')))).toBe('alice');
    expect(bench.login(bench.register(proof('x', 'bob', 'elsewhere'), proof('n')))).toBe('alice');
  });

  it.each([
    [proof('x')],
    [proof('n', 'alice', 'elsewhere')],
    [proof('n', 'alice', 'r', '')],
    ['Digest username="alice", realm="r", nonce="n"'],
    ['Digest realm="r", nonce="n", response="1"'],
    ['Bearer username="alice", realm="r", nonce="n", response="1"'],
    ['Digest username="alice, realm="r", nonce="n", response="1"'],
  ])('is nobody who writes %s', (value) => {
    const bench = new Bench();
    bench.challenge('n');
    expect(bench.login(bench.register(value))).toBeUndefined();
  });

  it('is nobody for another user, on another flow, or in the field that was not asked for', () => {
    const bench = new Bench();
    bench.challenge('n');
    bench.challenge('p', 407, 'Proxy-Authenticate');
    const request = bench.register(proof('n'));
    expect(bench.login(request, 'sip:bob@example.com')).toBeUndefined();
    expect(bench.login(request, ALICE, new FakeHop())).toBeUndefined();
    expect(bench.login(bench.register(proof('p')))).toBeUndefined();
    const other = bench.register();
    other.headers.append('Proxy-Authorization', proof('p'));
    expect(bench.login(other)).toBe('alice');
  });

  it('is known by the nonce that a core has named for the next proof too', () => {
    const bench = new Bench();
    bench.challenge('n');
    for (const [value, expected] of [
      [proof('x'), undefined],
      [proof('n'), 'alice'],
    ] as const) {
      const request = bench.register(value);
      const response = createResponse(request, 200);
      response.headers.append('Authentication-Info', 'nextnonce="m", qop=auth');
      bench.challenges.note(response, request, ALICE, bench.hop);
      expect(bench.login(bench.register(proof('m')))).toBe(expected);
    }
  });

  it('is known for the last few challenges of a flow, so that nobody fills the memory with them', () => {
    const bench = new Bench();
    for (let i = 0; i < 40; i++) bench.challenge(`n${i}`);
    const known = Array.from({ length: 40 }, (_, i) => bench.login(bench.register(proof(`n${i}`))));
    expect(known.filter((name) => name !== undefined)).toHaveLength(16);
    expect(known.at(-1)).toBe('alice');
  });
});
