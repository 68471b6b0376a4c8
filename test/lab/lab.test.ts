import { createHash, type X509Certificate } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { afterEach, beforeEach, describe, expect, expectTypeOf, it } from 'vitest';
import { Secret } from '../../src/base/secret.ts';
import { labConfig } from '../../src/lab/lab-config.ts';
import { startLab, type Lab, type LabUser } from '../../src/lab/start-lab.ts';
import { TurnClient } from '../turn/support/turn-client.ts';
import { createAgent } from './support/jssip-agent.ts';

let base: string;
const stateHome = process.env.XDG_STATE_HOME;
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'epcscf-turn-lab-'));
  process.env.XDG_STATE_HOME = base;
});
afterEach(() => {
  if (stateHome === undefined) delete process.env.XDG_STATE_HOME;
  else process.env.XDG_STATE_HOME = stateHome;
  rmSync(base, { recursive: true });
});

function get(url: string, ca: string): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { ca }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => (body += text));
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, body });
      });
    });
    sent.on('error', reject).end();
  });
}

async function register(lab: Lab, name: string): Promise<() => void> {
  const agent = createAgent(lab, name);
  agent.start();
  await lab.waitFor('credential-issued', ({ user }) => user === name);
  return () => {
    agent.stop();
  };
}

