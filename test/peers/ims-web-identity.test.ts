import { once } from 'node:events';
import { type UA } from 'jssip';
import { type Message, Messager, UserAgent } from 'sip.js';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startHttp, type TokenWishes, Waf } from '../edge/web-identity/waf.ts';
import { Wic } from '../edge/support/wic.ts';
import { WicSocket } from '../edge/support/wic-socket.ts';
import { statusFrom } from './ask-core.ts';
import { DOMAIN, homeOf, type Ims, newUser, startIms, uriOf } from './ims.ts';
import {
  call,
  connect,
  createAgent,
  credentialOf,
  failure,
  registered,
  renegotiate,
  stopAgents,
} from './jssip-agents.ts';
import { peer } from './peers.ts';
import { Agents, Deferred, register } from './sipjs-agents.ts';
import { Secret } from '../../src/base/secret.ts';

const kamailio = peer('kamailio');

afterEach(stopAgents);

/** A core that takes the edge's word for `waf.ims.example`, and refuses every request in which it sees a Bearer token. */
describe.skipIf(!kamailio).each(['udp', 'tcp'] as const)('web tokens before Kamailio, by %s', (transport) => {
  const waf = new Waf(DOMAIN);
  const otherWaf = new Waf('other.example');
  const ended: string[] = [];
  let web: Awaited<ReturnType<typeof startHttp>>;
  let ims: Ims;

  beforeAll(async () => {
    await Promise.all([waf.addKey('k1'), otherWaf.addKey('k1', 'RS256')]);
    const keys = JSON.stringify(await waf.keySet());
    const otherKeys = JSON.stringify(await otherWaf.keySet());
    web = await startHttp(({ url }, _body, response) => response.end(url === '/other' ? otherKeys : keys));
    const clients = [{ id: 'wwsf', pools: [`guest*@${DOMAIN}`] }];
    ims = await startIms(kamailio!, {
      transport,
      edge: {
        registration: { minExpiresSec: 1 },
        webIdentity: {
          issuers: [
            { issuer: `https://waf.${DOMAIN}`, clients, jwksUri: `${web.url}/keys` },
            { issuer: 'https://waf.other.example', clients, jwksUri: `${web.url}/other` },
          ],
          graceSec: 1,
        },
      },
    });
    ims.server.on('registration-ended', ({ impi = '' }) => ended.push(impi));
  });

  afterAll(async () => {
    await ims[Symbol.asyncDispose]();
    await web[Symbol.asyncDispose]();
  });

  async function agentOf(user: string, wishes: TokenWishes = {}): Promise<UA> {
    return createAgent(homeOf(ims), user, { authorization: `Bearer ${await waf.token(user, wishes)}` });
  }

  async function wicOf(user: string): Promise<Wic> {
    return new Wic(user, await WicSocket.connect(ims.url), new Secret('none'), DOMAIN);
  }

  /** Status of a call to somebody, of which the core decides. */
  async function statusOfCall(user: string): Promise<number | undefined> {
    const caller = await agentOf(newUser('caller'));
    await registered(caller);
    return (await failure(call(caller, uriOf(user)))).message?.status_code;
  }

  it('register JsSIP without a challenge, and its calls show the core no token', async () => {
    const alice = await agentOf(newUser('alice'));
    const bob = await agentOf(newUser('bob'));
    expect(credentialOf(await registered(alice))).toMatchObject({ kind: 'credential' });
    await registered(bob);
    // Each of its requests has the token, also within the call.
    const { outgoing, incoming } = await connect(alice, bob);
    await renegotiate(outgoing);
    const end = once(incoming, 'ended');
    outgoing.terminate();
    await end;
  });

  it('register SIP.js, which shows its token in REGISTER alone', async () => {
    await using agents = new Agents(homeOf(ims));
    const received = new Deferred<string>();
    const onMessage = (message: Message): void => {
      received.resolve(message.request.body);
      void message.accept();
    };
    const [alice, bob] = await Promise.all(
      [newUser('alice'), newUser('bob')].map(async (user) => {
        const authorization = `Bearer access_token="${await waf.token(user)}"`;
        const agent = await agents.create(user, { onMessage }, { authorization });
        await register(agent);
        return agent;
      }),
    );
    await new Messager(alice!.userAgent, UserAgent.makeURI(bob!.uri)!, 'hello').message();
    expect(await received.promise).toBe('hello');
  });

  it('are renewed on a live flow, and refused for another user', async () => {
    const user = newUser('alice');
    const alice = await wicOf(user);
    const answer = async (token: string, status: number): Promise<void> => {
      alice.send(alice.buildRegister({ headers: { Authorization: `Bearer ${token}` } }));
      await alice.socket.response(status, 'REGISTER');
    };
    const token = await waf.token(user);
    await answer(token, 200);
    await answer(token, 200);
    await answer(await waf.token(user), 200);
    await answer(await waf.token(newUser('mallory')), 403);
    await answer(await waf.token(user, { lifetimeSec: -5 }), 401);
    expect(ims.registrationsOf(alice.aor)).toHaveLength(1);
    const claims = { iss: 'https://waf.other.example', aud: DOMAIN, impi: `${user}@${DOMAIN}`, impu: [alice.aor] };
    // The edge knows that WAF too, and the core does not take it for this subscription: the registration ends.
    await answer(await otherWaf.token(user, { claims }), 403);
    expect(ims.registrationsOf(alice.aor)).toEqual([]);
  });

  it('are signed out with, after which the core knows the user no more', async () => {
    const user = newUser('alice');
    const alice = await wicOf(user);
    const headers = { Authorization: `Bearer ${await waf.token(user)}` };
    alice.send(alice.buildRegister({ headers }));
    await alice.socket.response(200, 'REGISTER');
    alice.send(alice.buildRegister({ headers, expires: 0 }));
    await alice.socket.response(200, 'REGISTER');
    expect(ended).toContain(`${user}@${DOMAIN}`);
    expect(await statusOfCall(user)).toBe(404);
  });

  it.each<[string, (ims: Ims, aor: string) => void]>([
    ['ends', () => undefined],
    [
      'lasts but its WebSocket is lost',
      (it, aor) => {
        it.cut(aor);
      },
    ],
    [
      'lasts but the operator ends its registration',
      (it, aor) => {
        for (const { registrationId } of it.registrationsOf(aor)) it.server.endRegistration(registrationId);
      },
    ],
  ])('de-register the user at the core when one %s', async (what, act) => {
    const user = newUser('alice');
    const alice = await wicOf(user);
    // Kamailio grants ten seconds at the least, whatever the token has left.
    const token = await waf.token(user, { lifetimeSec: what === 'ends' ? 3 : 600 });
    alice.send(alice.buildRegister({ headers: { Authorization: `Bearer ${token}` } }));
    await alice.socket.response(200, 'REGISTER');
    act(ims, alice.aor);
    await expect.poll(() => ended, { timeout: 8000, interval: 20 }).toContain(`${user}@${DOMAIN}`);
    await expect.poll(() => statusOfCall(user), { timeout: 4000 }).toBe(404);
  });

  it('are believed from the edge alone: a client that writes what the edge does is challenged, another machine is refused', async () => {
    const user = newUser('alice');
    const alice = await wicOf(user);
    const names = `username="${user}@${DOMAIN}", realm="${DOMAIN}", uri="sip:${DOMAIN}", nonce="", response=""`;
    const claim = `Digest ${names}, integrity-protected="auth-done", authorization-entity="waf.${DOMAIN}"`;
    alice.send(alice.buildRegister({ headers: { Authorization: claim } }));
    await alice.socket.response(401, 'REGISTER');
    const request = alice.buildRegister({ headers: { Authorization: claim } });
    expect(await statusFrom('127.0.0.3', request, ims.core)).toBe(403);
  });

  it('of a pool let one device in at a time', async () => {
    const user = newUser('guest');
    const [first, second] = [await wicOf(user), await wicOf(user)];
    for (const [wic, status] of [
      [first, 200],
      [second, 403],
    ] as const) {
      const token = await waf.token(user, { claims: { pool: true } });
      wic.send(wic.buildRegister({ headers: { Authorization: `Bearer ${token}` } }));
      await wic.socket.response(status, 'REGISTER');
    }
  });
});
