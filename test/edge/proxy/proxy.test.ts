import { describe, expect, it } from 'vitest';
import { type CoreOutcome } from '../../../src/edge/core/ims-core.ts';
import { createResponse } from '../../../src/sip/create-response.ts';
import { NO_BODY, type SipRequest, type SipResponse } from '../../../src/sip/message.ts';
import { parseTurnCredential } from '../../sip/received-credential.ts';
import { edgeOptions } from '../support/edge-options.ts';
import { type FakeHop } from '../support/fake-hop.ts';
import { ProxyBench } from '../support/proxy-bench.ts';
import { WicMessages } from '../support/wic.ts';

const BOB = 'sip:bob@example.com';
const T1_64 = 32_000;

interface Scene {
  readonly bench: ProxyBench;
  readonly alice: { readonly wic: WicMessages; readonly hop: FakeHop };
  readonly bob: { readonly wic: WicMessages; readonly hop: FakeHop };
  readonly invite: SipRequest;
}

/** alice's INVITE has been sent to bob. */
function inviting(): Scene {
  const bench = new ProxyBench();
  const alice = bench.register('alice');
  const bob = bench.register('bob');
  bench.routeTo(bob);
  const invite = alice.wic.build('INVITE', BOB, BOB, { Contact: `<${alice.wic.contactUri}>` });
  bench.receive(invite, alice.hop);
  return { bench, alice, bob, invite };
}

function cancelOf(invite: SipRequest): SipRequest {
  const headers = invite.headers.clone();
  headers.set('CSeq', `${Number.parseInt(headers.get('CSeq')!, 10)} CANCEL`);
  return { ...invite, method: 'CANCEL', headers };
}

describe('an INVITE that nobody answers', () => {
  it('is given up after 64 × T1 with 408', () => {
    const { bench, alice } = inviting();
    alice.hop.take();
    bench.clock.advance(T1_64 - 1);
    expect(alice.hop.take()).toEqual([]);
    bench.clock.advance(1);
    expect(alice.hop.take()).toEqual(['408']);
  });

  it('that rings is cancelled by Timer C, which each provisional response starts anew, and ends in 487', () => {
    const { bench, alice, bob } = inviting();
    const incoming = bob.hop.lastRequest('INVITE');
    bench.receive(createResponse(incoming, 180, { toTag: 'b' }), bob.hop);
    bench.clock.advance(184_000);
    bench.receive(createResponse(incoming, 183, { toTag: 'b' }), bob.hop);
    bench.clock.advance(184_999);
    expect(bob.hop.take()).toEqual(['INVITE']);
    bench.clock.advance(1);
    expect(bob.hop.take()).toEqual(['CANCEL']);
    expect(alice.hop.take()).toEqual(['100', '180', '183']);
    bench.receive(createResponse(incoming, 487, { toTag: 'b' }), bob.hop);
    expect(alice.hop.take()).toEqual(['487']);
  });

  it('a 100 does not start Timer C anew', () => {
    const { bench, bob } = inviting();
    const incoming = bob.hop.lastRequest('INVITE');
    bench.receive(createResponse(incoming, 180, { toTag: 'b' }), bob.hop);
    bench.clock.advance(100_000);
    bench.receive(createResponse(incoming, 100), bob.hop);
    bench.clock.advance(85_000);
    expect(bob.hop.take()).toEqual(['INVITE', 'CANCEL']);
  });
});

