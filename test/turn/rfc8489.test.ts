import { afterEach, describe, expect, it } from 'vitest';
import { type ConfigInput } from '../../src/config/schema/tree.ts';
import { silentLogger } from '../../src/base/logger.ts';
import { startLab } from '../../src/lab/start-lab.ts';
import { createServer, type Server } from '../../src/server/server.ts';
import { type AuthenticationCause } from '../../src/turn/engine/observe/turn-words.ts';
import { RFC8489_B1, RFC8489_B1_REQUEST } from '../vectors/rfc8489-appendix-b.ts';
import {
  ALLOCATE,
  append,
  codeOf,
  encode,
  find,
  hmac,
  isSigned,
  longTermKey,
  MD5,
  parse,
  REFRESH,
  replaced,
  Rfc8489Client,
  SHA256,
  signed,
  Type,
  userhash,
  without,
} from './support/rfc8489-client.ts';

const REALM = 'ims.example';
const KATAKANA = { username: RFC8489_B1.username, password: RFC8489_B1.password };
const ALICE = { username: 'alice', password: 'alice-secret' };
const UDP = [Type.REQUESTED_TRANSPORT, Buffer.from([17, 0, 0, 0])] as const;
const NO_LIFE = [Type.LIFETIME, Buffer.alloc(4)] as const;

const closers: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

interface Served {
  readonly server: Server;
  readonly ports: readonly number[];
  readonly refused: AuthenticationCause[];
}

async function serve(turn: NonNullable<ConfigInput['turn']> = {}, users?: object[]): Promise<Served> {
  const config: ConfigInput = {
    edge: { enabled: false },
    turn: { realm: REALM, listeners: [{ transport: 'udp', address: '127.0.0.1', port: 0 }], ...turn },
    credentials: {
      secret: 'km-of-thirty-two-characters-here',
      pseudonymKey: 'pseudonym-key-of-this-test',
      users: (users ?? [
        { name: ALICE.username, password: ALICE.password },
        { name: KATAKANA.username, password: KATAKANA.password },
      ]) as NonNullable<NonNullable<ConfigInput['credentials']>['users']>,
    },
  };
  const server = await createServer(config, { logger: silentLogger });
  const refused: AuthenticationCause[] = [];
  server.on('authentication-refused', ({ cause }) => {
    if (cause !== 'no-credentials') refused.push(cause);
  });
  await server.start();
  closers.push(() => server.stop());
  return { server, ports: server.addresses.turn.map(({ port }) => port), refused };
}

async function open(
  { ports }: Served,
  options: Partial<Parameters<typeof Rfc8489Client.open>[0]> = {},
): Promise<Rfc8489Client> {
  const client = await Rfc8489Client.open({ port: ports[0]!, ...ALICE, ...options });
  closers.push(() => {
    client.close();
  });
  return client;
}

describe('the independent client', () => {
  it('makes the request of RFC 8489 appendix B.1, byte for byte', () => {
    const { username, realm, nonce, password } = RFC8489_B1;
    const request = encode(1, RFC8489_B1_REQUEST.subarray(8, 20), [
      [Type.USERHASH, userhash(username, realm)],
      [Type.NONCE, Buffer.from(nonce)],
      [Type.REALM, Buffer.from(realm)],
      [Type.PASSWORD_ALGORITHM, Buffer.from([0, SHA256, 0, 0])],
    ]);
    const key = longTermKey(SHA256, username, realm, password);
    expect(signed(request, Type.MESSAGE_INTEGRITY_SHA256, key)).toEqual(Buffer.from(RFC8489_B1_REQUEST));
  });
});

