import { describe, expect, it } from 'vitest';
import { createResponse } from '../../../src/sip/create-response.ts';
import { type SipRequest } from '../../../src/sip/message.ts';
import { CoreBench } from '../support/core-bench.ts';
import { type FakeHop } from '../support/fake-hop.ts';
import { WicMessages } from '../support/wic.ts';

const SERVICE_ROUTE = '<sip:orig@scscf.example.net:6060;lr>, <sip:second.example.net;lr>';
const ASSOCIATED = '"Alice" <sip:alice@example.com>, <tel:+1-555-0100>, <sip:+15550100@example.com;user=phone>';
const PROOF =
  'Digest username="alice@example.com", realm="example.com", nonce="n", uri="sip:example.com", response="00"';

function identities(request: { headers: SipRequest['headers'] }): string[] {
  return request.headers.getList('P-Asserted-Identity');
}

describe('a REGISTER on its way to a core outside', () => {
  it('carries a Path with a flow token, and requires of the registrar to keep it', () => {
    const bench = new CoreBench();
    const { headers } = bench.registerAt({ wic: new WicMessages('alice'), hop: bench.addHop() });
    expect(headers.getList('Path')).toHaveLength(1);
    expect(headers.get('Path')).toMatch(/^<sip:[\w-]{64}@192\.0\.2\.7:5060;transport=udp;lr;ob>$/);
    expect(headers.getList('Require')).toEqual(['path']);
    expect(headers.getList('Supported')).toEqual(['path', 'gruu', 'outbound']);
  });

  it('of a client without outbound has a Path without ob, and says `path` for it', () => {
    const bench = new CoreBench();
    const wic = new WicMessages('alice');
    const { headers } = bench.registerAt({ wic, hop: bench.addHop() }, {}, { Supported: 'gruu' });
    expect(headers.get('Path')).toMatch(/;lr>$/);
    expect(headers.getList('Supported')).toEqual(['gruu', 'path']);
  });

  it('names the network, has a charging vector of its own, and goes no way of the client', () => {
    const bench = new CoreBench();
    const device = { wic: new WicMessages('alice'), hop: bench.addHop() };
    const lies = {
      Path: '<sip:evil.example.org;lr>',
      Route: '<sip:evil.example.org;lr>',
      'P-Visited-Network-ID': '"mine"',
      'P-Charging-Vector': 'icid-value=1',
      'P-Asserted-Identity': '<sip:bob@example.com>',
    };
    const [first, second] = [bench.registerAt(device, {}, lies), bench.registerAt(device, {}, lies)];
    expect(first.headers.getAll('P-Visited-Network-ID')).toEqual(['"example.com"']);
    expect(first.headers.getAll('P-Charging-Vector')).toHaveLength(1);
    expect(first.headers.get('P-Charging-Vector')).toMatch(
      /^icid-value="[\da-f]{32}";icid-generated-at=192\.0\.2\.7;orig-ioi="example\.com"$/,
    );
    expect(second.headers.get('P-Charging-Vector')).not.toBe(first.headers.get('P-Charging-Vector'));
    expect(first.headers.getList('Path').join()).not.toContain('evil');
    expect([first.headers.has('Route'), first.headers.has('P-Asserted-Identity')]).toEqual([false, false]);
  });

  it('is vouched for once the client has proven itself on this connection, and not before', () => {
    const bench = new CoreBench();
    const device = { wic: new WicMessages('alice'), hop: bench.addHop() };
    expect(bench.registerAt(device, {}, {}).headers.has('Authorization')).toBe(false);
    bench.challenged(device, 'n');
    const values = [1, 2].map(() =>
      bench.registerAt(device, {}, { Authorization: PROOF }).headers.get('Authorization'),
    );
    expect(values).toEqual([`${PROOF}, integrity-protected="tls-pending"`, `${PROOF}, integrity-protected="tls-yes"`]);
    const insecure = { wic: new WicMessages('alice'), hop: bench.addHop({ secure: false }) };
    expect(bench.registerAt(insecure, {}, { Authorization: PROOF }).headers.get('Authorization')).toBe(PROOF);
  });

  describe('of a client that has proven to be somebody', () => {
    const proofOf = (username: string, nonce: string, realm = 'example.com'): string =>
      `Digest username="${username}", realm="${realm}", nonce="${nonce}", uri="sip:example.com", response="00"`;
    const vouched = (bench: CoreBench, device: { wic: WicMessages; hop: FakeHop }, proof: string, more = {}): string =>
      bench
        .registerAt(device, {}, { Authorization: proof, ...more })
        .headers.get('Authorization')!
        .slice(proof.length);
    const mallory = (bench: CoreBench): { wic: WicMessages; hop: FakeHop } => {
      const device = { wic: new WicMessages('mallory'), hop: bench.addHop() };
      bench.challenged(device, 'n');
      return device;
    };

    it('is not vouched for as somebody else, whom it named in a field besides its proof', () => {
      const bench = new CoreBench();
      const device = mallory(bench);
      const request = device.wic.buildRegister();
      const [foreign, own] = [proofOf('alice', 'made-up', 'elsewhere'), proofOf('mallory', 'n')];
      request.headers.append('Authorization', foreign);
      request.headers.append('Authorization', own);
      request.headers.append('Proxy-Authorization', foreign);
      bench.receive(request, device.hop);
      const asked = bench.core.lastRequest('REGISTER');
      expect(asked.headers.getAll('Authorization')).toEqual([`${own}, integrity-protected="tls-pending"`]);
      expect(asked.headers.has('Proxy-Authorization')).toBe(false);
      const response = createResponse(asked, 200);
      response.headers.append('Contact', asked.headers.get('Contact')!);
      bench.receive(response, bench.core);
      const alice = { wic: new WicMessages('alice'), hop: device.hop };
      expect(vouched(bench, alice, proofOf('alice', 'made-up', 'elsewhere'))).toContain('tls-pending');
      expect(vouched(bench, device, own)).toContain('tls-yes');
    });

    it('is vouched for by that name and for that user only, on that connection only', () => {
      const bench = new CoreBench();
      const device = mallory(bench);
      const proof = proofOf('mallory', 'n');
      vouched(bench, device, proof);
      expect(vouched(bench, device, proofOf('alice', 'n'))).toContain('tls-pending');
      vouched(bench, device, proof);
      expect(vouched(bench, device, proofOf('mallory', 'n', 'elsewhere'))).toContain('tls-pending');
      vouched(bench, device, proof);
      expect(vouched(bench, { wic: new WicMessages('alice'), hop: device.hop }, proof)).toContain('tls-pending');
      expect(vouched(bench, { wic: device.wic, hop: bench.addHop() }, proof)).toContain('tls-pending');
      expect(vouched(bench, device, proof)).toContain('tls-pending');
    });

    it('has proven nothing by a proof that nobody asked for, though the core accepts it', () => {
      const bench = new CoreBench();
      const device = { wic: new WicMessages('mallory'), hop: bench.addHop() };
      for (let i = 0; i < 2; i++) expect(vouched(bench, device, proofOf('alice', 'n'))).toContain('tls-pending');
    });

    it('is still vouched for after a refresh without a proof', () => {
      const bench = new CoreBench();
      const device = mallory(bench);
      vouched(bench, device, proofOf('mallory', 'n'));
      bench.registerAt(device);
      expect(vouched(bench, device, proofOf('mallory', 'of another connection'))).toContain('tls-yes');
    });
  });

  it('passes the challenge and the proof as they are, but for what vouches', () => {
    const bench = new CoreBench();
    const device = { wic: new WicMessages('alice'), hop: bench.addHop() };
    bench.receive(device.wic.buildRegister(), device.hop);
    const challenge = createResponse(bench.core.lastRequest('REGISTER'), 401);
    const text = 'Digest  realm="example.com",nonce="n", algorithm=AKAv1-MD5,qop="auth,auth-int"';
    challenge.headers.append('WWW-Authenticate', text);
    challenge.headers.append('WWW-Authenticate', 'Digest realm="example.com", nonce="m", ck="00", ik="11"');
    bench.receive(challenge, bench.core);
    expect(device.hop.lastResponse().headers.getAll('WWW-Authenticate')).toEqual([
      text,
      'Digest realm="example.com", nonce="m"',
    ]);
  });

  it('brings the client what it is to know of its registration', () => {
    const bench = new CoreBench();
    const device = { wic: new WicMessages('alice'), hop: bench.addHop() };
    bench.registerAt(device, {
      'Service-Route': SERVICE_ROUTE,
      'P-Associated-URI': ASSOCIATED,
      Path: '<sip:x@192.0.2.7;lr>',
      'P-Charging-Function-Addresses': 'ccf=192.0.2.9',
    });
    const { headers } = device.hop.lastResponse();
    expect(headers.get('Service-Route')).toBe(SERVICE_ROUTE);
    expect(headers.get('P-Associated-URI')).toBe(ASSOCIATED);
    expect([headers.has('Path'), headers.has('P-Charging-Function-Addresses')]).toEqual([true, false]);
  });
});