describe('CANCEL', () => {
  it('waits until the callee was heard of, and does not go out twice', () => {
    const { bench, alice, bob, invite } = inviting();
    bench.receive(cancelOf(invite), alice.hop);
    expect(alice.hop.take()).toEqual(['100', '200']);
    expect(bob.hop.take()).toEqual(['INVITE']);
  });

  it('goes out with the first provisional response, once', () => {
    const { bench, alice, bob, invite } = inviting();
    const incoming = bob.hop.lastRequest('INVITE');
    bench.receive(cancelOf(invite), alice.hop);
    bench.receive(cancelOf(invite), alice.hop);
    bob.hop.take();
    bench.receive(createResponse(incoming, 100), bob.hop);
    bench.receive(createResponse(incoming, 180, { toTag: 'b' }), bob.hop);
    expect(bob.hop.take()).toEqual(['CANCEL']);
  });

  it('of a callee that sends no 487 ends after 64 × T1 all the same', () => {
    const { bench, alice, bob, invite } = inviting();
    bench.receive(createResponse(bob.hop.lastRequest('INVITE'), 180, { toTag: 'b' }), bob.hop);
    bench.receive(cancelOf(invite), alice.hop);
    alice.hop.take();
    bench.clock.advance(T1_64);
    expect(alice.hop.take()).toEqual(['487']);
    bench.clock.advance(T1_64);
    expect(bench.layer.size).toBe(0);
    expect(bench.clock.timers.size).toBe(2);
  });

  it('that comes while the core still thinks is answered 487 without any forwarding', () => {
    const bench = new ProxyBench();
    const alice = bench.register('alice');
    const bob = bench.register('bob');
    let thinking: CoreOutcome | undefined;
    bench.handle = (_request, _essentials, _hop, outcome) => {
      thinking = outcome;
    };
    const invite = alice.wic.build('INVITE', BOB, BOB);
    bench.receive(invite, alice.hop);
    bench.receive(cancelOf(invite), alice.hop);
    thinking!.forward([{ hop: bob.hop, uri: bob.wic.contactUri }]);
    expect(alice.hop.take()).toEqual(['100', '200', '487']);
    expect(bob.hop.take()).toEqual([]);
  });
});

describe('a request other than INVITE that nobody answers', () => {
  it('ends without a 408 (RFC 4320) and leaves nothing behind', () => {
    const bench = new ProxyBench();
    const alice = bench.register('alice');
    const bob = bench.register('bob');
    bench.routeTo(bob);
    bench.receive(alice.wic.build('MESSAGE', BOB, BOB), alice.hop);
    bench.clock.advance(T1_64);
    expect(alice.hop.take()).toEqual([]);
    expect(bench.layer.size).toBe(0);
  });
});

describe('a core', () => {
  it('may answer late, once, and is not heard after that', () => {
    const bench = new ProxyBench();
    const alice = bench.register('alice');
    const bob = bench.register('bob');
    bench.handle = (request, _essentials, _hop, outcome) => {
      outcome.respond(createResponse(request, 180, { toTag: 'c' }));
      outcome.respond(createResponse(request, 486, { toTag: 'c' }));
      outcome.respond(createResponse(request, 200, { toTag: 'c' }));
      outcome.forward([{ hop: bob.hop, uri: bob.wic.contactUri }]);
    };
    bench.receive(alice.wic.build('INVITE', BOB, BOB), alice.hop);
    expect(alice.hop.take()).toEqual(['100', '180', '486']);
    expect(bob.hop.take()).toEqual([]);
  });

  it.each([401, 200])('cannot hand out a credential of its own in a %i', (status) => {
    const bench = new ProxyBench();
    bench.handle = (request, _essentials, _hop, outcome) => {
      const response = createResponse(request, status);
      response.headers.append('TURN-Cred-Rsp', 'name="x";pwd="y";lifetime=1');
      outcome.respond(response);
    };
    const hop = bench.addHop();
    bench.receive(new WicMessages('alice').buildRegister(), hop);
    expect(parseTurnCredential(hop.lastResponse().headers)).toBeUndefined();
    expect(hop.take()).toEqual([String(status)]);
  });

  it('that is a hop of its own gets REGISTER without TURN-Cred-Req, and its 200 leaves with our credential only', () => {
    const bench = new ProxyBench();
    const core = bench.addHop({ kind: 'core' });
    bench.handle = (request, _essentials, _hop, outcome) => {
      outcome.forward([{ hop: core, uri: request.uri }]);
    };
    const { wic, hop } = bench.register('alice');
    bench.receive(wic.buildRegister({ headers: { 'TURN-Cred-Req': '' } }), hop);
    const request = core.lastRequest('REGISTER');
    expect(request.headers.has('TURN-Cred-Req')).toBe(false);
    const response = createResponse(request, 200);
    response.headers.append('Contact', `${wic.contact};expires=300`);
    response.headers.append('TURN-Username', 'from the core');
    bench.receive(response, core);
    const answer = hop.lastResponse();
    expect(answer.headers.getAll('TURN-Username')).toEqual([expect.stringMatching(/^\d+:u1$/)]);
    expect(bench.issuer.requests).toMatchObject([{ grantedExpiresSec: 300 }]);
  });

  it('that is a hop may send requests to a registered WIC by its flow token, in any name', () => {
    const bench = new ProxyBench();
    const core = bench.addHop({ kind: 'core' });
    const { wic, hop } = bench.register('alice');
    bench.handle = (request, _essentials, _hop, outcome) => {
      outcome.forward([{ hop: core, uri: request.uri }]);
    };
    bench.receive(wic.build('INVITE', BOB, BOB), hop);
    const route = core.lastRequest('INVITE').headers.getList('Record-Route')[1]!;
    const carol = { ...wic.build('INFO', wic.contactUri, wic.aor), body: NO_BODY };
    carol.headers.set('From', '<sip:carol@elsewhere.example>;tag=1');
    carol.headers.set('Route', route);
    hop.take();
    bench.receive(carol, core);
    expect(hop.take()).toEqual(['INFO']);
  });
});

