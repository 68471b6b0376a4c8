import { URI, type UA } from 'jssip';
import { describe, expect, it } from 'vitest';
import { type Lab } from '../../../src/lab/start-lab.ts';
import { parseTurnCredential as parseAsEdge } from '../../sip/received-credential.ts';
import { parseTurnCredential } from '../../../src/wic/index.ts';
import { type Answer } from '../support/jssip-agent.ts';
import { agentsOfLabs } from './agents.ts';

const { openLab, register } = agentsOfLabs();

/** What the client finds; the helper for browsers and the edge's own parser agree. */
function found(answer: Answer) {
  const credential = parseTurnCredential(answer);
  expect(credential?.kind).toBe(parseAsEdge({ getAll: (name) => answer.getHeaders(name) })?.kind);
  return credential;
}

function credentialIn(answer: Answer) {
  const credential = found(answer);
  if (credential?.kind !== 'credential') throw new Error(`expected a credential, got ${JSON.stringify(credential)}`);
  return credential;
}

/** The answer to OPTIONS, which is how a client refreshes. */
function refresh(agent: UA): Promise<Answer> {
  const sender = agent as unknown as { sendOptions(target: URI, body: undefined, options: object): void };
  return new Promise((resolve) => {
    const done = ({ response }: { response: Answer }): void => {
      resolve(response);
    };
    sender.sendOptions(new URI('sip', '', 'localhost'), undefined, {
      extraHeaders: ['TURN-Cred-Req: turn'],
      eventHandlers: { succeeded: done, failed: done },
    });
  });
}

function nowSec(): number {
  return Math.floor(Date.now() / 1000);
}

function fired(lab: Pick<Lab, 'events'>): string[] {
  return lab.events('fault-fired').map(({ kind, user }) => `${kind} ${user ?? ''}`);
}

describe('credential-ttl', () => {
  it.each(['per-registration', 'reuse'] as const)(
    'issues credentials that end within seconds, policy %s',
    async (policy) => {
      const lab = await openLab({ config: { credentials: { policy } } });
      using fault = lab.faults.add({ kind: 'credential-ttl', ttlSec: 3, user: 'alice' });
      const { agent, answer } = await register(lab, 'alice');
      const credential = credentialIn(answer);
      expect(credential.expiresAtSec).toBeLessThanOrEqual(nowSec() + 3);
      expect(credential.ttlSec).toBeLessThanOrEqual(3);
      expect(answer.getHeader('TURN-Lifetime')).toBe(String(credential.expiresAtSec));
      expect(await lab.waitFor('credential-issued')).toMatchObject({ expiresAtSec: credential.expiresAtSec });
      expect(lab.credentialOf('alice')).toMatchObject({
        username: credential.username,
        password: credential.password,
        expiresAtSec: credential.expiresAtSec,
      });
      expect(await lab.tryAllocate(credential)).toMatchObject({ granted: true });
      const causes = async (): Promise<string[]> => {
        await lab.tryAllocate(credential);
        return lab.events('authentication-refused').flatMap(({ user, cause }) => (user === 'alice' ? [cause] : []));
      };
      await expect.poll(causes, { timeout: 10_000, interval: 250 }).toContain('expired');
      expect(await lab.tryAllocate(credential)).toMatchObject({ granted: false, code: 401 });

      const again = credentialIn(await refresh(agent));
      expect(again.expiresAtSec).toBeGreaterThan(credential.expiresAtSec);
      fault.clear();
      expect(credentialIn(await refresh(agent)).expiresAtSec).toBeGreaterThan(nowSec() + 1000);
      expect(fired(lab)).toEqual(['credential-ttl alice', 'credential-ttl alice']);
    },
  );
});

describe('credential-missing', () => {
  it('leaves a 200 without any credential field, for as often as it should', async () => {
    const lab = await openLab();
    lab.faults.add({ kind: 'credential-missing', user: 'alice', times: 1 });
    expect(credentialIn((await register(lab, 'bob')).answer).kind).toBe('credential');
    const { agent, answer } = await register(lab, 'alice');
    expect(found(answer)).toBeUndefined();
    for (const name of ['TURN-Cred-Rsp', 'TURN-Username', 'TURN-Password', 'TURN-Lifetime', 'TURN-URI']) {
      expect(answer.getHeaders(name)).toEqual([]);
    }
    expect(fired(lab)).toEqual(['credential-missing alice']);
    expect(credentialIn(await refresh(agent)).kind).toBe('credential');
  });
});

describe('credential-malformed', () => {
  it.each(['both', 'combined', 'separate'] as const)('makes %s fields that a client refuses', async (headers) => {
    const lab = await openLab({ config: { edge: { credential: { headers } } } });
    lab.faults.add({ kind: 'credential-malformed' });
    const { agent, answer } = await register(lab, 'alice');
    expect(found(answer)).toEqual({ kind: 'malformed' });
    expect(found(await refresh(agent))).toEqual({ kind: 'malformed' });
    expect(fired(lab)).toHaveLength(2);
  });
});