describe('a client of RFC 8489', () => {
  it('is offered SHA-256 before MD5 in a 401 that stays below 120 bytes', async () => {
    const served = await serve();
    const client = await open(served);
    const challenged = await client.ask(ALLOCATE, [UDP]);
    expect(codeOf(challenged)).toBe(401);
    expect(find(challenged, Type.PASSWORD_ALGORITHMS)).toEqual(Buffer.from([0, SHA256, 0, 0, 0, MD5, 0, 0]));
    expect(find(challenged, Type.NONCE)!.toString()).toMatch(/^obMatJos2gAAA/);
    expect(challenged.bytes.length).toBeLessThan(120);
  });

  it.each([
    ['SHA-256', [SHA256, MD5], SHA256],
    ['MD5, when it knows no other', [MD5], MD5],
  ])(
    'allocates, refreshes and deletes with a key by %s, and its answers are signed with SHA-256',
    async (_, algorithms, chosen) => {
      const served = await serve();
      const client = await open(served, { algorithms });
      const allocated = await client.allocate();
      expect(codeOf(allocated)).toBe(0);
      expect(client.challenge!.chosen).toBe(chosen);
      expect(find(allocated, Type.MESSAGE_INTEGRITY)).toBeUndefined();
      expect(codeOf(await client.request(REFRESH))).toBe(0);
      expect(codeOf(await client.request(REFRESH, [NO_LIFE]))).toBe(0);
      expect(served.server.snapshot().allocations).toEqual([]);
    },
  );

  it('is known by a name that is not ASCII, in whatever form it was written down', async () => {
    const served = await serve({}, [{ name: 'Andre\u0301', password: 'cafe\u0301\u00a0au\u2003lait' }]);
    const client = await open(served, { username: 'Andr\u00e9', password: 'caf\u00e9 au lait' });
    expect(codeOf(await client.allocate())).toBe(0);
    expect(served.server.snapshot().allocations).toMatchObject([{ user: 'Andre\u0301' }]);
  });

  it('is refused with a wrong password, and its answer is unsigned', async () => {
    const served = await serve();
    const client = await open(served, { password: 'guess' });
    const refused = await client.allocate();
    expect(codeOf(refused)).toBe(401);
    expect(find(refused, Type.MESSAGE_INTEGRITY_SHA256)).toBeUndefined();
    expect(served.refused).toEqual(['wrong-key-or-password']);
  });

  it('that is of RFC 5389 and ignores the offer works as ever', async () => {
    const served = await serve();
    const client = await open(served);
    const challenge = { ...client.learn(await client.ask(ALLOCATE, [UDP])), offer: undefined, chosen: undefined };
    const request = signed(client.form(ALLOCATE, [UDP], challenge), Type.MESSAGE_INTEGRITY, client.key(challenge));
    const response = await client.exchange(request);
    expect(codeOf(response)).toBe(0);
    expect(isSigned(response, Type.MESSAGE_INTEGRITY, client.key(challenge))).toBe(true);
  });

  it('that is of RFC 5389 is refused where MD5 is not offered', async () => {
    const served = await serve({ passwordAlgorithms: ['sha256'] });
    const old = await open(served);
    const challenge = { ...old.learn(await old.ask(ALLOCATE, [UDP])), offer: undefined, chosen: undefined };
    const request = signed(old.form(ALLOCATE, [UDP], challenge), Type.MESSAGE_INTEGRITY, old.key(challenge));
    expect(codeOf(await old.exchange(request))).toBe(401);
    expect(served.refused).toEqual(['weak-algorithm']);
    expect(codeOf(await (await open(served)).allocate())).toBe(0);
  });

  it('is offered nothing when nothing is to be chosen, and is not asked to choose', async () => {
    const served = await serve({ passwordAlgorithms: [] });
    const client = await open(served);
    expect(codeOf(await client.allocate())).toBe(0);
    expect(client.challenge).toMatchObject({ offer: undefined, anonymous: false });
    expect(client.challenge!.nonce).toMatch(/^obMatJos2AAAA/);
  });

  it('is not offered SHA-256 when of one user no more than the MD5 key is known, and that user can log in', async () => {
    const key = longTermKey(MD5, 'carol', REALM, 'carol-secret').toString('hex');
    const served = await serve({}, [
      { name: 'carol', key },
      { name: ALICE.username, password: ALICE.password },
    ]);
    const carol = await open(served, { username: 'carol', password: 'carol-secret' });
    expect(codeOf(await carol.allocate())).toBe(0);
    expect(carol.challenge!.offer).toEqual(Buffer.from([0, MD5, 0, 0]));
    expect(codeOf(await (await open(served)).allocate())).toBe(0);
  });
});