describe('a core that answers a REGISTER after its flow has closed', () => {
  it('registers nobody', () => {
    const bench = new ProxyBench();
    let thinking: (() => void) | undefined;
    bench.handle = (request, _essentials, _hop, outcome) => {
      thinking = () => {
        const response = createResponse(request, 200);
        response.headers.append('Contact', request.headers.get('Contact')!);
        outcome.respond(response);
      };
    };
    const { hop } = bench.register('alice');
    bench.close(hop);
    thinking!();
    expect(bench.registrations.size).toBe(0);
    expect(bench.issuer.requests).toEqual([]);
  });
});

describe('a credential', () => {
  it('is not given over a connection without TLS: the REGISTER succeeds and says insecure', () => {
    const bench = new ProxyBench();
    const { wic } = bench.register('alice');
    const plain = bench.addHop({ secure: false });
    bench.receive(wic.buildRegister({ headers: { 'TURN-Cred-Req': '' } }), plain);
    expect(parseTurnCredential(plain.lastResponse().headers)).toEqual({ kind: 'error', error: 'insecure' });
    expect(plain.take()).toEqual(['200']);
  });

  it.each(['turn;ttl=0', 'saml', 'oauth', 'turn;ttl=1;ttl=2'])('asked for with %j fails no REGISTER', (ask) => {
    const bench = new ProxyBench();
    const { wic, hop } = bench.register('alice');
    bench.receive(wic.buildRegister({ headers: { 'TURN-Cred-Req': ask } }), hop);
    expect(parseTurnCredential(hop.lastResponse().headers)).toEqual({ kind: 'error', error: 'unsupported' });
    expect(hop.take()).toEqual(['200']);
  });
});