describe('a lab', () => {
  it('registers JsSIP, whose credential the TURN server honours', async () => {
    await using lab = await startLab({ users: ['alice', 'bob'] });
    const stopAlice = await register(lab, 'alice');
    const stopBob = await register(lab, 'bob');
    const credential = lab.credentialOf('alice');
    expect(credential).toMatchObject({ user: 'alice', via: 'REGISTER', realm: 'localhost' });
    expect(credential.iceServer).toEqual({
      urls: lab.turnUris,
      username: credential.username,
      credential: credential.password,
    });
    expect(await lab.tryAllocate(credential)).toMatchObject({ granted: true, relayed: { address: '127.0.0.1' } });
    const created = await lab.waitFor('allocation-created', ({ user }) => user === 'alice');
    expect(created).toMatchObject({ user: 'alice', turnName: credential.turnName, lifetimeSec: 600 });
    expect(lab.events('allocation-created')).toEqual([created]);
    const { flows, registrations, credentials, stats } = lab.snapshot();
    expect(flows.map(({ user }) => user)).toEqual(['alice', 'bob']);
    expect(registrations).toMatchObject([{ user: 'alice' }, { user: 'bob', aor: 'sip:bob@localhost' }]);
    expect(credentials.map(({ user }) => user)).toEqual(['alice', 'bob']);
    expect(credentials[0]).toEqual(credential);
    expect(stats).toMatchObject({ turn: { allocationsCreated: 1, allocations: 0 }, edge: {} });
    stopAlice();
    stopBob();
    await lab.waitFor('unregistered', ({ user }) => user === 'alice');
  });

  it('issues what the client finds in its 200', async () => {
    await using lab = await startLab();
    const agent = createAgent(lab, 'alice');
    const registered = new Promise<{ getHeader(name: string): string }>((resolve) => {
      agent.on('registered', ({ response }: { response: { getHeader(name: string): string } }) => {
        resolve(response);
      });
    });
    agent.start();
    const response = await registered;
    const { username, password, expiresAtSec } = lab.credentialOf('alice');
    expect(response.getHeader('TURN-Username')).toBe(username);
    expect(response.getHeader('TURN-Password')).toBe(password);
    expect(response.getHeader('TURN-Lifetime')).toBe(String(expiresAtSec));
    agent.stop();
  });

  it('has an expired credential refused, and tells whose it was and why', async () => {
    await using lab = await startLab();
    const expired = lab.mint('bob', { expired: true });
    expect(await lab.tryAllocate(expired)).toEqual({ granted: false, code: 401, reason: 'Unauthenticated' });
    const refused = await lab.waitFor('authentication-refused', ({ user }) => user === 'bob');
    expect(refused).toMatchObject({ cause: 'expired', username: expired.username, turnName: expired.turnName });
    expect(lab.snapshot().stats.turn).toMatchObject({ allocationsCreated: 0 });
  });

  it('has a wrong password refused', async () => {
    await using lab = await startLab();
    const { username } = lab.mint('alice');
    expect(await lab.tryAllocate({ username, password: 'another' })).toMatchObject({ granted: false, code: 401 });
    await lab.waitFor(
      'authentication-refused',
      ({ user, cause }) => user === 'alice' && cause === 'wrong-key-or-password',
    );
  });

  it('mints as the edge does, whatever the profile', async () => {
    const credentials = { order: 'u:t', separator: '!', hash: 'sha256', realmBound: true } as const;
    await using lab = await startLab({ config: { credentials, turn: { realm: 'relay.example' } } });
    const minted = lab.mint('alice', { ttlSec: 120 });
    expect(minted.username).toBe(`${minted.turnName}!${minted.expiresAtSec}`);
    expect(minted.realm).toBe('relay.example');
    expect(minted.expiresAtSec).toBeGreaterThan(Date.now() / 1000 + 100);
    expect(await lab.tryAllocate(minted)).toMatchObject({ granted: true });
    expect(await lab.tryAllocate(lab.mint('alice', { expired: true }))).toMatchObject({ granted: false });
  });

  it('shows an allocation with its user while it lives', async () => {
    await using lab = await startLab();
    const { username, password, turnName } = lab.mint('bob');
    const server = lab.addresses.turn.find(({ transport }) => transport === 'tcp')!;
    const client = await TurnClient.connect({ transport: 'tcp', server, username, password });
    await client.allocate();
    expect(lab.snapshot().allocations).toMatchObject([{ user: 'bob', turnName, transport: 'tcp' }]);
    client.close();
    expect(await lab.waitFor('allocation-ended')).toMatchObject({ user: 'bob', cause: 'client-closed' });
    expect(lab.snapshot().allocations).toEqual([]);
  });

  it('lets TURN clients reach peers on loopback, where a test has them', async () => {
    await using lab = await startLab();
    const { username, password } = lab.mint('alice');
    const server = lab.addresses.turn.find(({ transport }) => transport === 'udp')!;
    const client = await TurnClient.connect({ transport: 'udp', server, username, password });
    await client.allocate();
    await client.permit({ family: 4, address: '127.0.0.1', port: 0 });
    expect(await lab.waitFor('permission-created')).toMatchObject({ user: 'alice', peerAddress: '127.0.0.1' });
    client.close();
  });

  it('serves its page, which offers its users, under a certificate of its CA', async () => {
    await using lab = await startLab({ users: [{ name: 'carol', password: 'her password' }, 'dave'] });
    const { status, body } = await get(`${lab.page}setup.json`, lab.ca);
    expect(status).toBe(200);
    expect(JSON.parse(body)).toMatchObject({
      users: [
        { name: 'carol', password: 'her password' },
        { name: 'dave', password: lab.users.dave.password },
      ],
    });
    expect(lab.users.dave.password).toMatch(/^[a-z]{6}-[a-z]{6}-[a-z]{6}$/);
    await expect(get(lab.page, '')).rejects.toThrow(/certificate/);
  });

  it('tells the hash of the very key that its TLS shows', async () => {
    await using lab = await startLab();
    const { port } = lab.addresses.https[0]!;
    const shown = await new Promise<X509Certificate>((resolve, reject) => {
      const socket = connect({ port, host: 'localhost', ca: lab.ca }, () => {
        resolve(socket.getPeerX509Certificate()!);
        socket.destroy();
      });
      socket.on('error', reject);
    });
    const spki = shown.publicKey.export({ type: 'spki', format: 'der' });
    expect(lab.spkiHash).toBe(createHash('sha256').update(spki).digest('base64'));
  });

  it('touches no disk, and with a state folder that one only', async () => {
    const stateDir = join(base, 'asked');
    await using first = await startLab();
    expect(readdirSync(base)).toEqual([]);
    await using second = await startLab({ config: { stateDir } });
    expect(readdirSync(base)).toEqual(['asked']);
    expect(readFileSync(join(stateDir, 'ca.pem'), 'utf8')).toBe(second.ca);
    expect(second.ca).not.toBe(first.ca);
    expect(await second.tryAllocate(second.mint('alice'))).toMatchObject({ granted: true });
  });

  it('runs beside others: same CA, other ports, other keys, nothing heard of them', async () => {
    const labs = await Promise.all([
      startLab(),
      startLab({ config: { domain: 'one.example' } }),
      startLab({ config: { domain: 'two.example' } }),
    ]);
    const [first, second] = labs;
    expect(new Set(labs.map(({ ca }) => ca)).size).toBe(1);
    const ports = labs.flatMap(({ addresses }) => [addresses.https[0]!.port, addresses.turn[0]!.port]);
    expect(new Set(ports).size).toBe(ports.length);
    expect(await second.tryAllocate(first.mint('alice'))).toMatchObject({ granted: false, code: 401 });
    expect(await second.waitFor('authentication-refused', ({ cause }) => cause !== 'no-credentials')).toMatchObject({
      user: undefined,
      cause: 'wrong-key-or-password',
    });
    expect(first.events()).toEqual([]);
    await Promise.all(labs.map((lab) => get(`${lab.page}healthz`, lab.ca)));
    await Promise.all(labs.map((lab) => lab.stop()));
  });

  it('stops once, frees its ports, and ends what waits for it', async () => {
    const lab = await startLab();
    const waiting = expect(lab.waitFor('registered')).rejects.toMatchObject({ code: 'ERR_LAB_STOPPED' });
    await Promise.all([lab.stop(), lab.stop()]);
    await waiting;
    // Where localhost has two addresses, an error of both has no text.
    await expect(get(lab.page, lab.ca)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    expect(lab.events('stopped')).toHaveLength(1);
    await expect(lab.waitFor('registered')).rejects.toMatchObject({ code: 'ERR_LAB_STOPPED' });
  });

  it('knows its users by their names, in types too', async () => {
    await using lab = await startLab({ users: ['alice', { name: 'carol', password: 'her password' }] });
    expectTypeOf(lab.users).toEqualTypeOf<Readonly<Record<'alice' | 'carol', LabUser<'alice' | 'carol'>>>>();
    expect(() => lab.mint('zoe' as 'alice')).toThrow('mint: expected a user of this lab (alice, carol), got "zoe"');
    expect(() => lab.mint('alice', { ttlSec: 0.5 })).toThrow('mint: ttlSec: expected whole seconds above 0, got 0.5');
    expect(() => lab.credentialOf('carol')).toThrow(/^credentialOf: carol has been issued no credential yet/);
    await expect(startLab({ users: ['alice', 'alice'] })).rejects.toMatchObject({
      code: 'ERR_INVALID_ARGUMENT',
      message: 'users: "alice" comes twice',
    });
  });

  it('is configured like a server, mistakes named and switched-off parts too', async () => {
    await expect(startLab({ config: { turn: { realm: '' } } })).rejects.toMatchObject({ code: 'ERR_CONFIG_INVALID' });
    await using lab = await startLab({ config: { edge: { demoPage: false } } });
    expect(() => lab.page).toThrow(/^page: switched off/);
    await using relay = await startLab({ config: { edge: { enabled: false } } });
    expect(() => relay.webSocket).toThrow(/^webSocket: switched off/);
    expect(await relay.tryAllocate(relay.mint('alice'))).toMatchObject({ granted: true });
  });
});

describe('the configuration of a lab', () => {
  it('keeps its defaults beside what is overridden, and replaces lists', () => {
    const users = new Map([['alice', new Secret('p')]]);
    const merged = labConfig(
      {
        edge: { listen: { port: 9443 }, core: { users: [{ name: 'zoe', password: 'q' }] } },
        turn: { listeners: [{ transport: 'udp', address: '127.0.0.1' }], quota: { perUser: 1 } },
      },
      users,
    );
    expect(merged.edge).toMatchObject({ listen: { addresses: ['127.0.0.1', '::1'], port: 9443 } });
    expect(merged.edge?.core?.users).toEqual([
      { name: 'alice', password: users.get('alice') },
      { name: 'zoe', password: 'q' },
    ]);
    expect(merged.turn).toMatchObject({ peers: { allowPrivate: true }, quota: { perUser: 1 } });
    expect(merged.turn?.listeners).toEqual([{ transport: 'udp', address: '127.0.0.1' }]);
  });
});