describe('USERHASH', () => {
  it('stands for the user whose name no message holds', async () => {
    const served = await serve({ usernameAnonymity: true });
    const names: unknown[] = [];
    served.server.on('allocation-created', ({ user }) => names.push(user));
    const client = await open(served, KATAKANA);
    expect(codeOf(await client.allocate())).toBe(0);
    expect(client.challenge).toMatchObject({ anonymous: true, chosen: SHA256 });
    expect(codeOf(await client.request(REFRESH))).toBe(0);
    expect(names).toEqual([KATAKANA.username]);
    const name = Buffer.from(KATAKANA.username);
    expect(client.sent.filter((bytes) => bytes.includes(name))).toEqual([]);
  });

  it('of nobody is 401, and one of 31 bytes is 400', async () => {
    const served = await serve({ usernameAnonymity: true });
    const stranger = await open(served, { username: 'mallory' });
    expect(codeOf(await stranger.allocate())).toBe(401);
    const request = replaced(stranger.form(ALLOCATE, [UDP], stranger.challenge!), Type.USERHASH, Buffer.alloc(31));
    const response = await stranger.exchange(
      signed(request, Type.MESSAGE_INTEGRITY_SHA256, stranger.key(stranger.challenge!)),
    );
    expect(codeOf(response)).toBe(400);
    expect(served.refused).toEqual(['unknown-user', 'incomplete-credentials']);
  });

  it('stands for a user of the shared key as well, where this process made the name', async () => {
    const lab = await startLab({ config: { turn: { usernameAnonymity: true } } });
    closers.push(() => lab.stop());
    const { username, password, turnName } = lab.mint('alice');
    const port = Number(/^turn:127\.0\.0\.1:(\d+)\?transport=udp$/m.exec(lab.turnUris.join('\n'))![1]);
    const client = await Rfc8489Client.open({ port, username, password });
    closers.push(() => {
      client.close();
    });
    expect(codeOf(await client.allocate())).toBe(0);
    expect(client.challenge).toMatchObject({ anonymous: true, chosen: SHA256 });
    expect(await lab.waitFor('allocation-created')).toMatchObject({ turnName, user: 'alice' });
    const expired = lab.mint('alice', { expired: true });
    const late = await Rfc8489Client.open({ port, username: expired.username, password: expired.password });
    closers.push(() => {
      late.close();
    });
    expect(codeOf(await late.allocate())).toBe(401);
  });

  it('is not asked for by default, since a name that another process made could not be found', async () => {
    const client = await open(await serve());
    expect(client.learn(await client.ask(ALLOCATE, [UDP])).anonymous).toBe(false);
  });
});

