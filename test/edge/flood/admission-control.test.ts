import { describe, expect, it } from 'vitest';
import { createResponse } from '../../../src/sip/create-response.ts';
import { formatSipMessage } from '../../../src/sip/format-message.ts';
import { validateRequest } from '../../../src/sip/validate-request.ts';
import { edgeOptions } from '../support/edge-options.ts';
import { FakeHop } from '../support/fake-hop.ts';
import { ProxyBench } from '../support/proxy-bench.ts';
import { WicMessages } from '../support/wic.ts';

const NAT = '198.51.100.1';
const PROOF = `response="${'0'.repeat(32)}"`;

function digest(username: string, proof = PROOF): string {
  return `Digest username="${username}", realm="example.com", nonce="n", uri="sip:example.com", ${proof}`;
}

/** The proxy before a core outside: what it thinks of a password is seen in its answers only. */
class Attempts {
  readonly bench: ProxyBench;
  /** What the core answers to a REGISTER with credentials; `undefined`: nothing. */
  status: number | undefined = 401;
  challenge = 'Digest realm="example.com", nonce="n"';
  /** REGISTERs that reached the core. */
  asked = 0;

  constructor(limits: Parameters<typeof edgeOptions>[0] = {}) {
    this.bench = new ProxyBench(edgeOptions(limits));
    this.bench.handle = (request, _essentials, _hop, outcome) => {
      this.asked += 1;
      if (this.status === undefined) return;
      const response = createResponse(request, this.status);
      if (this.status === 401) response.headers.append('WWW-Authenticate', this.challenge);
      for (const contact of request.headers.getAll('Contact')) response.headers.append('Contact', contact);
      outcome.respond(response);
    };
  }

  hop(remoteAddress = NAT): FakeHop {
    return this.bench.addHop({ remoteAddress });
  }

  /** Status and Retry-After of the answer to one REGISTER. */
  try(hop: FakeHop, user: string, ...proofs: string[]): string {
    const request = new WicMessages(user).buildRegister();
    for (const proof of proofs) request.headers.append('Authorization', proof);
    const before = hop.sent.length;
    this.bench.proxy.receive(formatSipMessage(request), hop);
    if (hop.sent.length === before) return 'nothing';
    const { status, headers } = hop.lastResponse();
    return [status, headers.get('Retry-After')].filter((part) => part !== undefined).join(' ');
  }
}

const THREE = { limits: { authenticationFailuresPerIdentity: 3 } };