describe('credential-error', () => {
  it.each(['denied', 'quota', 'insecure', 'unsupported', 'unavailable'] as const)(
    'registers with error=%s in place of a credential',
    async (error) => {
      const lab = await openLab();
      lab.faults.add({ kind: 'credential-error', error, retryAfterSec: 9, user: 'alice', times: 1 });
      const { agent, answer } = await register(lab, 'alice');
      expect(found(answer)).toEqual({ kind: 'error', error, retryAfterSec: 9 });
      expect(answer.getHeader('TURN-Username')).toBeUndefined();
      await lab.waitFor('credential-refused', ({ user, cause }) => user === 'alice' && cause === error);
      expect(lab.events('credential-issued')).toEqual([]);
      expect(credentialIn(await refresh(agent)).kind).toBe('credential');
    },
  );

  it('of quota is a 503 to a refresh', async () => {
    const lab = await openLab();
    const { agent } = await register(lab, 'alice');
    lab.faults.add({ kind: 'credential-error', error: 'quota', retryAfterSec: 9 });
    const answer = await refresh(agent);
    expect(answer.status_code).toBe(503);
    expect(answer.getHeader('Retry-After')).toBe('9');
    expect(found(answer)).toEqual({ kind: 'error', error: 'quota', retryAfterSec: 9 });
  });
});

describe('credential-wrong-password', () => {
  it('issues a credential that the TURN server refuses', async () => {
    const lab = await openLab();
    lab.faults.add({ kind: 'credential-wrong-password', user: 'alice', times: 1 });
    const { agent, answer } = await register(lab, 'alice');
    const credential = credentialIn(answer);
    expect(answer.getHeader('TURN-Password')).toBe(credential.password);
    expect(lab.credentialOf('alice')).toMatchObject({
      password: credential.password,
      iceServer: { credential: credential.password },
    });
    expect(await lab.tryAllocate(credential)).toMatchObject({ granted: false, code: 401 });
    const refused = await lab.waitFor('authentication-refused', ({ cause }) => cause === 'wrong-key-or-password');
    expect(refused.user).toBe('alice');
    expect(await lab.tryAllocate(credentialIn(await refresh(agent)))).toMatchObject({ granted: true });
  });
});

describe('clock-skew', () => {
  it('of a TURN server that is ahead: a good credential has expired', async () => {
    const lab = await openLab();
    using fault = lab.faults.add({ kind: 'clock-skew', seconds: 86_400, user: 'alice' });
    expect(await lab.tryAllocate(lab.mint('alice'))).toMatchObject({ granted: false, code: 401 });
    await lab.waitFor('authentication-refused', ({ user, cause }) => user === 'alice' && cause === 'expired');
    expect(await lab.tryAllocate(lab.mint('bob'))).toMatchObject({ granted: true });
    const hits = lab.events('fault-fired');
    expect(hits[0]).toMatchObject({ detail: { seconds: 86_400, of: 'turn' } });
    // A request that is sent again is another hit.
    expect(new Set(hits.map(({ user }) => user))).toEqual(new Set(['alice']));
    fault.clear();
    expect(await lab.tryAllocate(lab.mint('alice'))).toMatchObject({ granted: true });
  });

  it('of a TURN server that is behind: an expired credential is honoured, and its allocation lives', async () => {
    const lab = await openLab({ config: { turn: { expiryPolicy: 'cap' } } });
    const expired = lab.mint('alice', { expired: true });
    expect(await lab.tryAllocate(expired)).toMatchObject({ granted: false, code: 401 });
    lab.faults.add({ kind: 'clock-skew', seconds: -300 });
    expect(await lab.tryAllocate(expired)).toMatchObject({ granted: true });
    const { lifetimeSec } = await lab.waitFor('allocation-created');
    expect(lifetimeSec).toBeGreaterThan(100);
  });

  it('of an edge that is behind: what it issues has expired, though it says how long it will last', async () => {
    const lab = await openLab();
    lab.faults.add({ kind: 'clock-skew', seconds: -7200, of: 'edge', user: 'alice' });
    const credential = credentialIn((await register(lab, 'alice')).answer);
    expect(credential.expiresAtSec).toBeLessThan(nowSec());
    expect(credential.ttlSec).toBe(3600);
    expect(await lab.tryAllocate(credential)).toMatchObject({ granted: false, code: 401 });
    await lab.waitFor('authentication-refused', ({ user, cause }) => user === 'alice' && cause === 'expired');
    expect(fired(lab)).toEqual(['clock-skew alice']);
  });

  it('of an edge that is ahead: its credential outlives the time it tells', async () => {
    const lab = await openLab();
    lab.faults.add({ kind: 'clock-skew', seconds: 7200, of: 'edge' });
    const credential = credentialIn((await register(lab, 'alice')).answer);
    expect(credential.expiresAtSec).toBeGreaterThan(nowSec() + 9000);
    expect(credential.ttlSec).toBe(3600);
    expect(await lab.tryAllocate(credential)).toMatchObject({ granted: true });
  });
});