describe('bid-down: somebody on the path', () => {
  it('who takes PASSWORD-ALGORITHMS out of the 401 is found out by the client, from the nonce', async () => {
    const client = await open(await serve(), { path: { down: (bytes) => without(bytes, Type.PASSWORD_ALGORITHMS) } });
    await expect(client.allocate()).rejects.toThrow('PASSWORD-ALGORITHMS was promised and taken away');
  });

  it('who takes its bit out of the nonce as well has made a nonce that the server does not take', async () => {
    const down = (bytes: Buffer): Buffer => {
      const value = find(parse(bytes), Type.NONCE);
      const nonce = Buffer.from(value?.toString().replace('obMatJos2gAAA', 'obMatJos2AAAA') ?? '');
      return replaced(without(bytes, Type.PASSWORD_ALGORITHMS), Type.NONCE, nonce);
    };
    const served = await serve();
    const client = await open(served, { path: { down } });
    expect(codeOf(await client.allocate())).toBe(438);
    expect(served.refused).toEqual(['foreign-nonce']);
    expect(served.server.snapshot().allocations).toEqual([]);
  });

  it('who leaves only MD5 in the offer is found out by the server, when the offer comes back', async () => {
    const down = (bytes: Buffer): Buffer =>
      find(parse(bytes), Type.PASSWORD_ALGORITHMS)
        ? replaced(bytes, Type.PASSWORD_ALGORITHMS, Buffer.from([0, MD5, 0, 0]))
        : bytes;
    const served = await serve();
    const client = await open(served, { path: { down } });
    expect(codeOf(await client.allocate())).toBe(400);
    expect(served.refused).toEqual(['bid-down']);
  });

  it('who changes the offer in both directions breaks the signature', async () => {
    const full = Buffer.from([0, SHA256, 0, 0, 0, MD5, 0, 0]);
    const down = (bytes: Buffer): Buffer => replaced(bytes, Type.PASSWORD_ALGORITHMS, Buffer.from([0, MD5, 0, 0]));
    const up = (bytes: Buffer): Buffer => replaced(bytes, Type.PASSWORD_ALGORITHMS, full);
    const served = await serve();
    const client = await open(served, { path: { down, up } });
    expect(codeOf(await client.allocate())).toBe(401);
    expect(served.refused).toEqual(['wrong-key-or-password']);
  });

  it.each([
    ['PASSWORD-ALGORITHMS', [Type.PASSWORD_ALGORITHMS], 400, 'bid-down'],
    ['PASSWORD-ALGORITHM', [Type.PASSWORD_ALGORITHM], 400, 'bid-down'],
    ['both of them', [Type.PASSWORD_ALGORITHMS, Type.PASSWORD_ALGORITHM], 401, 'wrong-key-or-password'],
    ['MESSAGE-INTEGRITY-SHA256', [Type.MESSAGE_INTEGRITY_SHA256], 400, 'bid-down'],
  ])('who takes %s out of a request gains nothing, were it signed in both ways', async (_what, types, code, cause) => {
    const served = await serve();
    const client = await open(served);
    const challenge = client.learn(await client.ask(ALLOCATE, [UDP]));
    const key = client.key(challenge);
    const once = signed(client.form(ALLOCATE, [UDP], challenge), Type.MESSAGE_INTEGRITY, key);
    const twice = signed(once, Type.MESSAGE_INTEGRITY_SHA256, key);
    expect(codeOf(await client.exchange(without(twice, ...types)))).toBe(code);
    expect(served.refused).toEqual([cause]);
    expect(served.server.snapshot().allocations).toEqual([]);
    expect(codeOf(await client.exchange(twice))).toBe(0);
  });

  it.each([
    ['an algorithm that was not offered', Buffer.from([0, 3, 0, 0])],
    ['an offered one with parameters', Buffer.from([0, SHA256, 0, 1, 7, 0, 0, 0])],
    ['two algorithms', Buffer.from([0, SHA256, 0, 0, 0, MD5, 0, 0])],
    ['none', Buffer.alloc(0)],
  ])('a PASSWORD-ALGORITHM of %s is 400', async (_what, value) => {
    const served = await serve();
    const client = await open(served);
    const challenge = client.learn(await client.ask(ALLOCATE, [UDP]));
    const request = replaced(client.form(ALLOCATE, [UDP], challenge), Type.PASSWORD_ALGORITHM, value);
    const response = await client.exchange(signed(request, Type.MESSAGE_INTEGRITY_SHA256, client.key(challenge)));
    expect(codeOf(response)).toBe(400);
    expect(served.refused).toEqual(['bid-down']);
  });
});

describe('MESSAGE-INTEGRITY-SHA256', () => {
  it.each([0, 4, 16, 20, 28, 31, 33, 36])('of %i bytes is refused: TURN allows no truncated one', async (length) => {
    const served = await serve();
    const client = await open(served);
    const challenge = client.learn(await client.ask(ALLOCATE, [UDP]));
    const request = client.form(ALLOCATE, [UDP], challenge);
    const whole = hmac(Type.MESSAGE_INTEGRITY_SHA256, client.key(challenge), request, Math.ceil(length / 4) * 4);
    const value = Buffer.concat([whole, Buffer.alloc(8)]).subarray(0, length);
    const response = await client.exchange(append(request, Type.MESSAGE_INTEGRITY_SHA256, value));
    expect(codeOf(response)).toBe(400);
    expect(served.refused).toEqual(['malformed-integrity']);
  });

  it('that is wrong is not made good by a MESSAGE-INTEGRITY that is right', async () => {
    const served = await serve();
    const client = await open(served);
    const challenge = client.learn(await client.ask(ALLOCATE, [UDP]));
    const once = signed(client.form(ALLOCATE, [UDP], challenge), Type.MESSAGE_INTEGRITY, client.key(challenge));
    const response = await client.exchange(append(once, Type.MESSAGE_INTEGRITY_SHA256, Buffer.alloc(32, 7)));
    expect(codeOf(response)).toBe(401);
  });

  it('hides what follows it: a LIFETIME behind it is not heard', async () => {
    const served = await serve();
    const client = await open(served);
    await client.allocate();
    const challenge = client.challenge!;
    const key = client.key(challenge);
    const request = signed(client.form(REFRESH, [], challenge), Type.MESSAGE_INTEGRITY_SHA256, key);
    const response = await client.exchange(append(request, ...NO_LIFE));
    expect(codeOf(response)).toBe(0);
    expect(find(response, Type.LIFETIME)!.readUInt32BE()).toBeGreaterThan(0);
    expect(served.server.snapshot().allocations).toHaveLength(1);
  });

  it('covers a LIFETIME of which the first counts', async () => {
    const served = await serve();
    const client = await open(served);
    await client.allocate();
    const long = [Type.LIFETIME, Buffer.from([0, 0, 4, 0])] as const;
    expect(find(await client.request(REFRESH, [long, NO_LIFE]), Type.LIFETIME)!.readUInt32BE()).toBe(1024);
  });
});