describe('a request that begins something', () => {
  it.each(['INVITE', 'MESSAGE', 'SUBSCRIBE', 'PUBLISH'])(
    'goes by the Service-Route, whatever Route it brings: %s',
    (method) => {
      const bench = new CoreBench();
      const alice = bench.registered('alice', { 'Service-Route': SERVICE_ROUTE });
      const request = bench.sent(alice, method, {
        Route: '<sip:edge.example.com:8443;transport=ws;lr>, <sip:evil.example.org;lr>',
      });
      expect(request.headers.getList('Route')).toEqual(SERVICE_ROUTE.split(', '));
    },
  );

  it('has no Route when the registrar gave none', () => {
    const bench = new CoreBench();
    const request = bench.sent(bench.registered('alice'), 'INVITE', { Route: '<sip:evil.example.org;lr>' });
    expect(request.headers.has('Route')).toBe(false);
  });

  it('is of this kind too when it pretends to be in a dialog', () => {
    const bench = new CoreBench();
    const alice = bench.registered('alice', { 'Service-Route': SERVICE_ROUTE });
    const request = bench.sent(alice, 'INVITE', {
      To: '<sip:bob@example.com>;tag=made-up',
      Route: '<sip:192.0.2.7:5060;lr>, <sip:as.example.net;lr>',
    });
    expect(request.headers.getList('Route')).toEqual(SERVICE_ROUTE.split(', '));
    expect(identities(request)).toEqual(['<sip:alice@example.com>']);
  });

  it.each([
    [{}, ['"Alice" <sip:alice@example.com>']],
    [{ 'P-Preferred-Identity': '<tel:+15550100>' }, ['<tel:+1-555-0100>']],
    [
      { 'P-Preferred-Identity': '"Me" <sip:+15550100@example.com>, <tel:+1(555)0100>' },
      ['<sip:+15550100@example.com;user=phone>', '<tel:+1-555-0100>'],
    ],
    [{ 'P-Preferred-Identity': '<sip:bob@example.com>' }, ['"Alice" <sip:alice@example.com>']],
    [
      { 'P-Preferred-Identity': '<sip:bob@example.com>, <sip:carol@example.com>, <tel:+15550100>' },
      ['"Alice" <sip:alice@example.com>'],
    ],
    [{ 'P-Preferred-Identity': '<>' }, ['"Alice" <sip:alice@example.com>']],
    [{ 'P-Asserted-Identity': '<sip:bob@example.com>' }, ['"Alice" <sip:alice@example.com>']],
    [{ From: '"Anonymous" <sip:anonymous@anonymous.invalid>;tag=1' }, ['"Alice" <sip:alice@example.com>']],
    [{ From: '<tel:+15550100>;tag=1' }, ['"Alice" <sip:alice@example.com>']],
  ] as [Record<string, string>, string[]][])('with %j is asserted to be of %j', (headers, asserted) => {
    const bench = new CoreBench();
    const request = bench.sent(bench.registered('alice', { 'P-Associated-URI': ASSOCIATED }), 'INVITE', headers);
    expect(identities(request)).toEqual(asserted);
    expect(request.headers.has('P-Preferred-Identity')).toBe(false);
  });

  const WILDCARDS = '<sip:chat!.*!@example.com>, <sip:alice@example.com>, <tel:+1555!.*!>';
  it.each([
    [{ From: '<sip:chatfoo@example.com>;tag=1' }, ['<sip:chatfoo@example.com>']],
    [
      { From: '<sip:chatfoo@example.com;cpc=police>;tag=1', 'P-Preferred-Identity': '<sip:x@y>' },
      ['<sip:chatfoo@example.com>'],
    ],
    [
      { 'P-Preferred-Identity': '"Me" <sip:chatbar@example.com;x=y>, <tel:+15550100;cpc=police>' },
      ['<sip:chatbar@example.com>', '<tel:+15550100>'],
    ],
    [{ 'P-Preferred-Identity': '<sip:chat!.*!@example.com>' }, ['<sip:alice@example.com>']],
    [{ 'P-Preferred-Identity': '<tel:+1555!.*!>' }, ['<sip:alice@example.com>']],
    [{}, ['<sip:alice@example.com>']],
  ] as [Record<string, string>, string[]][])(
    'of a client with wildcards, with %j is asserted to be of %j',
    (headers, asserted) => {
      const bench = new CoreBench();
      expect(
        identities(bench.sent(bench.registered('alice', { 'P-Associated-URI': WILDCARDS }), 'INVITE', headers)),
      ).toEqual(asserted);
    },
  );

  it('keeps the edge no longer for thousands of preferred identities and wildcards that are dear to match', () => {
    const bench = new CoreBench();
    const wildcards = Array.from({ length: 8 }, (_, index) => `<sip:!([a-z0-9]{1,200}|b)*${index}n!@example.com>`);
    const alice = bench.registered('alice', { 'P-Associated-URI': `<sip:alice@example.com>, ${wildcards.join(', ')}` });
    const name = `<sip:${'a'.repeat(200)}n@example.com>`;
    const preferred = Array.from({ length: 35 }, () => name).join(', ');
    const request = alice.wic.build('MESSAGE', 'sip:bob@example.com', 'sip:bob@example.com');
    for (let line = 0; line < 7; line++) request.headers.append('P-Preferred-Identity', preferred);
    const { user: before } = process.cpuUsage();
    bench.receive(request, alice.hop);
    const tookMs = (process.cpuUsage().user - before) / 1000;
    expect(identities(bench.core.lastRequest('MESSAGE'))).toEqual(['<sip:alice@example.com>']);
    expect(tookMs).toBeLessThan(100);
  });

  it('is asserted to be of nobody where wildcards are all that the registrar has listed', () => {
    const bench = new CoreBench();
    const alice = bench.registered('alice', { 'P-Associated-URI': '<sip:chat!.*!@example.com>' });
    const From = '<sip:anonymous@anonymous.invalid>;tag=1';
    expect(identities(bench.sent(alice, 'INVITE', { From }))).toEqual([]);
    expect(identities(bench.sent(alice, 'INVITE', { From: '<sip:chatfoo@example.com>;tag=1' }))).toEqual([
      '<sip:chatfoo@example.com>',
    ]);
    alice.hop.take();
    bench.receive(
      alice.wic.build('INVITE', 'sip:b@d', 'sip:b@d', { From: '<sip:chat!.*!@example.com>;tag=1' }),
      alice.hop,
    );
    expect(alice.hop.take()).toEqual(['403']);
  });

  it('is refused in the name of an identity that is barred, or of somebody else', () => {
    const bench = new CoreBench();
    const alice = bench.registered('alice', { 'P-Associated-URI': '<tel:+15550100>' });
    for (const from of ['<sip:alice@example.com>;tag=1', '<sip:bob@example.com>;tag=1']) {
      bench.receive(
        alice.wic.build('MESSAGE', 'sip:bob@example.com', 'sip:bob@example.com', { From: from }),
        alice.hop,
      );
    }
    expect(alice.hop.take()).toEqual(['403', '403']);
    expect(identities(bench.sent(alice, 'MESSAGE', { From: '<tel:+1-555-0100>;tag=1' }))).toEqual(['<tel:+15550100>']);
  });

  it('says where the client is as configured, or as the client says, but never in the name of the network', () => {
    const claim = { 'P-Access-Network-Info': 'IEEE-802.11; i-wlan-node-id=00, 3GPP-NR;Network-Provided, GPP;;' };
    const open = new CoreBench();
    expect(open.sent(open.registered('alice'), 'MESSAGE', claim).headers.get('P-Access-Network-Info')).toBe(
      'IEEE-802.11; i-wlan-node-id=00',
    );
    const set = new CoreBench({ accessNetworkInfo: 'WebRTC; network-provided' });
    const request = set.sent(set.registered('alice'), 'MESSAGE', claim);
    expect(request.headers.getAll('P-Access-Network-Info')).toEqual(['WebRTC; network-provided']);
  });
});

