import { describe, expect, it } from 'vitest';
import { parseContacts } from '../../src/sip/contact.ts';
import { type SipResponse } from '../../src/sip/message.ts';
import { parseTurnCredential } from '../sip/received-credential.ts';
import { Secret } from '../../src/base/secret.ts';
import { edgeOptions } from './support/edge-options.ts';
import { type EdgeServer, startEdge } from './support/edge-server.ts';
import { type RegisterOptions, Wic } from './support/wic.ts';

const WRONG = new Secret('guess');

async function connected(server: EdgeServer, user: string): Promise<Wic> {
  return new Wic(user, await server.connect());
}

function contactsOf(response: SipResponse): { uri: string; expiresSec: number | undefined }[] {
  const contacts = parseContacts(response.headers);
  if (!contacts.ok || contacts.value === '*') throw new Error('no contacts');
  return contacts.value.map(({ uri, expiresSec }) => ({ uri, expiresSec }));
}

describe('a REGISTER', () => {
  it('is challenged with SHA-256 first and MD5 last, and never gets a credential in the challenge (figure 6.3.3-1)', async () => {
    await using server = await startEdge(edgeOptions());
    const alice = await connected(server, 'alice');
    alice.send(alice.buildRegister({ headers: { 'TURN-Cred-Req': '' } }));
    const challenge = await alice.socket.response(401);
    const algorithms = challenge.headers.getAll('WWW-Authenticate').map((text) => /algorithm=([\w-]+)/.exec(text)?.[1]);
    expect(algorithms).toEqual(['SHA-256', 'MD5']);
    expect(parseTurnCredential(challenge.headers)).toBeUndefined();

    const ok = await alice.register({ headers: { 'TURN-Cred-Req': 'turn;ttl=7200' } });
    expect(parseTurnCredential(ok.headers)).toMatchObject({
      kind: 'credential',
      name: 'u1',
      password: 'p/1=',
      realm: 'turn.example.com',
      uris: ['turn:turn.example.com:3478?transport=udp', 'turns:turn.example.com:5349?transport=tcp'],
    });
    expect(ok.headers.get('TURN-Username')).toMatch(/^\d+:u1$/);
    expect(ok.headers.get('TURN-Password')).toBe('p/1=');
    const [registered] = server.events.named('registered');
    const { registrationId } = registered!;
    expect(server.issuer.requests).toEqual([
      { registrationId, person: 'sip:alice@example.com', grantedExpiresSec: 600, wishedTtlSec: 7200 },
    ]);
    expect(server.events.named('credential-issued')).toMatchObject([
      { aor: 'sip:alice@example.com', registrationId, name: 'u1', via: 'REGISTER' },
    ]);
    expect(JSON.stringify(server.events.all)).not.toContain('p/1=');
  });

  it.each(['MD5', 'SHA-256'] as const)('is accepted with %s', async (algorithm) => {
    await using server = await startEdge(edgeOptions());
    const alice = await connected(server, 'alice');
    const ok = await alice.register({ algorithm });
    expect(contactsOf(ok)).toEqual([{ uri: alice.contactUri, expiresSec: 600 }]);
    expect(ok.headers.get('Contact')).toContain(`reg-id=1;+sip.instance="<${alice.instance}>"`);
    expect(ok.headers.get('Require')).toBe('outbound');
    expect(ok.headers.has('Date')).toBe(true);
  });

  it('without TURN-Cred-Req gets no credential', async () => {
    await using server = await startEdge(edgeOptions());
    const alice = await connected(server, 'alice');
    expect(parseTurnCredential((await alice.register()).headers)).toBeUndefined();
    expect(server.issuer.requests).toEqual([]);
  });

  it('that ends the registration gets no credential, and what was issued is given back', async () => {
    await using server = await startEdge(edgeOptions());
    const alice = await connected(server, 'alice');
    await alice.register({ headers: { 'TURN-Cred-Req': '' } });
    const gone = await alice.register({ expires: 0, headers: { 'TURN-Cred-Req': '' } });
    expect(contactsOf(gone)).toEqual([]);
    expect(parseTurnCredential(gone.headers)).toBeUndefined();
    expect(server.issuer.released).toEqual([server.events.named('registered')[0]!.registrationId]);
    expect(server.events.named('unregistered')).toMatchObject([{ cause: 'requested' }]);
  });

  it.each<{ what: string; options: RegisterOptions; status: number }>([
    { what: 'too brief', options: { expires: 30 }, status: 423 },
    { what: 'for a foreign user', options: { headers: { To: '<sip:alice@example.org>' } }, status: 404 },
    { what: 'for another user', options: { headers: { To: '<sip:bob@example.com>' } }, status: 403 },
    { what: 'in another name', options: { headers: { From: '<sip:bob@example.com>;tag=1' } }, status: 403 },
    { what: 'of all contacts without Expires: 0', options: { contact: '*' }, status: 400 },
    { what: 'of no SIP URI', options: { contact: '<mailto:alice@example.com>' }, status: 400 },
    { what: 'of a malformed Contact', options: { contact: '<sip:alice@' }, status: 400 },
  ])('$what is answered $status', async ({ options, status }) => {
    await using server = await startEdge(edgeOptions());
    const alice = await connected(server, 'alice');
    if (status === 404) {
      alice.send(alice.buildRegister(options));
      await alice.socket.response(404);
    } else {
      const response = await alice.register(options, status);
      expect(response.headers.get('Min-Expires')).toBe(status === 423 ? '60' : undefined);
    }
    expect(server.edge.snapshot().registrations).toEqual([]);
  });

  it('grants at most the maximum, and the default to one that names no time', async () => {
    await using server = await startEdge(edgeOptions());
    const alice = await connected(server, 'alice');
    expect(contactsOf(await alice.register({ expires: 100_000 }))).toMatchObject([{ expiresSec: 7200 }]);
    const unsaid = await alice.register({ contact: alice.contact, headers: { Expires: 'soon' } });
    expect(contactsOf(unsaid)).toMatchObject([{ expiresSec: 600 }]);
  });

  it('lists every device of the user; one more than allowed is refused; * removes them all', async () => {
    await using server = await startEdge(edgeOptions({ registration: { contactsPerUser: 2 } }));
    const [desk, mobile, third] = [
      await connected(server, 'alice'),
      await connected(server, 'alice'),
      await connected(server, 'alice'),
    ];
    await desk.register();
    expect(contactsOf(await mobile.register()).map(({ uri }) => uri)).toEqual([desk.contactUri, mobile.contactUri]);
    const refused = await third.register({}, 480);
    expect(Number(refused.headers.get('Retry-After'))).toBeGreaterThan(590);
    expect(server.events.named('limited')).toMatchObject([{ cause: 'contacts-per-user' }]);

    expect(contactsOf(await mobile.register({ contact: '*', expires: 0 }))).toEqual([]);
    expect(server.edge.snapshot().registrations).toEqual([]);
    expect(server.events.named('unregistered')).toHaveLength(2);
    desk.send(desk.build('MESSAGE', desk.aor, desk.aor));
    await desk.socket.response(403);
  });

  it('without Contact lists the bindings and changes none', async () => {
    await using server = await startEdge(edgeOptions());
    const alice = await connected(server, 'alice');
    await alice.register();
    const query = alice.buildRegister();
    query.headers.remove('Contact');
    alice.send(query);
    const challenge = await alice.socket.response(401);
    const again = alice.buildRegister();
    again.headers.remove('Contact');
    again.headers.append('Authorization', alice.authorization(challenge, again));
    alice.send(again);
    expect(contactsOf(await alice.socket.response(200))).toMatchObject([{ uri: alice.contactUri }]);
    expect(server.events.named('registered')).toHaveLength(1);
  });

  it('over a new connection moves the binding; the old connection may not call any more', async () => {
    await using server = await startEdge(edgeOptions());
    const alice = await connected(server, 'alice');
    await alice.register({ headers: { 'TURN-Cred-Req': '' } });
    const old = alice.socket;
    alice.socket = await server.connect();
    expect(contactsOf(await alice.register())).toHaveLength(1);
    expect(server.edge.snapshot().registrations).toHaveLength(1);
    const [first, second] = server.events.named('registered');
    expect(second!.registrationId).toBe(first!.registrationId);
    expect(server.events.named('unregistered')).toMatchObject([{ cause: 'replaced' }]);
    expect(server.issuer.released).toEqual([]);

    const current = alice.socket;
    alice.socket = old;
    alice.send(alice.build('MESSAGE', alice.aor, alice.aor));
    await old.response(403);
    await old.close();
    alice.socket = current;
    alice.send(alice.build('MESSAGE', alice.aor, alice.aor));
    await current.request('MESSAGE');
  });

  it('with an older CSeq of the same Call-ID changes nothing', async () => {
    await using server = await startEdge(edgeOptions());
    const alice = await connected(server, 'alice');
    await alice.register({ headers: { CSeq: '50 REGISTER' } });
    await alice.register({ expires: 0, headers: { CSeq: '50 REGISTER' } }, 500);
    expect(server.edge.snapshot().registrations).toHaveLength(1);
  });

  it('ends by itself, and the user can no longer be reached', async () => {
    await using server = await startEdge(edgeOptions({ registration: { minExpiresSec: 1 } }));
    const [alice, bob] = [await connected(server, 'alice'), await connected(server, 'bob')];
    await alice.register();
    await bob.register({ expires: 1 });
    await expect
      .poll(() => server.events.named('unregistered'), { timeout: 3000 })
      .toMatchObject([{ cause: 'expired' }]);
    expect(server.issuer.released).toHaveLength(1);
    alice.send(alice.build('MESSAGE', bob.aor, bob.aor));
    await alice.socket.response(480);
  });

  it('shows its way through the parties to observers', async () => {
    await using server = await startEdge(edgeOptions());
    const alice = await connected(server, 'alice');
    await alice.register();
    const steps = server.events.named('message').map(({ from, to, method, status }) => {
      return `${from}>${to} ${status ?? method}`;
    });
    expect(steps).toEqual([
      'wic>edge REGISTER',
      'edge>core REGISTER',
      'core>edge 401',
      'edge>wic 401',
      'wic>edge REGISTER',
      'edge>core REGISTER',
      'core>edge 200',
      'edge>wic 200',
    ]);
  });
});