describe('wrong passwords', () => {
  it('make the next try wait, over any connection of the address, and longer each time', () => {
    const attempts = new Attempts(THREE);
    for (let i = 0; i < 3; i++) expect(attempts.try(attempts.hop(), 'alice', digest('alice'))).toBe('401');
    expect(attempts.try(attempts.hop(), 'alice', digest('alice'))).toBe('503 1');
    expect(attempts.asked).toBe(3);
    attempts.bench.clock.advance(1000);
    expect(attempts.try(attempts.hop(), 'alice', digest('alice'))).toBe('401');
    expect(attempts.try(attempts.hop(), 'alice', digest('alice'))).toBe('503 2');
    expect(attempts.bench.events.named('limited')).toMatchObject([
      { cause: 'authentication-delay' },
      { cause: 'authentication-delay' },
    ]);
    expect(attempts.bench.events.named('authentication-failed')).toHaveLength(4);
  });

  it('end with the right one', () => {
    const attempts = new Attempts(THREE);
    for (let i = 0; i < 3; i++) attempts.try(attempts.hop(), 'alice', digest('alice'));
    attempts.bench.clock.advance(1000);
    attempts.status = 200;
    expect(attempts.try(attempts.hop(), 'alice', digest('alice'))).toBe('200');
    attempts.status = 401;
    for (let i = 0; i < 3; i++) expect(attempts.try(attempts.hop(), 'alice', digest('alice'))).toBe('401');
  });

  it('for one user make neither another user of the address wait, nor the same user elsewhere', () => {
    const attempts = new Attempts(THREE);
    for (let i = 0; i < 3; i++) attempts.try(attempts.hop(), 'alice', digest('alice'));
    attempts.status = 200;
    expect(attempts.try(attempts.hop(), 'bob', digest('bob'))).toBe('200');
    expect(attempts.try(attempts.hop('203.0.113.9'), 'alice', digest('alice'))).toBe('200');
  });

  it.each([
    ['another spelling of the user', digest('Alice@example.com')],
    ['credentials for another realm before them', digest('nobody').replace('realm="example', 'realm="elsewhere')],
  ])('are not hidden by %s', (_what, proof) => {
    const attempts = new Attempts(THREE);
    for (let i = 0; i < 3; i++) attempts.try(attempts.hop(), 'alice', digest('alice'));
    expect(attempts.try(attempts.hop(), 'alice', proof, digest('alice'))).toBe('503 1');
  });

  it('are not hidden by registering somebody else with them', () => {
    const attempts = new Attempts(THREE);
    for (let i = 0; i < 3; i++) attempts.try(attempts.hop(), `nobody${i}`, digest('alice'));
    expect(attempts.try(attempts.hop(), 'nobody', digest('alice'))).toBe('503 1');
  });

  it('are not hidden by credentials that only the core can read', () => {
    const attempts = new Attempts(THREE);
    for (let i = 0; i < 3; i++)
      attempts.try(attempts.hop(), `nobody${i}`, `Digest ${PROOF}, username="a", username="b"`);
    expect(attempts.try(attempts.hop(), 'nobody', `Digest ${PROOF}, username`)).toBe('503 1');
  });

  it('that the core has not judged yet count, so that trying many at once is no way around', () => {
    const attempts = new Attempts(THREE);
    attempts.status = undefined;
    for (let i = 0; i < 10; i++) attempts.try(attempts.hop(), 'alice', digest('alice'));
    expect(attempts.asked).toBe(3);
  });

  it.each([
    ['a nonce was too old', 401, 'Digest realm="example.com", nonce="n", stale=true'],
    ['the core was too busy', 503, ''],
    ['the time was too brief', 423, ''],
  ])('are none where %s', (_what, status, challenge) => {
    const attempts = new Attempts(THREE);
    Object.assign(attempts, { status, challenge });
    for (let i = 0; i < 10; i++) expect(attempts.try(attempts.hop(), 'alice', digest('alice'))).toBe(String(status));
  });

  it('are none where no password was tried: the first REGISTER of an IMS client names itself only', () => {
    const attempts = new Attempts(THREE);
    for (let i = 0; i < 10; i++) {
      expect(attempts.try(attempts.hop(), 'alice')).toBe('401');
      expect(attempts.try(attempts.hop(), 'alice', digest('alice', 'response=""'))).toBe('401');
    }
  });

  it('cannot be tried in heaps: more credentials than anybody needs are answered 400', () => {
    const attempts = new Attempts();
    const proofs = Array.from({ length: 5 }, (_, i) => digest(`user${i}`));
    expect(attempts.try(attempts.hop(), 'alice', ...proofs)).toBe('400');
    expect(attempts.asked).toBe(0);
  });

  it('for many users cost the address a connection each, once there are too many', () => {
    const attempts = new Attempts({ limits: { authenticationFailuresPerAddress: 4 } });
    const hops = Array.from({ length: 6 }, () => attempts.hop());
    hops.forEach((hop, i) => attempts.try(hop, `user${i}`, digest(`user${i}`)));
    expect(attempts.bench.closed).toEqual([hops[4]!.id, hops[5]!.id]);
  });

  it('of an exempt address make nobody wait', () => {
    const attempts = new Attempts({ limits: { ...THREE.limits, exempt: ['198.51.100.0/24'] } });
    for (let i = 0; i < 10; i++) expect(attempts.try(attempts.hop(), 'alice', digest('alice'))).toBe('401');
  });
});