describe('a REGISTER', () => {
  it('that the core answers within the call takes no place among the transactions', () => {
    const bench = new ProxyBench();
    const [hop, wic] = [bench.addHop(), new WicMessages('alice')];
    const sizes: number[] = [];
    bench.handle = (request, _essentials, _origin, outcome) => {
      sizes.push(bench.layer.size);
      outcome.respond(createResponse(request, 200));
      sizes.push(bench.layer.size);
    };
    bench.receive(wic.buildRegister(), hop);
    expect([...sizes, bench.layer.size]).toEqual([0, 0, 0]);
    expect(hop.take()).toEqual(['200']);
  });

  it('that the core answers later takes one until then, and absorbs what repeats it', () => {
    const bench = new ProxyBench();
    const [hop, wic] = [bench.addHop(), new WicMessages('alice')];
    let asked = 0;
    let answerLater = (): void => undefined;
    bench.handle = (request, _essentials, _origin, outcome) => {
      asked += 1;
      answerLater = () => {
        outcome.respond(createResponse(request, 200));
      };
    };
    const register = wic.buildRegister();
    bench.receive(register, hop);
    bench.receive(register, hop);
    expect([asked, bench.layer.size]).toEqual([1, 1]);
    answerLater();
    expect([hop.take(), bench.layer.size]).toEqual([['200'], 0]);
  });

  it('that goes on counts against the bound on transactions with both of its sides', () => {
    const bench = new ProxyBench(edgeOptions({ limits: { transactions: 2 } }));
    const bob = bench.register('bob');
    const [hop, wic] = [bench.addHop(), new WicMessages('alice')];
    bench.routeTo(bob, bob);
    bench.receive(wic.buildRegister(), hop);
    expect([bob.hop.take(), bench.layer.size]).toEqual([['REGISTER'], 2]);
  });
});

describe('the bound on transactions', () => {
  it('fails the branches that find no room, and the caller hears of it', () => {
    const bench = new ProxyBench(edgeOptions({ limits: { transactions: 2 } }));
    const alice = bench.register('alice');
    const bob = bench.register('bob');
    bench.routeTo(bob, bob, bob);
    bench.receive(alice.wic.build('INVITE', BOB, BOB), alice.hop);
    expect(bob.hop.take()).toEqual(['INVITE']);
    expect(bench.layer.size).toBe(2);
  });
});

describe('the bound on transactions, once reached,', () => {
  it.each([
    [{ transactions: 2 }, '503'],
    [{ transactionsPerFlow: 1 }, '500'],
  ] as const)('of %j, still lets calls be cancelled, in and out', (limits, refusal) => {
    const bench = new ProxyBench(edgeOptions({ limits }));
    const alice = bench.register('alice');
    const bob = bench.register('bob');
    bench.routeTo(bob);
    const invite = alice.wic.build('INVITE', BOB, BOB);
    bench.receive(invite, alice.hop);
    bench.receive(createResponse(bob.hop.lastRequest('INVITE'), 180, { toTag: 'b' }), bob.hop);
    bench.receive(alice.wic.build('MESSAGE', BOB, BOB), alice.hop);
    bench.receive(cancelOf(invite), alice.hop);
    expect(alice.hop.take()).toEqual(['100', '180', refusal, '200']);
    expect(bob.hop.take()).toEqual(['INVITE', 'CANCEL']);
  });
});

describe('a closed hop', () => {
  it('fails what waits for it and calls off what it waits for', () => {
    const { bench, alice, bob } = inviting();
    bench.receive(createResponse(bob.hop.lastRequest('INVITE'), 180, { toTag: 'b' }), bob.hop);
    bench.close(alice.hop);
    expect(bob.hop.take()).toEqual(['INVITE', 'CANCEL']);
    bench.close(bob.hop);
    expect(bench.layer.size).toBe(0);
  });

  it('that a request is still sent to fails it too', async () => {
    const bench = new ProxyBench();
    const alice = bench.register('alice');
    const bob = bench.register('bob');
    bench.routeTo(bob);
    bob.hop.isOpen = false;
    bench.receive(alice.wic.build('INVITE', BOB, BOB), alice.hop);
    await Promise.resolve();
    expect(alice.hop.take()).toEqual(['100', '480']);
  });
});

