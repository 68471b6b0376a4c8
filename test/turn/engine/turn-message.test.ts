import { beforeEach, describe, expect, it } from 'vitest';
import { Method } from '../../../src/stun/message-type.ts';
import { plain, World } from './world.ts';

let world: World;

beforeEach(() => {
  world = new World();
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
    world = new World({}, { wrapRequests: () => () => 'stopped' });
    world.emitter.on('turn-message', ({ bytes }) => told.push(bytes));
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