describe('requests of one address', () => {
  it('beyond the limit are answered 503 with the time to wait, while another address is served', () => {
    const attempts = new Attempts({ limits: { messageBurstPerAddress: 3, messagesPerSecPerAddress: 1 } });
    const answers = Array.from({ length: 5 }, () => attempts.try(attempts.hop(), 'alice'));
    expect(answers).toEqual(['401', '401', '401', '503 1', '503 1']);
    expect(attempts.try(attempts.hop('198.51.100.2'), 'alice')).toBe('401');
  });

  it('count by /64 over IPv6', () => {
    const attempts = new Attempts({ limits: { messageBurstPerAddress: 2, messagesPerSecPerAddress: 1 } });
    const answers = [1, 2, 3].map((i) => attempts.try(attempts.hop(`2001:db8::${i}`), 'alice'));
    expect(answers).toEqual(['401', '401', '503 1']);
    expect(attempts.try(attempts.hop('2001:db8:0:1::1'), 'alice')).toBe('401');
  });

  it('that cannot be read count too, and beyond the limit are not answered', () => {
    const attempts = new Attempts({ limits: { messageBurstPerAddress: 3, messagesPerSecPerAddress: 1 } });
    const hop = attempts.hop();
    for (let i = 0; i < 9; i++)
      attempts.bench.proxy.receive(Buffer.from('INVITE sip:x SIP/2.0\r\nnonsense\r\n\r\n'), hop);
    expect(hop.sent.length).toBeLessThanOrEqual(3);
    expect(attempts.try(hop, 'alice')).toBe('503 1');
  });
});

describe('requests of one user', () => {
  function registered(burst: number) {
    const bench = new ProxyBench(
      edgeOptions({ limits: { requestBurstPerIdentity: burst, requestsPerSecPerIdentity: 1 } }),
    );
    const alice = bench.register('alice');
    const bob = bench.register('bob');
    bench.routeTo(bob);
    for (const { hop } of [alice, bob]) hop.take();
    const send = (method: string): void => {
      bench.proxy.receive(formatSipMessage(alice.wic.build(method, bob.wic.aor, bob.wic.aor)), alice.hop);
    };
    return { bench, alice, bob, send };
  }

  it('beyond the limit are answered 503, and go no further', () => {
    const { alice, bob, send } = registered(2);
    for (let i = 0; i < 4; i++) send('MESSAGE');
    expect([alice.hop.take(), bob.hop.take()]).toEqual([
      ['503', '503'],
      ['MESSAGE', 'MESSAGE'],
    ]);
  });

  it('do not include ACK, and a BYE is never one too many', () => {
    const { bob, send } = registered(1);
    for (let i = 0; i < 5; i++) send('ACK');
    send('MESSAGE');
    send('BYE');
    expect(bob.hop.take().filter((what) => what !== 'ACK')).toEqual(['MESSAGE', 'BYE']);
  });

  it('that are sent in the user’s name from elsewhere leave the user alone', () => {
    const attempts = new Attempts({ limits: { requestBurstPerIdentity: 2, requestsPerSecPerIdentity: 1 } });
    const answers = [1, 2, 3].map(() => attempts.try(attempts.hop(), 'alice'));
    expect(answers).toEqual(['401', '401', '503 1']);
    expect(attempts.try(attempts.hop('203.0.113.9'), 'alice')).toBe('401');
  });
});

describe('a flood from 100,000 addresses', () => {
  it('takes no more room than the tables have', () => {
    const sources = 500;
    const { bench } = new Attempts({ limits: { ...THREE.limits, sources } });
    const register = new WicMessages('alice').buildRegister();
    register.headers.append('Authorization', digest('alice'));
    const essentials = validateRequest(register);
    const sizes: number[] = [];
    for (let i = 0; i < 100_000; i++) {
      const hop = new FakeHop({ remoteAddress: `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}` });
      bench.admission.admitsUpgrade(hop.remoteAddress);
      bench.admission.admitMessage(hop, 1);
      if (i % 10 === 0 && essentials.ok) bench.admission.admitRequest(register, essentials.value, hop, '');
      bench.admission.authenticationFailed(hop, 'sip:alice@example.com', 'alice', 'wrong-password');
      if (i % 10_000 === 9999) sizes.push(bench.admission.size);
    }
    expect(new Set(sizes)).toEqual(new Set([sizes[0]]));
    expect(sizes[0]).toBe(5 * sources);
  }, 60_000);
});