describe('a device with two flows', () => {
  function asking() {
    const { bench, alice, bob: newest } = inviting();
    const older = bench.addHop();
    const alternatives = [{ hop: older, uri: newest.wic.contactUri }];
    bench.handle = (_request, _essentials, _hop, outcome) => {
      outcome.forward([{ hop: newest.hop, uri: newest.wic.contactUri, alternatives }]);
    };
    bench.receive(alice.wic.build('MESSAGE', BOB, BOB), alice.hop);
    return { bench, alice, newest: newest.hop, older };
  }

  it('gets over the older one what the newest answers with 430, and the sender hears of that', () => {
    const { bench, alice, newest, older } = asking();
    bench.receive(createResponse(newest.lastRequest('MESSAGE'), 430), newest);
    bench.receive(createResponse(older.lastRequest('MESSAGE'), 200), older);
    expect(alice.hop.lastResponse().status).toBe(200);
  });

  it('is not to be had where both answer 430', () => {
    const { bench, alice, newest, older } = asking();
    for (const hop of [newest, older]) bench.receive(createResponse(hop.lastRequest('MESSAGE'), 430), hop);
    expect(alice.hop.lastResponse().status).toBe(480);
  });

  it('has answered with whatever else it says', () => {
    const { bench, alice, newest, older } = asking();
    bench.receive(createResponse(newest.lastRequest('MESSAGE'), 486), newest);
    expect([alice.hop.lastResponse().status, older.take()]).toEqual([486, []]);
  });
});

function ackOf(invite: SipRequest, response: SipResponse): SipRequest {
  const headers = invite.headers.clone();
  headers.set('CSeq', `${Number.parseInt(headers.get('CSeq')!, 10)} ACK`);
  headers.set('To', response.headers.get('To')!);
  headers.set('Max-Forwards', '70');
  for (const name of ['Proxy-Require', 'Route']) headers.remove(name);
  return { ...invite, method: 'ACK', headers };
}

describe('an INVITE that is refused for what it is', () => {
  it.each<{ what: string; headers: Record<string, string>; status: string }>([
    { what: 'without a hop left', headers: { 'Max-Forwards': '0' }, status: '483' },
    { what: 'that requires an extension', headers: { 'Proxy-Require': 'x' }, status: '420' },
    { what: 'in the name of another', headers: { From: `<${BOB}>;tag=1` }, status: '403' },
    { what: 'with a forged Route', headers: { Route: `<sip:${'A'.repeat(64)}@example.com;lr>` }, status: '403' },
    { what: 'with a malformed Route', headers: { Route: '<>' }, status: '400' },
  ])('$what holds no transaction, and its ACK goes no further', ({ headers, status }) => {
    const bench = new ProxyBench();
    const alice = bench.register('alice');
    const bob = bench.register('bob');
    bench.routeTo(bob);
    const invite = alice.wic.build('INVITE', BOB, BOB, headers);
    bench.receive(invite, alice.hop);
    const first = alice.hop.lastResponse();
    expect(alice.hop.take()).toEqual([status]);
    expect(bench.layer.size).toBe(0);
    const ack = ackOf(invite, first);
    ack.headers.set('From', `<${alice.wic.aor}>;tag=1`);
    bench.receive(ack, alice.hop);
    bench.receive(invite, alice.hop);
    expect(alice.hop.lastResponse().headers.get('To')).toBe(first.headers.get('To'));
    expect(bob.hop.take()).toEqual([]);
  });

  it('for load holds none either', () => {
    const bench = new ProxyBench(edgeOptions({ limits: { transactionsPerFlow: 1 } }));
    const alice = bench.register('alice');
    const bob = bench.register('bob');
    bench.routeTo(bob);
    bench.receive(alice.wic.build('INVITE', BOB, BOB), alice.hop);
    const { size } = bench.layer;
    bob.hop.take();
    const refused = alice.wic.build('INVITE', BOB, BOB);
    bench.receive(refused, alice.hop);
    const response = alice.hop.lastResponse();
    expect([response.status, response.headers.get('Retry-After')]).toEqual([500, '5']);
    bench.receive(ackOf(refused, response), alice.hop);
    expect(bob.hop.take()).toEqual([]);
    expect(bench.layer.size).toBe(size);
  });

  it('keeps the tag that a To in a dialog has', () => {
    const bench = new ProxyBench();
    const hop = bench.addHop();
    bench.receive(new WicMessages('alice').build('INVITE', BOB, BOB, { To: `<${BOB}>;tag=b` }), hop);
    expect(hop.lastResponse().headers.get('To')).toBe(`<${BOB}>;tag=b`);
  });
});

