import { once } from 'node:events';
import { UA, WebSocketInterface } from 'jssip';
import { afterEach, describe, expect, it } from 'vitest';
import { type Lab, type LabOptions, startLab } from '../../src/lab/start-lab.ts';
import { attachWebToken, type WebToken } from '../../src/wic/index.ts';
import { httpsFetch } from '../support/https-fetch.ts';

const endings: (() => unknown)[] = [];

afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

async function openLab(options: LabOptions<'alice' | 'bob'> = {}): Promise<Lab<'alice' | 'bob'>> {
  const lab = await startLab({ tokens: true, ...options });
  endings.push(() => lab.stop());
  return lab;
}

interface Answered {
  readonly response: { readonly status_code: number; getHeader(name: string): string | undefined };
}

/** JsSIP with a token and no password; the answer to its REGISTER. */
async function register(
  lab: Lab,
  uri: string,
  supply: () => WebToken,
  ask = 'TURN-Cred-Req: turn',
): Promise<Answered['response']> {
  Object.assign(globalThis, { WebSocket: lab.WebSocket });
  const ua = new UA({ sockets: new WebSocketInterface(lab.webSocket), uri });
  ua.registrator().setExtraHeaders([ask]);
  const tokens = attachWebToken(ua, () => Promise.resolve(supply()));
  endings.push(() => {
    tokens.detach();
    ua.stop();
  });
  await tokens.ready();
  const answered = Promise.race([once(ua, 'registered'), once(ua, 'registrationFailed')]);
  ua.start();
  const [{ response }] = (await answered) as [Answered];
  return response;
}

describe('a web token of a lab', () => {
  it('registers its user without a password, and the lab knows the credential of that user', async () => {
    const lab = await openLab();
    const token = lab.webToken('alice');
    expect(token).toMatchObject({ user: 'alice', uri: 'sip:alice@localhost', impi: 'alice@localhost' });
    expect(token.expiresInSec).toBeGreaterThan(3590);
    expect((await register(lab, token.uri, () => token)).status_code).toBe(200);
    await lab.waitFor('registered', ({ user }) => user === 'alice');
    expect(await lab.tryAllocate(lab.credentialOf('alice'))).toMatchObject({ granted: true });
    expect(await lab.waitFor('allocation-created')).toMatchObject({ user: 'alice' });
  });

  it('is for a guest where nobody is named, each time for another, and of that guest when it is named', async () => {
    const lab = await openLab();
    const [guest, other] = [lab.webToken(), lab.webToken()];
    expect(guest.user).not.toBe(other.user);
    expect(guest).toMatchObject({ user: 'guest100', uri: 'sip:guest100@localhost' });
    expect((await register(lab, guest.uri, () => lab.webToken(guest.user))).status_code).toBe(200);
    const credential = lab.credentialOf(guest.user);
    expect(credential).toMatchObject({ user: guest.user, via: 'REGISTER' });
    expect(await lab.tryAllocate(credential)).toMatchObject({ granted: true });
    expect(await lab.waitFor('allocation-created')).toMatchObject({ user: guest.user });
  });

  it.each([
    ['expired', { expired: true }, 'token-expired'],
    ['for somebody else', { audience: 'another.example' }, 'token-audience'],
    ['signed by an unknown key', { unknownKid: true }, 'token-key'],
  ] as const)('that is %s is answered 401, and the event says why', async (_what, wish, cause) => {
    const lab = await openLab();
    const token = lab.webToken('alice', wish);
    const response = await register(lab, token.uri, () => token);
    expect(response.status_code).toBe(401);
    expect(response.getHeader('WWW-Authenticate')).toMatch(/^Bearer .*error="invalid_token"/);
    expect(lab.events('authentication-failed')[0]).toMatchObject({ cause, user: 'alice' });
  });

  it('that is expired has ended a minute ago', async () => {
    const lab = await openLab();
    expect(lab.webToken('bob', { expired: true }).expiresInSec).toBeLessThanOrEqual(-60);
  });

  it('is of users of the web too, by the name of their identity', async () => {
    const config = { oauth: { users: [{ name: 'c.jones', password: 'of-no-use-here', impi: 'carol@localhost' }] } };
    const lab = await openLab({ config });
    const token = lab.webToken('carol');
    expect((await register(lab, token.uri, () => token)).status_code).toBe(200);
    expect(lab.credentialOf('carol')).toMatchObject({ user: 'carol' });
  });

  it('is refused in words to nobody here, and in a lab that makes none', async () => {
    const lab = await openLab();
    expect(() => lab.webToken('mallory')).toThrow(/^webToken: expected a user of this lab .*, got "mallory"/);
    expect(() => lab.webToken('alice', { ttlSec: 0 })).toThrow(/^webToken: ttlSec: expected whole seconds above 0/);
    const plain = await openLab({ tokens: false });
    expect(() => plain.webToken()).toThrow(/no authorization server; startLab\(\{ tokens: true \}\)/);
  });
});