describe('Proxy-Require and Require', () => {
  it.each([
    [{ 'Proxy-Require': 'turn-cred' }, undefined],
    [{ 'Proxy-Require': 'Turn-Cred, x' }, 'x'],
    [{ 'Proxy-Require': 'sec-agree', Require: 'sec-agree' }, 'sec-agree'],
    [{ Require: 'SEC-AGREE, 100rel' }, 'SEC-AGREE'],
    [{ Require: '100rel' }, undefined],
  ] as [Record<string, string>, string | undefined][])('%j leaves %j unsupported', (headers, unsupported) => {
    const bench = new CoreBench();
    const alice = bench.registered('alice');
    const invite = alice.wic.build('INVITE', 'sip:bob@example.com', 'sip:bob@example.com', headers);
    bench.receive(invite, alice.hop);
    if (unsupported === undefined) {
      expect(alice.hop.take()).toEqual(['100']);
      expect(bench.core.lastRequest('INVITE').headers.has('Proxy-Require')).toBe(false);
    } else {
      expect(alice.hop.lastResponse().headers.get('Unsupported')).toBe(unsupported);
      expect(alice.hop.take()).toEqual(['420']);
    }
  });
});

describe('what a client is shown of a request of the core', () => {
  const incoming = (headers: Record<string, string>): SipRequest => {
    const bench = new CoreBench();
    const alice = bench.registered('alice');
    bench.fromCore('INVITE', alice.wic.contactUri, headers);
    return alice.hop.lastRequest('INVITE');
  };

  it.each([
    [{}, true],
    [{ Privacy: 'none' }, true],
    [{ Privacy: 'header; ID' }, false],
    [{ Privacy: 'id;critical' }, false],
  ] as [Record<string, string>, boolean][])('with %j does it show who is calling: %j', (privacy, shown) => {
    const request = incoming({ 'P-Asserted-Identity': '<sip:bob@example.com>', ...privacy });
    expect(request.headers.has('P-Asserted-Identity')).toBe(shown);
  });

  it.each([
    [{}, '<sip:a@x.example>;index=1, <sip:c@x.example>;index=1.2'],
    [{ Privacy: 'history' }, undefined],
  ] as [Record<string, string>, string | undefined][])('with %j its diversions are %j', (privacy, shown) => {
    const history =
      '<sip:a@x.example>;index=1, <sip:b@x.example?Privacy=history>;index=1.1, <sip:c@x.example>;index=1.2';
    expect(incoming({ 'History-Info': history, ...privacy }).headers.get('History-Info')).toBe(shown);
  });

  it('is nothing that the core says to itself', () => {
    const names = [
      'P-Charging-Vector',
      'P-Charging-Function-Addresses',
      'P-Served-User',
      'Relayed-Charge',
      'TURN-Cred-Rsp',
    ];
    const request = incoming(Object.fromEntries(names.map((name) => [name, 'x'])));
    expect(names.filter((name) => request.headers.has(name))).toEqual([]);
  });
});