describe('authentication', () => {
  it('refuses a proof that was seen before, and one made for another connection, as stale', async () => {
    await using server = await startEdge(edgeOptions());
    const alice = await connected(server, 'alice');
    alice.send(alice.buildRegister());
    const challenge = await alice.socket.response(401);
    const request = alice.buildRegister();
    const proof = alice.authorization(challenge, request);
    request.headers.append('Authorization', proof);
    alice.send(request);
    await alice.socket.response(200);

    const replay = alice.buildRegister({ headers: { Authorization: proof } });
    alice.send(replay);
    const replayed = await alice.socket.response(401);
    expect(replayed.headers.get('WWW-Authenticate')).toContain('stale=true');

    alice.socket = await server.connect();
    const elsewhere = alice.buildRegister();
    elsewhere.headers.append('Authorization', alice.authorization(challenge, elsewhere));
    alice.send(elsewhere);
    expect((await alice.socket.response(401)).headers.get('WWW-Authenticate')).toContain('stale=true');
    expect(server.events.named('authentication-failed').map(({ cause }) => cause)).toEqual([
      'replayed',
      'foreign-nonce',
    ]);
  });

  it('says the same of an unknown user as of a wrong password', async () => {
    await using server = await startEdge(edgeOptions());
    const answers: string[] = [];
    for (const user of ['alice', 'nobody']) {
      const wic = await connected(server, user);
      wic.send(wic.buildRegister());
      const challenge = await wic.socket.response(401);
      const request = wic.buildRegister();
      const header = wic.authorization(challenge, request, 'MD5', WRONG);
      request.headers.append('Authorization', header);
      wic.send(request);
      const { status, reason, headers } = await wic.socket.response(401);
      const names = [...headers.entries()].map(([name]) => name);
      answers.push([status, reason, ...names].join());
    }
    expect(answers[0]).toBe(answers[1]);
    expect(server.events.named('authentication-failed').map(({ cause }) => cause)).toEqual([
      'wrong-password',
      'unknown-user',
    ]);
  });
});