describe('an access token of a lab', () => {
  it('is honoured by the TURN server, and the allocation is of its user', async () => {
    const lab = await openLab();
    const minted = lab.mintToken('alice', { ttlSec: 120 });
    expect(minted).toMatchObject({ user: 'alice', username: 'lab' });
    expect(await lab.tryAllocate(minted)).toMatchObject({ granted: true });
    expect(await lab.waitFor('allocation-created')).toMatchObject({ user: 'alice', keyId: 'lab' });
    const { username: kid, password: key, token = '' } = minted;
    expect(await lab.tryAllocate({ kid, key, token })).toMatchObject({ granted: true });
  });

  it.each([
    ['expired', { expired: true }, 'expired'],
    ['for another server', { audience: 'another.example' }, 'forged-token'],
    ['of an unknown kid', { unknownKid: true }, 'unknown-kid'],
  ] as const)('that is %s is answered 401, and the event says why', async (_what, wish, cause) => {
    const lab = await openLab();
    expect(await lab.tryAllocate(lab.mintToken('bob', wish))).toMatchObject({ granted: false, code: 401 });
    await lab.waitFor('authentication-refused', (event) => event.cause === cause);
  });

  it('is what credentialOf gives for a client that asked the edge for one', async () => {
    const lab = await openLab();
    const web = lab.webToken('alice');
    const response = await register(lab, web.uri, () => web, 'TURN-Cred-Req: oauth');
    const issued = lab.credentialOf('alice');
    expect(response.getHeader('TURN-Cred-Rsp')).toContain(`token="${issued.token}"`);
    expect(await lab.tryAllocate(issued)).toMatchObject({ granted: true });
    expect(await lab.waitFor('allocation-created')).toMatchObject({ user: 'alice' });
  });

  it('cannot be made in a lab without a key of tokens', async () => {
    const lab = await openLab({ tokens: false });
    expect(() => lab.mintToken('alice')).toThrow(/^mintToken: this lab has no key of access tokens/);
  });
});

describe('what a page of a guest is given', () => {
  it.each(['', '?form=token'])('at /turn-credentials%s is known to the lab by the name of the guest', async (form) => {
    const lab = await openLab();
    const fetchLab = httpsFetch(lab.ca);
    const begun = await fetchLab(new URL('/wwsf/guest', lab.page).href, { method: 'POST' });
    const { user } = (await begun.json()) as { user: string };
    const cookie = begun.headers.getSetCookie()[0]!.split(';')[0]!;
    const answer = await fetchLab(new URL(`/turn-credentials${form}`, lab.page).href, { headers: { cookie } });
    const given = (await answer.json()) as { username?: string; kid: string; key: string; access_token: string };
    const issued = lab.credentialOf(user);
    expect(issued).toMatchObject({ user, via: 'GET', username: given.username ?? given.kid });
    expect(await lab.tryAllocate(issued)).toMatchObject({ granted: true });
    expect(await lab.waitFor('allocation-created')).toMatchObject({ user });
    if (form !== '') {
      const { kid, key, access_token: token } = given;
      expect(await lab.tryAllocate({ kid, key, token })).toMatchObject({ granted: true });
    }
  });
});