describe('a sender that is not registered', () => {
  it('holds no transaction, whatever it sends, and can still register', () => {
    const bench = new ProxyBench(edgeOptions({ limits: { transactions: 2 } }));
    const hop = bench.addHop();
    const wic = new WicMessages('alice');
    for (const method of ['INVITE', 'MESSAGE', 'OPTIONS', 'CANCEL', 'ACK', 'BYE']) {
      for (let i = 0; i < 5; i++) bench.receive(wic.build(method, BOB, BOB), hop);
    }
    expect(bench.layer.size).toBe(0);
    hop.take();
    bench.receive(wic.buildRegister(), hop);
    expect(hop.take()).toEqual(['200']);
  });

  it('is refused before its Route set is read', () => {
    const bench = new ProxyBench();
    const hop = bench.addHop();
    bench.receive(new WicMessages('alice').build('MESSAGE', BOB, BOB, { Route: '<>' }), hop);
    expect(hop.take()).toEqual(['403']);
    const { wic, hop: registered } = bench.register('alice');
    bench.receive(wic.build('MESSAGE', BOB, BOB, { Route: '<>' }), registered);
    expect(registered.take()).toEqual(['400']);
  });
});

describe('digest between two WICs', () => {
  const CHALLENGE = 'Digest realm="example.com", nonce="chosen", algorithm=MD5, qop="auth"';
  const PROOF = 'Digest username="alice", realm="example.com", nonce="n", uri="sip:x", response="00"';

  it.each([
    [401, 'WWW-Authenticate', '403'],
    [407, 'Proxy-Authenticate', '403'],
    [486, 'WWW-Authenticate', '486'],
    [183, 'Proxy-Authenticate', '183'],
    [200, 'WWW-Authenticate', '200'],
  ])('does not happen: a %i with %s reaches the caller as a %s without it', (status, name, seen) => {
    const { bench, alice, bob } = inviting();
    alice.hop.take();
    const response = createResponse(bob.hop.lastRequest('INVITE'), status, { toTag: 'b' });
    response.headers.append(name, CHALLENGE);
    bench.receive(response, bob.hop);
    expect(alice.hop.lastResponse().headers.has(name)).toBe(false);
    expect(alice.hop.take()).toEqual([seen]);
  });

  it('does not happen: no request brings a callee the proof of a caller', () => {
    const { bench, alice, bob } = inviting();
    const headers = { Authorization: PROOF, 'Proxy-Authorization': PROOF };
    bench.receive(alice.wic.build('MESSAGE', BOB, BOB, headers), alice.hop);
    bench.receive(alice.wic.build('ACK', BOB, BOB, headers), alice.hop);
    for (const method of ['MESSAGE', 'ACK']) {
      const request = bob.hop.lastRequest(method);
      expect([request.headers.has('Authorization'), request.headers.has('Proxy-Authorization')]).toEqual([
        false,
        false,
      ]);
    }
  });

  it('leaves what a WIC and a core say to each other alone', () => {
    const bench = new ProxyBench();
    const core = bench.addHop({ kind: 'core' });
    const { wic, hop } = bench.register('alice');
    bench.handle = (request, _essentials, _hop, outcome) => {
      outcome.forward([{ hop: core, uri: request.uri }]);
    };
    bench.receive(wic.build('INVITE', BOB, BOB, { 'Proxy-Authorization': PROOF }), hop);
    const incoming = core.lastRequest('INVITE');
    expect(incoming.headers.get('Proxy-Authorization')).toBe(PROOF);
    const response = createResponse(incoming, 407);
    response.headers.append('Proxy-Authenticate', CHALLENGE);
    bench.receive(response, core);
    expect(hop.lastResponse().headers.get('Proxy-Authenticate')).toBe(CHALLENGE);
    expect(hop.take()).toEqual(['100', '407']);
  });
});
