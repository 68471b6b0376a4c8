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
    ['unknown-user', 401],
    ['wrong-realm', 401],
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

describe('access tokens', () => {
  it.each(['unknown-kid', 'forged-token', 'expired', 'not-yet-valid'] as const)(
    'access-token-refused with the cause %s is 401 to a good token, and nothing to a password',
    async (cause) => {
      const lab = await openLab({ tokens: true });
      using fault = lab.faults.add({ kind: 'access-token-refused', cause, user: 'alice', times: 1 });
      expect(await lab.tryAllocate(lab.mint('alice'))).toMatchObject({ granted: true });
      expect(await lab.tryAllocate(lab.mintToken('bob'))).toMatchObject({ granted: true });
      const token = lab.mintToken('alice');
      expect(await lab.tryAllocate(token)).toMatchObject({ granted: false, code: 401 });
      expect(lab.events('authentication-refused').at(-1)).toMatchObject({ cause });
      expect(await lab.tryAllocate(token)).toMatchObject({ granted: true });
      expect(fault.fired).toBe(1);
    },
  );

  it('what a REGISTER asks for with “oauth” meets the faults of credentials', async () => {
    const lab = await openLab({ tokens: true });
    const ask = 'TURN-Cred-Req: oauth';
    const refused = lab.faults.add({ kind: 'credential-error', error: 'denied', times: 1 });
    const { agent, answer } = await register(lab, 'alice', ask);
    expect([refused.fired, answer.getHeader('TURN-Cred-Rsp')]).toEqual([1, 'error=denied']);
    lab.faults.add({ kind: 'credential-wrong-password', user: 'alice', times: 1 });
    agent.register();
    await lab.waitFor('credential-issued');
    expect(await lab.tryAllocate(lab.credentialOf('alice'))).toMatchObject({ granted: false, code: 401 });
    expect(lab.events('authentication-refused').at(-1)).toMatchObject({ cause: 'wrong-key-or-password' });
  });
});

describe('credential-store-down', () => {
  const config: ConfigInput = { credentials: { approach: 'delivered' } };

  it('gives no new credential, says when to ask again, and the relay serves those whom it has met alone', async () => {
    const lab = await openLab({ config });
    const { agent } = await register(lab, 'alice');
    await register(lab, 'bob');
    const [met, unmet] = [lab.credentialOf('alice'), lab.credentialOf('bob')];
    expect(await lab.tryAllocate(met)).toMatchObject({ granted: true });
    const fault = lab.faults.add({ kind: 'credential-store-down' });
    agent.register();
    // JsSIP tells of its first 200 alone.
    const answer = 'TURN-Cred-Rsp: error=unavailable;retry-after=5';
    await lab.waitFor('message', ({ text = '', to }) => to === 'wic' && text.includes(answer));
    expect(lab.events('credential-refused')).toMatchObject([{ cause: 'unavailable', via: 'REGISTER' }]);
    expect(await lab.tryAllocate(met)).toMatchObject({ granted: true });
    expect(await lab.tryAllocate(unmet)).toMatchObject({ granted: false, code: 500 });
    expect(fault.fired).toBeGreaterThanOrEqual(3);
    fault.clear();
    expect(await lab.tryAllocate(unmet)).toMatchObject({ granted: true });
    agent.register();
    await lab.waitFor('credential-issued', ({ user }) => user === 'alice', { fresh: true });
  });

  it('takes a credential back once the store is there again', async () => {
    const lab = await openLab({ config });
    await register(lab, 'alice');
    const fault = lab.faults.add({ kind: 'credential-store-down' });
    lab.faults.add({ kind: 'credential-revoked', user: 'alice' });
    const deny = (): Promise<unknown> => lab.tryAllocate(lab.credentialOf('alice'));
    expect(await deny()).toMatchObject({ granted: false });
    fault.clear();
    expect(await deny()).toMatchObject({ granted: false, code: 401 });
    expect(lab.events('authentication-refused').at(-1)).toMatchObject({ cause: 'unknown-user' });
  });

  it('takes no user, as a store is away for everybody', async () => {
    const lab = await openLab({ config });
    expect(() => lab.faults.add({ kind: 'credential-store-down', user: 'alice' })).toThrow(/takes no user/);
  });
});

it.each(['credential-store-down', 'access-token-refused', 'web-token-refused', 'authorization-server-down'] as const)(
  '%s is refused in words where it could hit nothing',
  async (kind) => {
    const lab = await openLab();
    expect(() => lab.faults.add({ kind })).toThrow(
      new RegExp(`^faults\\.add: ${kind} can hit nothing here; it needs `),
    );
    expect(lab.faults.list()).toEqual([]);
  },
);

it('a fault can be aimed at a guest', async () => {
  const lab = await openLab({ tokens: true });
  lab.faults.add({ kind: 'access-token-refused', user: 'guest7' });
  expect(await lab.tryAllocate(lab.mintToken('guest7'))).toMatchObject({ granted: false, code: 401 });
  expect(await lab.tryAllocate(lab.mintToken('guest8'))).toMatchObject({ granted: true });
});

const SECRET = 'secret-of-the-web-server';

interface Refusal {
  readonly status_code: number;
  getHeader(name: string): string | undefined;
}

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
  it.each(['token-expired', 'token-audience', 'token-key', 'token-inactive'] as const)(
    'web-token-refused with the cause %s is 401 with a Bearer challenge',
    async (cause) => {
      const { lab, supply } = await webLab();
      lab.faults.add({ kind: 'web-token-refused', cause });
      const { ua, tokens } = webAgent(lab, supply);
      await tokens.ready();
      const failed = once(ua, 'registrationFailed');
      ua.start();
      const [{ response }] = (await failed) as [{ response: Refusal }];
      expect(response.status_code).toBe(401);
      expect(response.getHeader('WWW-Authenticate')).toMatch(/^Bearer .*error="invalid_token"/);
      expect(lab.events('authentication-failed')[0]).toMatchObject({ user: 'alice', cause });
      expect(lab.events('fault-fired')[0]).toMatchObject({ kind: 'web-token-refused', user: 'alice' });
    },
  );

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

  it('web-token-refused with the cause issuer-unavailable is 503 with Retry-After', async () => {
    const { lab, supply } = await webLab();
    lab.faults.add({ kind: 'web-token-refused', cause: 'issuer-unavailable' });
    const { ua, tokens } = webAgent(lab, supply);
    await tokens.ready();
    const failed = once(ua, 'registrationFailed');
    ua.start();
    const [{ response }] = (await failed) as [{ response: Refusal }];
    expect([response.status_code, response.getHeader('Retry-After')]).toEqual([503, '5']);
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
