import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createResponse } from '../../src/sip/create-response.ts';
import { formatSipMessage } from '../../src/sip/format-message.ts';
import { type SipRequest } from '../../src/sip/message.ts';
import { Random } from './support/random.ts';
import { SipClient } from './support/sip-client.ts';
import { DOMAIN, Victim, victimConfig, type User } from './support/victim.ts';

const PATIENCE_MS = 5000;
const random = new Random(3261);

describe('a WIC that means harm', () => {
  let victim: Victim;
  const open: SipClient[] = [];
  let addresses = 0;

  beforeAll(async () => {
    victim = await Victim.start(victimConfig({ edge: { transaction: { t1Ms: 100 } } }));
  });

  afterEach(async () => {
    await Promise.all(open.splice(0).map((client) => client.close()));
  });

  afterAll(async () => {
    await victim.stop();
  });

  async function connectAs(user: User, contact?: string): Promise<SipClient> {
    const localAddress = `127.0.1.${++addresses}`;
    const client = await SipClient.connect(victim, {
      user,
      localAddress,
      random,
      patienceMs: PATIENCE_MS,
      ...(contact !== undefined && { contact }),
    });
    open.push(client);
    return client;
  }

  async function registerAs(user: User): Promise<SipClient> {
    const client = await connectAs(user);
    await client.register();
    return client;
  }

  /** The first request of that method that reached `client`. */
  async function arrival(client: SipClient, method: string): Promise<SipRequest> {
    const deadline = Date.now() + PATIENCE_MS;
    while (Date.now() < deadline) {
      const found = client.received.find((message) => message.kind === 'request' && message.method === method);
      if (found?.kind === 'request') return found;
      await sleep(20);
    }
    throw new Error(`no ${method} came`);
  }

  describe('as somebody else', () => {
    it.each([
      ['in From', `<sip:alice@${DOMAIN}>;tag=1`],
      ['behind its own name', `"sip:mallory@${DOMAIN}" <sip:alice@${DOMAIN}>;tag=1`],
      ['with an escape', `<sip:%61lice@${DOMAIN}>;tag=1`],
      ['as a second value', `<sip:mallory@${DOMAIN}>;tag=1, <sip:alice@${DOMAIN}>;tag=2`],
      ['as a second field', `<sip:mallory@${DOMAIN}>;tag=1\r\nf: <sip:alice@${DOMAIN}>;tag=2`],
      ['with a URI scheme of its own', `<sips:alice@${DOMAIN}>;tag=1`],
      ['from another domain', '<sip:president@example.com>;tag=1'],
    ])('cannot send a MESSAGE, %s', async (_where, from) => {
      const alice = await registerAs('alice');
      const bob = await registerAs('bob');
      const mallory = await registerAs('mallory');
      const { status } = await mallory.request({ method: 'MESSAGE', uri: bob.aor, from, body: 'pay me' });
      expect([400, 403]).toContain(status);
      expect(bob.received.filter(({ kind }) => kind === 'request')).toEqual([]);
      expect(alice.isOpen).toBe(true);
    });

    it.each(['P-Asserted-Identity', 'p-asserted-identity ', 'P-ASSERTED-IDENTITY\t'])(
      'cannot assert an identity in %j',
      async (name) => {
        const bob = await registerAs('bob');
        const mallory = await registerAs('mallory');
        const headers = [`${name}: <sip:alice@${DOMAIN}>`];
        await mallory.request({ method: 'MESSAGE', uri: bob.aor, headers, body: 'pay me' });
        expect((await arrival(bob, 'MESSAGE')).headers.has('P-Asserted-Identity')).toBe(false);
      },
    );

    it('cannot register with its own password, nor be told a credential', async () => {
      const mallory = await connectAs('mallory');
      const to = `<sip:alice@${DOMAIN}>`;
      const parts = { method: 'REGISTER', uri: `sip:${DOMAIN}`, from: `${to};tag=1`, to };
      const headers = [`Contact: <${mallory.contact}>`, 'TURN-Cred-Req: turn'];
      const challenged = await mallory.request({ ...parts, headers });
      const authorization = mallory.authorization(challenged, 'REGISTER', parts.uri);
      const refused = await mallory.request({ ...parts, headers: [...headers, `Authorization: ${authorization}`] });
      expect(refused.status).toBe(403);
      expect(challenged.headers.has('TURN-Password') || refused.headers.has('TURN-Password')).toBe(false);
    });

    it('cannot have a credential without being registered, nor for another registration', async () => {
      const alice = await registerAs('alice');
      const mallory = await connectAs('mallory');
      const ask = { method: 'OPTIONS', uri: `sip:${DOMAIN}`, headers: ['TURN-Cred-Req: turn'] };
      const asNobody = await mallory.request(ask);
      await mallory.register();
      const asAlice = await mallory.request({ ...ask, from: `<${alice.aor}>;tag=1` });
      expect([asNobody.status, asAlice.status]).toEqual([403, 403]);
      expect(asNobody.headers.has('TURN-Password') || asAlice.headers.has('TURN-Password')).toBe(false);
    });

    it('cannot replay an Authorization on another connection, nor twice on one', async () => {
      const mallory = await connectAs('mallory');
      const parts = { method: 'REGISTER', uri: `sip:${DOMAIN}` };
      const authorization = mallory.authorization(await mallory.request(parts), 'REGISTER', parts.uri);
      const replayed = { ...parts, headers: [`Authorization: ${authorization}`] };
      const other = await connectAs('mallory');
      expect((await other.request(replayed)).status).toBe(401);
      expect((await mallory.request(replayed)).status).toBe(200);
      expect((await mallory.request(replayed)).status).toBe(401);
    });
  });

  describe('as a callee', () => {
    it.each(['WWW-Authenticate', 'Proxy-Authenticate'])(
      'cannot make callers prove their passwords to it by a %s of its own for the home realm',
      async (name) => {
        const alice = await registerAs('alice');
        const mallory = await registerAs('mallory');
        mallory.onRequest = (request) => {
          if (request.method !== 'INVITE') return undefined;
          const response = createResponse(request, name === 'WWW-Authenticate' ? 401 : 407);
          response.headers.append(name, `Digest realm="${DOMAIN}", nonce="chosen", algorithm=MD5, qop="auth"`);
          return response;
        };
        const answered = await alice.request({
          method: 'INVITE',
          uri: mallory.aor,
          headers: [`Contact: <${alice.contact}>`],
        });
        expect(answered.status).toBeGreaterThanOrEqual(400);
        expect(answered.headers.has(name)).toBe(false);
      },
    );

    it.each(['Authorization', 'Proxy-Authorization'])('does not see an %s for the home realm', async (name) => {
      const alice = await registerAs('alice');
      const mallory = await registerAs('mallory');
      const proof = `Digest username="alice", realm="${DOMAIN}", nonce="chosen", uri="${mallory.aor}", response="${'0'.repeat(32)}"`;
      await alice.request({ method: 'MESSAGE', uri: mallory.aor, headers: [`${name}: ${proof}`], body: 'hello' });
      expect((await arrival(mallory, 'MESSAGE')).headers.has(name)).toBe(false);
    });
  });

  describe('in the calls of others', () => {
    it('cannot answer or cancel an INVITE that is not its own', async () => {
      const alice = await registerAs('alice');
      const bob = await registerAs('bob');
      const mallory = await registerAs('mallory');
      bob.onRequest = () => undefined;
      const branch = alice.newBranch();
      const call = { method: 'INVITE', uri: bob.aor, branch, callId: 'call', cseq: 1 };
      const outcome = alice.request({ ...call, headers: [`Contact: <${alice.contact}>`] });
      const invite = await arrival(bob, 'INVITE');

      // All that Mallory could know of the branch, and more than it could guess.
      mallory.send(formatSipMessage(createResponse(invite, 200)));
      mallory.send(formatSipMessage(createResponse(invite, 603)));
      const cancel = { method: 'CANCEL', uri: bob.aor, callId: 'call', cseq: 1 };
      const asAlice = await mallory.request({ ...cancel, branch, from: `<${alice.aor}>;tag=1` });
      expect(asAlice.status).toBe(481);
      expect(bob.received.some((message) => message.kind === 'request' && message.method === 'CANCEL')).toBe(false);

      bob.send(formatSipMessage(createResponse(invite, 486)));
      expect((await outcome).status).toBe(486);
    });

    it('cannot route to a flow by a token that was not given to it', async () => {
      const alice = await registerAs('alice');
      const bob = await registerAs('bob');
      const mallory = await registerAs('mallory');
      await alice.request({ method: 'INVITE', uri: bob.aor, headers: [`Contact: <${alice.contact}>`] });
      const [route = ''] = (await arrival(bob, 'INVITE')).headers.getAll('Record-Route');
      const forged = route.replace(/sip:(.)/, (_, first: string) => `sip:${first === 'A' ? 'B' : 'A'}`);
      const parts = { method: 'BYE', uri: alice.contact, to: `<${alice.aor}>;tag=1`, headers: [`Route: ${forged}`] };
      expect((await mallory.request(parts)).status).toBe(403);
    });

    it('does not get the requests of a dialog by registering the Contact of a party that has just lost its connection', async () => {
      const alice = await registerAs('alice');
      const bob = await registerAs('bob');
      alice.onRequest = (request) => createResponse(request, 200);
      const answered = await bob.request({ method: 'INVITE', uri: alice.aor, headers: [`Contact: <${bob.contact}>`] });
      const routes = answered.headers.getAll('Record-Route').reverse();
      const to = answered.headers.get('To') ?? '';

      await alice.close();
      await victim.statusWhen(({ edge }) => edge?.registrations === 1, PATIENCE_MS);
      const mallory = await connectAs('mallory', alice.contact);
      await mallory.register();
      const headers = routes.map((route) => `Route: ${route}`);
      const info = await bob.request({ method: 'INFO', uri: alice.contact, to, headers, body: 'DTMF 1234' });
      expect(mallory.received.filter(({ kind }) => kind === 'request')).toEqual([]);
      expect(info.status).toBeGreaterThanOrEqual(400);
    });

    it('does not make a party unreachable by registering its Contact too', async () => {
      const alice = await registerAs('alice');
      const bob = await registerAs('bob');
      alice.onRequest = (request) => createResponse(request, 200);
      const mallory = await connectAs('mallory', alice.contact);
      // Whether that is refused or of no effect.
      await mallory.register().catch(() => undefined);
      const { status } = await bob.request({
        method: 'MESSAGE',
        uri: alice.contact,
        to: `<${alice.aor}>`,
        body: 'hello',
      });
      expect(status).toBe(200);
    });
  });

  describe('at the expense of others', () => {
    it('holds no transaction with INVITEs that were refused because nobody is registered', async () => {
      const mallory = await connectAs('mallory');
      for (let i = 0; i < 90; i++) mallory.send(mallory.write({ method: 'INVITE', uri: `sip:alice@${DOMAIN}` }));
      await mallory.request({ method: 'OPTIONS', uri: `sip:${DOMAIN}` });
      expect((await victim.status()).edge?.transactions).toBeLessThan(10);
    });

    it.each([
      { who: 'a stranger', registered: false, status: 403 },
      { who: 'a registered user', registered: true, status: 400 },
    ])('as $who is refused with a message of thousands of Routes', async ({ registered, status }) => {
      const mallory = await connectAs('mallory');
      if (registered) await mallory.register();
      const route = `Route: ${new Array<string>(500).fill(`<sip:${DOMAIN}>`).join(',')}`;
      const headers = new Array<string>(8).fill(route);
      const refused = await mallory.request({ method: 'MESSAGE', uri: `sip:alice@${DOMAIN}`, headers });
      expect(refused.status).toBe(status);
    });

    it('goes on guessing passwords no further for knowing its own', async () => {
      const mallory = await connectAs('mallory');
      const to = `<sip:alice@${DOMAIN}>`;
      const parts = { method: 'REGISTER', uri: `sip:${DOMAIN}`, from: `${to};tag=1`, to };
      let guesses = 0;
      try {
        while (guesses < 40) {
          if (guesses % 8 === 0) await mallory.register();
          const challenged = await mallory.request(parts);
          const proof = mallory.authorization(challenged, 'REGISTER', parts.uri, `guess ${guesses++}`);
          const asAlice = proof.replace('username="mallory"', 'username="alice"');
          await mallory.request({ ...parts, headers: [`Authorization: ${asAlice}`] });
        }
      } catch {
        // Closed, as it should be.
      }
      expect(guesses).toBeLessThan(20);
    });

    it('is closed for a flood of pings as for one of messages', async () => {
      const mallory = await connectAs('mallory');
      for (let i = 0; i < 5000; i++) mallory.ping();
      await sleep(1000);
      expect(mallory.isOpen).toBe(false);
    });

    it('does not get credentials without end, each with a quota of its own, by connecting anew', async () => {
      let credentials = 0;
      for (let i = 0; i < 60; i++) {
        const mallory = await connectAs('mallory');
        const registered = await mallory.register(['TURN-Cred-Req: turn']);
        if (registered.headers.has('TURN-Password')) credentials++;
        await mallory.register([], 0);
        await mallory.close();
      }
      expect(credentials).toBeLessThan(50);
    });

    it('cannot hold more connections to the HTTPS listener than an address may have WebSockets, before any handshake', async () => {
      const wanted = 300;
      const sockets = Array.from({ length: wanted }, () => {
        const socket = connect({ host: victim.https.address, port: victim.https.port, localAddress: '127.0.2.1' });
        return socket.on('error', () => undefined);
      });
      try {
        await sleep(1500);
        expect(sockets.filter(isUp).length).toBeLessThanOrEqual(150);
      } finally {
        for (const socket of sockets) socket.destroy();
      }
    });
  });
});

function isUp(socket: Socket): boolean {
  return !socket.destroyed && !socket.connecting && !socket.readableEnded;
}