describe('several realms', () => {
  const partner = 'partner.example';
  const origin = 'https://partner.example';
  const bob = { username: 'bob', password: 'bob-secret' };
  const users = [
    { name: ALICE.username, password: ALICE.password },
    { name: ALICE.username, password: 'alice-at-partner', realm: partner },
    { name: bob.username, password: bob.password, realm: partner },
  ];
  const turn = {
    realms: [{ realm: partner, origins: [origin] }],
    listeners: [
      { transport: 'udp', address: '127.0.0.1', port: 0 },
      { transport: 'udp', address: '127.0.0.1', port: 0, realm: partner },
    ],
  } satisfies ConfigInput['turn'];

  it('are told apart by ORIGIN and by listener, and each knows its own users', async () => {
    const served = await serve(turn, users);
    const byOrigin = await open(served, { ...bob, origin });
    expect(codeOf(await byOrigin.allocate())).toBe(0);
    const byListener = await open(served, { ...bob, port: served.ports[1]! });
    expect(codeOf(await byListener.allocate())).toBe(0);
    expect([byOrigin.challenge!.realm, byListener.challenge!.realm]).toEqual([partner, partner]);
    const ours = await open(served, { origin: 'https://elsewhere.example' });
    expect(codeOf(await ours.allocate())).toBe(0);
    expect(ours.challenge!.realm).toBe(REALM);
    const holders = served.server.snapshot().allocations.map(({ user }) => user);
    expect(holders.sort()).toEqual(['alice', `bob@${partner}`, `bob@${partner}`]);
  });

  it('let a client leave ORIGIN out once it was challenged', async () => {
    const served = await serve(turn, users);
    const client = await open(served, { ...bob, origin });
    await client.allocate();
    const challenge = client.challenge!;
    const request = without(client.form(REFRESH, [], challenge), Type.ORIGIN);
    expect(codeOf(await client.exchange(signed(request, Type.MESSAGE_INTEGRITY_SHA256, client.key(challenge))))).toBe(
      0,
    );
  });

  it('know nobody of one another, and no password of one another', async () => {
    const served = await serve(turn, users);
    expect(codeOf(await (await open(served, bob)).allocate())).toBe(401);
    expect(codeOf(await (await open(served, { ...ALICE, origin })).allocate())).toBe(401);
    expect(served.server.snapshot().allocations).toEqual([]);
  });

  it('take no nonce of one another', async () => {
    const served = await serve(turn, users);
    const client = await open(served, bob);
    const ours = client.learn(await client.ask(ALLOCATE, [UDP]));
    const crossed = { ...ours, realm: partner };
    const request = signed(client.form(ALLOCATE, [UDP], crossed), Type.MESSAGE_INTEGRITY_SHA256, client.key(crossed));
    const response = await client.exchange(request);
    expect(codeOf(response)).toBe(438);
    expect(served.refused).toEqual(['foreign-nonce']);
    client.learn(response);
    expect(client.challenge!.realm).toBe(partner);
    expect(codeOf(await client.allocate())).toBe(0);
  });

  it('hold two users of one name: the second is 441 on the allocation of the first', async () => {
    const served = await serve(turn, users);
    const first = await open(served);
    await first.allocate();
    const asked = await first.ask(ALLOCATE, [UDP, [Type.ORIGIN, Buffer.from(origin)]]);
    const challenge = first.learn(asked);
    const key = longTermKey(SHA256, 'alice', partner, 'alice-at-partner');
    const request = signed(first.form(REFRESH, [], challenge), Type.MESSAGE_INTEGRITY_SHA256, key);
    const response = await first.exchange(request);
    expect(codeOf(response)).toBe(441);
    expect(isSigned(response, Type.MESSAGE_INTEGRITY_SHA256, key)).toBe(true);
  });
});
