import { describe, expect, it } from 'vitest';
import { type TurnEngineOptions } from '../../../src/turn/engine/engine-options.ts';
import { engineOptions, World } from './world.ts';

const { relay, allocation } = engineOptions();

describe('options that cannot be served stop the start and name their key', () => {
  it.each<[string, Partial<TurnEngineOptions>]>([
    ['turn.realm: expected text of 1 to 508 bytes, got ""', { realm: '' }],
    ['turn.realm: expected', { realm: 'é'.repeat(255) }],
    ['turn.relay.addresses: expected at least one IP address, got []', { relay: { ...relay, addresses: [] } }],
    ['turn.relay.addresses: expected an IP address, got "example"', { relay: { ...relay, addresses: ['example'] } }],
    [
      'turn.relay.ports.min: expected a port of 1024-65535, got 1023',
      { relay: { ...relay, ports: { min: 1023, max: 5000 } } },
    ],
    [
      'turn.relay.ports.max: expected a port of 1024-65535, got 70000',
      { relay: { ...relay, ports: { min: 5000, max: 70_000 } } },
    ],
    [
      'turn.relay.ports.max: expected a port of 5000-65535, not below min, got 4999',
      { relay: { ...relay, ports: { min: 5000, max: 4999 } } },
    ],
    ['turn.allocation.maxLifetimeSec: expected at least', { allocation: { ...allocation, maxLifetimeSec: 599 } }],
    ['turn.peers.deny.0: expected', { peers: { allow: [], deny: ['10.0.0.1/8'], allowPrivate: false } }],
  ])('%s', (message, changes) => {
    expect(() => new World(changes)).toThrow(message);
  });
});
