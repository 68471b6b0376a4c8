import { Session, type Profiler } from 'node:inspector';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { channelNumber, data, lifetime, xorPeerAddress } from '../../../src/stun/attributes/rfc8656.ts';
import { Method } from '../../../src/stun/message-type.ts';
import { type CredentialVerifier } from '../../../src/credentials/credential.ts';
import { heldToken, tokenVerifier } from '../../credentials/access-token/support.ts';
import { address, codeOf, engineOptions, type TestClient, World } from './world.ts';

const PORTS = { min: 50_000, max: 51_999 };
const HELD = 500;
const ROUNDS = 20;
const PEER = address('9.9.9.9:9');
const MANY = 1_000_000;

/** Counts what the engine does by how often V8 entered each function and block of it, which no clock and no load of the machine changes. */
const session = new Session();

beforeAll(() => {
  session.connect();
  session.post('Profiler.enable');
  session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
});

afterAll(() => {
  session.disconnect();
});

function coverage(): Profiler.ScriptCoverage[] {
  let scripts: Profiler.ScriptCoverage[] = [];
  session.post('Profiler.takePreciseCoverage', (_error, { result }) => {
    scripts = result;
  });
  return scripts;
}

/** How often each function was entered that hashes, or belongs to access tokens. */
function cryptoEntered(): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { url, functions } of coverage()) {
    const file = /\/src\/(base\/(?:keyed-)?hmac|credentials\/.*)\.ts/.exec(url)?.[1];
    for (const { functionName, ranges } of file === undefined ? [] : functions) {
      const count = ranges[0]?.count ?? 0;
      if (functionName !== '' && count > 0) counts[`${file} ${functionName}`] = count;
    }
  }
  return counts;
}

