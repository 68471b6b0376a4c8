import { beforeEach, describe, expect, it } from 'vitest';
import { messageIntegrity, nonce } from '../../../src/stun/attributes/rfc8489.ts';
import { checkIntegrity } from '../../../src/stun/integrity.ts';
import { Method } from '../../../src/stun/message-type.ts';
import { type TappedRequest, type TurnTap } from '../../../src/turn/engine/turn-tap.ts';
import { codeOf, plain, World } from './world.ts';

/** A tap that does what it is told and keeps what it was asked. */
class FakeTap implements TurnTap {
  before: 'no-answer' | 401 | 438 | undefined;
  after: number | undefined;
  readonly asked: { readonly at: 'unauthenticated' | 'authenticated'; readonly request: TappedRequest }[] = [];

  unauthenticated(request: TappedRequest): 'no-answer' | 401 | 438 | undefined {
    this.asked.push({ at: 'unauthenticated', request });
    return this.before;
  }

  authenticated(request: TappedRequest): number | undefined {
    this.asked.push({ at: 'authenticated', request });
    return this.after;
  }
}

let tap: FakeTap;
let world: World;

beforeEach(() => {
  tap = new FakeTap();
  world = new World({}, { tap });
});

describe('a tap', () => {
  it('lets everything pass while it says nothing, and is asked before and after authentication', () => {
    const client = world.client().as('alice');
    expect(codeOf(client.allocate())).toBe(0);
    const { username } = client.login!;
    const who = { transport: 'udp', client: client.remote, method: Method.Allocate };
    expect(tap.asked).toEqual([
      { at: 'unauthenticated', request: { ...who, username: undefined } },
      { at: 'unauthenticated', request: { ...who, username } },
      { at: 'authenticated', request: { ...who, username } },
    ]);
  });

  it('leaves a request unanswered, which counts as a drop', () => {
    tap.before = 'no-answer';
    expect(world.client().exchange(plain(Method.Allocate, 'request'))).toBeUndefined();
    expect(world.engine.stats().drops).toEqual({ fault: 1 });
    expect(world.engine.stats().authenticationsRefused).toBe(0);
  });

  it.each([401, 438] as const)('challenges with %i a request that is in order, unsigned and with a nonce', (code) => {
    const client = world.client().as('alice');
    client.allocate();
    tap.before = code;
    const answer = client.request(Method.Refresh);
    expect(codeOf(answer)).toBe(code);
    expect(answer.get(nonce)).toBeDefined();
    expect(answer.has(messageIntegrity)).toBe(false);
    expect(world.causes('authentication-refused')).toEqual(['no-credentials', 'fault']);
    expect(world.of('authentication-refused')[1]).toMatchObject({ username: client.login!.username });
  });

  it.each([437, 441, 486, 508])('answers with a signed %i in place of what was asked for', (code) => {
    const client = world.client().as('alice');
    tap.after = code;
    const answer = client.allocate();
    expect(codeOf(answer)).toBe(code);
    expect(checkIntegrity(answer, client.key16())).toBe('valid');
    expect(world.engine.stats()).toMatchObject({ allocations: 0, requestsGranted: 0, requestsRefused: 1 });
    expect(world.of('request-refused')).toMatchObject([{ code, cause: 'fault', user: 'alice' }]);
  });

  it('is not asked a second time about a request that does not authenticate', () => {
    const client = world.client().as('alice', { password: 'wrong' });
    expect(codeOf(client.allocate())).toBe(401);
    expect(tap.asked.map(({ at }) => at)).toEqual(['unauthenticated', 'unauthenticated']);
  });
});

describe('turn-message', () => {
  interface Told {
    readonly direction: 'in' | 'out';
    readonly bytes: string;
  }

  function listen(): Told[] {
    const told: Told[] = [];
    world.emitter.on('turn-message', ({ direction, bytes }) => {
      told.push({ direction, bytes: Buffer.from(bytes).toString('hex') });
    });
    return told;
  }

  it('tells each request and its answer as they were on the wire', () => {
    const told = listen();
    const client = world.client().as('alice');
    const binding = plain(Method.Binding, 'request');
    const asked = plain(Method.Allocate, 'request');
    client.exchange(binding);
    client.exchange(asked);
    const [bound, challenged] = client.inbox.map((bytes) => bytes.toString('hex'));
    expect(told).toEqual([
      { direction: 'in', bytes: binding.toString('hex') },
      { direction: 'out', bytes: bound },
      { direction: 'in', bytes: asked.toString('hex') },
      { direction: 'out', bytes: challenged },
    ]);
  });

  it('tells a request that stays unanswered, and copies bytes that are the transport’s again', () => {
    const told: Uint8Array[] = [];
    world.emitter.on('turn-message', ({ bytes }) => told.push(bytes));
    tap.before = 'no-answer';
    const bytes = plain(Method.Allocate, 'request');
    const before = bytes.toString('hex');
    world.client().exchange(bytes);
    bytes.fill(0);
    expect(told.map((one) => Buffer.from(one).toString('hex'))).toEqual([before]);
  });

  it('is silent about indications and about what is no method of TURN', () => {
    const told = listen();
    const client = world.client();
    client.exchange(plain(Method.Send, 'indication'));
    client.exchange(plain(0x7ff, 'request'));
    expect(told).toEqual([]);
  });
});

describe('an impairment', () => {
  it('is put on the relay of a live allocation, and only there', () => {
    const client = world.client().as('alice');
    client.allocate();
    const { allocationId } = world.of('allocation-created')[0]!;
    const impairment = (): number => 5;
    expect(world.engine.impair(allocationId, impairment)).toBe(true);
    expect(client.relay.impairment).toBe(impairment);
    expect(world.engine.impair(allocationId, undefined)).toBe(true);
    expect(client.relay.impairment).toBeUndefined();
    expect(world.engine.impair('none', impairment)).toBe(false);
  });
});