describe('the Route set of a dialog', () => {
  const EVIL = '<sip:evil.example.org;lr>';

  it('has no entry of a client that calls, and those of the request whatever a called one makes of them', () => {
    const bench = new CoreBench();
    const alice = bench.registered('alice');
    const called = bench.sent(alice, 'INVITE', { 'Record-Route': EVIL }).headers.getList('Record-Route');
    expect(called).toHaveLength(2);
    expect(called).not.toContain(EVIL);
    const core = '<sip:scscf.example.net;lr>';
    bench.fromCore('INVITE', alice.wic.contactUri, { 'Record-Route': core });
    const request = alice.hop.lastRequest('INVITE');
    const response = createResponse(request, 180, { toTag: 'a' });
    response.headers.set('Record-Route', EVIL);
    bench.receive(response, alice.hop);
    const answered = bench.core.lastResponse().headers.getList('Record-Route');
    expect(answered).toEqual(request.headers.getList('Record-Route'));
    expect(answered.at(-1)).toBe(core);
  });
});

describe('the answer of a called client', () => {
  it.each([
    [{}, {}, '"Alice" <sip:alice@example.com>'],
    [{ 'P-Called-Party-ID': '<sip:+15550100@example.com>' }, {}, '<sip:+15550100@example.com;user=phone>'],
    [{}, { 'P-Preferred-Identity': '<tel:+15550100>' }, '<tel:+1-555-0100>'],
    [{ 'P-Called-Party-ID': '<sip:chatfoo@example.com>' }, {}, '<sip:chatfoo@example.com>'],
    [
      {},
      { 'P-Asserted-Identity': '<sip:bob@example.com>', 'P-Charging-Vector': 'x' },
      '"Alice" <sip:alice@example.com>',
    ],
  ] as [Record<string, string>, Record<string, string>, string][])(
    'to a request with %j, given with %j, is asserted to be of %s',
    (asked, given, asserted) => {
      const bench = new CoreBench();
      const alice = bench.registered('alice', { 'P-Associated-URI': `${ASSOCIATED}, <sip:chat!.*!@example.com>` });
      bench.fromCore('INVITE', alice.wic.contactUri, asked);
      const response = createResponse(alice.hop.lastRequest('INVITE'), 180, { toTag: 'a' });
      for (const [name, value] of Object.entries({ ...given, 'TURN-Password': 'x' }))
        response.headers.append(name, value);
      bench.receive(response, alice.hop);
      const { headers } = bench.core.lastResponse();
      expect(headers.getAll('P-Asserted-Identity')).toEqual([asserted]);
      for (const name of ['P-Preferred-Identity', 'TURN-Password']) expect(headers.has(name)).toBe(false);
      expect(headers.getAll('P-Charging-Vector')).not.toContain('x');
    },
  );
});

