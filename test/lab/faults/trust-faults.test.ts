import { once } from 'node:events';
import { UA, WebSocketInterface } from 'jssip';
import { afterEach, describe, expect, it } from 'vitest';
import { type ConfigInput } from '../../../src/config/schema/tree.ts';
import { type Lab } from '../../../src/lab/start-lab.ts';
import { attachWebToken, type WebToken, type WebTokens } from '../../../src/wic/index.ts';
import { httpsFetch } from '../../support/https-fetch.ts';
import { TurnClient } from '../../turn/support/turn-client.ts';
import { agentsOfLabs } from './agents.ts';

const { openLab, register } = agentsOfLabs();
const endings: (() => unknown)[] = [];

afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

const APPROACHES: readonly [string, ConfigInput][] = [
  ['approach 1', {}],
  ['approach 2', { credentials: { approach: 'delivered' } }],
];

describe.each(APPROACHES)('under %s', (_approach, config) => {
  it('the lab knows the credential that a client was given, and the relay honours it', async () => {
    const lab = await openLab({ config });
    const { answer } = await register(lab, 'alice');
    const credential = lab.credentialOf('alice');
    expect(credential.username).toBe(answer.getHeader('TURN-Username'));
    expect(credential.password).toBe(answer.getHeader('TURN-Password'));
    expect(await lab.tryAllocate(credential)).toMatchObject({ granted: true });
    expect(await lab.waitFor('allocation-created')).toMatchObject({ user: 'alice' });
    expect(await lab.tryAllocate(lab.mint('alice'))).toMatchObject({ granted: true });
  });

  it('credential-ttl makes credentials that end within seconds', async () => {
    const lab = await openLab({ config });
    using fault = lab.faults.add({ kind: 'credential-ttl', ttlSec: 3 });
    await register(lab, 'alice');
    expect(fault.fired).toBe(1);
    expect(lab.credentialOf('alice').expiresAtSec).toBeLessThanOrEqual(Date.now() / 1000 + 3);
    expect(await lab.tryAllocate(lab.credentialOf('alice'))).toMatchObject({ granted: true });
  });

  it('credential-revoked ends what its user holds, and nothing of others', async () => {
    const lab = await openLab({ config });
    await register(lab, 'alice');
    await register(lab, 'bob');
    for (const user of ['alice', 'bob'] as const) await hold(lab, user);
    const fault = lab.faults.add({ kind: 'credential-revoked', user: 'alice' });
    expect(lab.events('allocation-ended')).toMatchObject([{ user: 'alice', cause: 'revoked' }]);
    expect([fault.active, fault.fired]).toEqual([false, 1]);
    expect(await lab.tryAllocate(lab.credentialOf('alice'))).toMatchObject({ granted: false, code: 401 });
    // What was delivered is deleted too.
    expect(['revoked', 'unknown-user']).toContain(lab.events('authentication-refused').at(-1)?.cause);
    expect(await lab.tryAllocate(lab.credentialOf('bob'))).toMatchObject({ granted: true });
  });

  it.each([
    ['unavailable', 500],
    ['revoked', 401],
    ['expired', 401],
  ] as const)('credential-unusable with the cause %s refuses a good credential with %i', async (cause, code) => {
    const lab = await openLab({ config });
    await register(lab, 'alice');
    using fault = lab.faults.add({ kind: 'credential-unusable', cause, user: 'alice', times: 1 });
    expect(await lab.tryAllocate(lab.credentialOf('alice'))).toMatchObject({ granted: false, code });
    expect(fault.fired).toBe(1);
    expect(lab.events('authentication-refused').at(-1)).toMatchObject({ cause });
    expect(await lab.tryAllocate(lab.credentialOf('alice'))).toMatchObject({ granted: true });
  });
});

async function hold(lab: Lab, user: string): Promise<void> {
  const { username, password } = lab.credentialOf(user);
  const server = lab.addresses.turn.find(({ transport }) => transport === 'udp')!;
  const client = await TurnClient.connect({ transport: 'udp', server, username, password });
  endings.push(() => {
    client.close();
  });
  await client.allocate();
}

const SECRET = 'secret-of-the-web-server';

interface TokenAnswer {
  readonly access_token: string;
  readonly expires_in: number;
}

/** A lab whose users may sign in by web tokens, and what a web server asks its authorization server. */
async function webLab() {
  const lab = await openLab({
    config: {
      oauth: {
        authorizationServer: { enabled: true },
        clients: [{ id: 'wwsf', secret: SECRET, namesUsers: true }],
      },
    },
  });
  const fetchLab = httpsFetch(lab.ca);
  const ask = (): Promise<Response> =>
    fetchLab(new URL('/oauth/token', lab.page).href, {
      method: 'POST',
      headers: { Authorization: `Basic ${Buffer.from(`wwsf:${SECRET}`).toString('base64')}` },
      body: new URLSearchParams({ grant_type: 'client_credentials', scope: 'sip', impi: `alice@${lab.domain}` }),
    });
  let fetched = 0;
  const supply = async (): Promise<WebToken> => {
    fetched += 1;
    const answer = await ask();
    if (!answer.ok) throw new Error(`token endpoint: ${answer.status}`);
    const { access_token: token, expires_in: expiresInSec } = (await answer.json()) as TokenAnswer;
    return { token, expiresInSec };
  };
  return { lab, ask, supply, fetched: () => fetched };
}

/** Alice, who has no password. */
function webAgent(lab: Lab, supply: () => Promise<WebToken>): { readonly ua: UA; readonly tokens: WebTokens } {
  Object.assign(globalThis, { WebSocket: lab.WebSocket });
  const ua = new UA({ sockets: new WebSocketInterface(lab.webSocket), uri: `sip:alice@${lab.domain}` });
  const tokens = attachWebToken(ua, supply);
  endings.push(() => {
    tokens.detach();
    ua.stop();
  });
  return { ua, tokens };
}

describe('web tokens', () => {
  it('web-token-refused is answered 401, and the client registers by the next token', async () => {
    const { lab, supply, fetched } = await webLab();
    using fault = lab.faults.add({ kind: 'web-token-refused', cause: 'token-expired', user: 'alice', times: 1 });
    const { ua, tokens } = webAgent(lab, supply);
    await tokens.ready();
    const registered = once(ua, 'registered');
    ua.start();
    await registered;
    expect([fault.fired, fetched()]).toEqual([1, 2]);
    expect(lab.events('authentication-failed')).toMatchObject([{ cause: 'token-expired' }]);
  });

  it('authorization-server-down is 503 to who asks for a token, and to a client whose token cannot be checked', async () => {
    const { lab, ask, supply } = await webLab();
    const { ua, tokens } = webAgent(lab, supply);
    await tokens.ready();
    using fault = lab.faults.add({ kind: 'authorization-server-down' });
    expect((await ask()).status).toBe(503);
    const failed = once(ua, 'registrationFailed');
    ua.start();
    const [{ response }] = (await failed) as [{ response: { status_code: number } }];
    expect(response.status_code).toBe(503);
    fault.clear();
    expect((await ask()).status).toBe(200);
    const registered = once(ua, 'registered');
    ua.register();
    await registered;
  });
});