function blocksEntered(): number {
  const scripts = coverage();
  const ours = scripts.filter(({ url }) => /\/src\/(base|stun|turn)\//.test(url));
  expect(ours.length).toBeGreaterThan(0);
  const ranges = ours.flatMap(({ functions }) => functions.flatMap((one) => one.ranges));
  return ranges.reduce((sum, { count }) => sum + count, 0);
}

function costOf(work: () => void): number {
  work();
  blocksEntered();
  for (let i = 0; i < ROUNDS; i++) work();
  return blocksEntered() / ROUNDS;
}

function world(tokens?: CredentialVerifier): World {
  const options = engineOptions();
  return new World(
    {
      relay: { ...options.relay, ports: PORTS },
      allocation: { ...options.allocation, permissions: MANY, channels: MANY },
      quota: { perUser: MANY, perAddress: MANY, total: MANY },
      bandwidth: { allocationBytesPerSec: MANY, userBytesPerSec: MANY, totalBytesPerSec: MANY },
      answerLimit: { perSec: MANY, burst: MANY, sources: 1000, exempt: [] },
    },
    { quiet: true, ...(tokens && { tokens }) },
  );
}

function permit(client: TestClient, peer: string): void {
  expect(codeOf(client.request(Method.CreatePermission, (m) => m.add(xorPeerAddress, address(peer))))).toBe(0);
}

function bind(client: TestClient, channel: number, peer: string): void {
  const build = (m: Parameters<NonNullable<Parameters<TestClient['request']>[1]>>[0]): unknown =>
    m.add(channelNumber, channel).add(xorPeerAddress, address(peer));
  expect(codeOf(client.request(Method.ChannelBind, build))).toBe(0);
}

interface Scene {
  readonly world: World;
  readonly client: TestClient;
}

const ACTIONS: Record<string, (scene: Scene) => void> = {
  'a Refresh': ({ client }) => {
    expect(codeOf(client.request(Method.Refresh, (m) => m.add(lifetime, 700)))).toBe(0);
  },
  'a CreatePermission': ({ client }) => {
    permit(client, '9.9.9.9:9');
  },
  'a ChannelBind': ({ client }) => {
    bind(client, 0x4fff, '9.9.9.9:9');
  },
  'a Send indication': ({ client }) => {
    client.indicate(Method.Send, (m) => m.add(xorPeerAddress, PEER).add(data, Buffer.from('x')));
  },
  'data of a peer': ({ world: { engine }, client }) => {
    engine.onPeerData(client.relay, PEER, Buffer.from('x'));
  },
  'an Allocate and its deletion': ({ world: of }) => {
    const other = of.client('198.51.100.1:7').as('carol');
    expect(codeOf(other.allocate())).toBe(0);
    expect(codeOf(other.request(Method.Refresh, (m) => m.add(lifetime, 0)))).toBe(0);
  },
  'a request of a stranger': ({ world: of }) => {
    of.client('198.51.100.2:7').challenge();
  },
  'the timers': ({ world: of }) => {
    of.engine.runTimers(of.now);
  },
};

function scene(prepare: (scene: Scene) => void = () => undefined): Scene {
  const of = world();
  const client = of.client('198.51.100.9:9').as('alice');
  expect(codeOf(client.allocate())).toBe(0);
  permit(client, '9.9.9.9:9');
  prepare({ world: of, client });
  return { world: of, client };
}

const SCENES: Record<string, (scene: Scene) => void> = {
  'permissions and channels of its own': ({ client }) => {
    for (let i = 0; i < HELD; i++) bind(client, 0x4000 + i, `9.1.${i >> 8}.${i & 255}:1`);
  },
  'allocations of others': ({ world: of }) => {
    for (let i = 0; i < HELD; i++) {
      const other = of.client(`198.51.101.1:${1000 + i}`).as(`user-${i % 50}`);
      expect(codeOf(other.allocate())).toBe(0);
      permit(other, '9.9.9.9:9');
    }
  },
  'ports in quarantine, all that there are': ({ world: of }) => {
    const hasty = of.client('198.51.101.1:1').as('bob');
    for (let i = PORTS.min; i <= PORTS.max; i++) {
      expect(codeOf(hasty.allocate())).toBe(0);
      of.engine.endAllocationsOf('bob');
    }
  },
  'strangers who fill the table': ({ world: of }) => {
    for (let i = 0; i < 2 * HELD; i++) of.client(`100.70.${i >> 8}.${i & 255}:1`).challenge();
  },
};

const cases = Object.keys(SCENES).flatMap((held) => Object.keys(ACTIONS).map((action) => [action, held] as const));

describe('the cost of serving one client does not grow with what it or others hold', () => {
  it.each(cases)('%s beside %s', { timeout: 60_000 }, (action, held) => {
    const act = ACTIONS[action]!;
    const alone = scene();
    const among = scene(SCENES[held]);
    const before = costOf(() => {
      act(alone);
    });
    const after = costOf(() => {
      act(among);
    });
    // A heap of timers is as deep as the logarithm of what it holds; a walk over what is held would be hundreds more.
    expect(after).toBeLessThan(before * 1.25 + 60);
  });

  it('is measured by what would show a walk over all', () => {
    const { world: of } = scene(SCENES['allocations of others']);
    expect(costOf(() => of.engine.sessions())).toBeGreaterThan(HELD);
  });
});

describe('what an Allocate hashes', () => {
  /** Of a challenge and the Allocate behind it. */
  function hashed(of: World, client: TestClient): Record<string, number> {
    expect(codeOf(of.client().as('alice').allocate())).toBe(0);
    cryptoEntered();
    expect(codeOf(client.allocate())).toBe(0);
    return cryptoEntered();
  }

  it('with a password is the same where access tokens are taken too', () => {
    const [plain, taking] = [world(), world(tokenVerifier())];
    const before = hashed(plain, plain.client().as('bob'));
    const after = hashed(taking, taking.client().as('bob'));
    // The password, the request's proof and the answer's; and the nonce, which is made and then checked.
    expect(before['base/hmac digest']).toBe(3);
    expect(before['base/keyed-hmac #digest']).toBe(2);
    expect(after['base/hmac digest']).toBe(before['base/hmac digest']);
    expect(Object.keys(after).filter((name) => name.includes('access-token'))).toEqual([]);
  });

  it('with an access token is two HMACs more, by which its holder is known', () => {
    const of = world(tokenVerifier());
    const byPassword = hashed(of, of.client().as('bob'));
    const byToken = hashed(of, of.client().withToken(heldToken(of.now)));
    expect(byToken['credentials/access-token/token-codec decodeAccessToken']).toBe(1);
    expect(byToken['base/hmac digest']).toBe(byPassword['base/hmac digest']! + 2);
  });
});

describe('what a request on an allocation hashes', () => {
  it('is its proof and that of the answer: its nonce, its password and its user are known', () => {
    const { client } = scene();
    const message = client.signed(Method.Refresh, (m) => m.add(lifetime, 700));
    client.exchange(message);
    cryptoEntered();
    expect(codeOf(client.exchange(message))).toBe(0);
    const entered = cryptoEntered();
    expect(entered['base/hmac digest']).toBe(2);
    expect(entered['base/keyed-hmac #digest']).toBeUndefined();
  });
});

describe('what a message is read and written with', () => {
  /** How often functions of the codec are entered while a client does something, by file and name. */
  function codecEntered(act: () => void): Record<string, number> {
    act();
    coverage();
    act();
    const counts: Record<string, number> = {};
    for (const { url, functions } of coverage()) {
      const file = /\/src\/stun\/(.+)\.ts/.exec(url)?.[1];
      if (file === undefined) continue;
      for (const { functionName, ranges } of functions) counts[`${file} ${functionName}`] = ranges[0]?.count ?? 0;
    }
    return counts;
  }

  it('is one decoding of each attribute, however often it is asked for', () => {
    const { world: of, client } = scene();
    const message = client.signed(Method.Refresh, (m) => m.add(lifetime, 700));
    const counts = codecEntered(() => {
      of.engine.onClientMessage(client, message);
    });
    // USERNAME, REALM and NONCE of the request.
    expect(counts['codec/text-codec decodeText']).toBe(3);
    expect(counts['message decodeMessage']).toBe(1);
  });
});

describe('what a line of the log costs whose level is off', () => {
  it('is nothing: no fields are made, whatever a client asks for', () => {
    const { world: of, client } = scene();
    const act = (): void => {
      for (const one of Object.values(ACTIONS)) one({ world: of, client });
    };
    act();
    coverage();
    act();
    const report = coverage().find(({ url }) => url.includes('/src/turn/engine/observe/report.ts'));
    const entered = report?.functions.filter(({ ranges }) => (ranges[0]?.count ?? 0) > 0) ?? [];
    expect(entered.map(({ functionName }) => functionName)).toContain('reportAuthenticationRefused');
    expect(entered.filter(({ functionName }) => /^(fields|fieldsOf|clientText|infoOf)$/.test(functionName))).toEqual(
      [],
    );
  });
});