describe('a WebSocket with two users', () => {
  const SHARED = 'sip:both@h.invalid;transport=ws';

  /** alice and bob, who may have registered the same Contact, and the Path of bob. */
  function both(contacts: { readonly alice: string; readonly bob: string }) {
    const bench = new CoreBench();
    const hop = bench.addHop();
    const devices = (['alice', 'bob'] as const).map((user) => {
      const device = { wic: new WicMessages(user), hop };
      const fields = { Contact: `<${contacts[user]}>`, Supported: 'path' };
      return { ...device, path: bench.registerAt(device, {}, fields).headers.get('Path') ?? '' };
    });
    const [, bob] = devices;
    if (!bob) throw new Error('two were registered');
    return { bench, hop, bob };
  }

  const called = { To: '<sip:bob@example.com>', Contact: '<sip:carol@192.0.2.9>' };

  it.each([
    { what: 'the Contact of both', contacts: { alice: SHARED, bob: SHARED }, uri: SHARED },
    { what: 'bob', contacts: { alice: 'sip:a@h.invalid', bob: 'sip:b@h.invalid' }, uri: 'sip:b@h.invalid' },
    { what: 'an address', contacts: { alice: 'sip:a@h.invalid', bob: 'sip:b@h.invalid' }, uri: 'sip:bob@example.com' },
    { what: 'another number', contacts: { alice: SHARED, bob: SHARED }, uri: 'tel:+4930123456' },
  ])('answers as bob what came by the Path of bob, with $what in the Request-URI', ({ contacts, uri }) => {
    const { bench, hop, bob } = both(contacts);
    for (const method of ['INVITE', 'MESSAGE']) {
      bench.fromCore(method, uri, { ...called, Route: bob.path });
      bench.receive(createResponse(hop.lastRequest(method), 200, { toTag: 'b' }), hop);
      expect(identities(bench.core.lastResponse())).toEqual(['<sip:bob@example.com>']);
    }
  });

  it('asserts nobody when bob is registered no more', () => {
    const { bench, hop, bob } = both({ alice: SHARED, bob: SHARED });
    for (const { aor, registrationId } of bench.registrations.of(hop)) {
      if (aor.includes('bob')) bench.registrations.end(registrationId, 'requested');
    }
    bench.fromCore('MESSAGE', SHARED, { ...called, Route: bob.path });
    bench.receive(createResponse(hop.lastRequest('MESSAGE'), 200, { toTag: 'b' }), hop);
    expect(identities(bench.core.lastResponse())).toEqual([]);
  });

  it('has the call of bob follow bob to another connection, though alice stays away', () => {
    const { bench, hop, bob } = both({ alice: SHARED, bob: SHARED });
    const { headers } = bench.fromCore('INVITE', SHARED, { ...called, Route: bob.path });
    const invite = hop.lastRequest('INVITE');
    const answer = createResponse(invite, 200, { toTag: 'b' });
    bench.receive(answer, hop);
    bench.close(hop);
    const again = { wic: bob.wic, hop: bench.addHop() };
    bench.registerAt(again, {}, { Contact: `<${SHARED}>`, Supported: 'path' });
    again.hop.take();
    bench.fromCore('BYE', SHARED, {
      Route: invite.headers.getList('Record-Route').join(', '),
      'Call-ID': headers.get('Call-ID') ?? '',
      From: headers.get('From') ?? '',
      To: answer.headers.get('To') ?? '',
    });
    expect(again.hop.take()).toEqual(['BYE']);
  });
});
