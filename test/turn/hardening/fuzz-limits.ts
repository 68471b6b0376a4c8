import { type FakeRelay } from '../engine/fake-plane.ts';
import { type World } from '../engine/world.ts';
import { type FuzzTcp } from './fuzz-tcp.ts';

export const QUOTA = { perUser: 3, total: 4 };
export const TCP_RELAY = {
  connectTimeoutSec: 30,
  pendingPerAllocation: 2,
  connectionsPerAllocation: 3,
  connections: 4,
};

/** What the engine counts is what the plane has open, and within the quotas. */
export function checkPorts({ engine }: World, open: readonly FakeRelay[]): void {
  const { allocations, reservations, relayPortsTaken, drops } = engine.stats();
  const sessions = engine.sessions();
  const relays = sessions.reduce((sum, { relayedAll }) => sum + relayedAll.length, 0);
  if (drops['engine-error'] !== undefined) throw new Error('the engine failed on an input');
  if (sessions.length !== allocations) throw new Error('sessions and allocations disagree');
  if (relayPortsTaken !== relays + reservations || open.length !== relayPortsTaken) throw new Error('a port leaked');
  if (relayPortsTaken > QUOTA.total) throw new Error('more than the quota of all');
  for (const { user } of sessions) {
    const own = sessions
      .filter((other) => other.user === user)
      .reduce((sum, { relayedAll }) => sum + relayedAll.length, 0);
    if (own > QUOTA.perUser) throw new Error(`more than the quota of ${user}`);
  }
}

/** The same of connections with peers. */
export function checkConnections({ engine, plane }: World, { live, wrong }: FuzzTcp): void {
  const all = [...live.values()];
  if (wrong.length > 0) throw new Error(wrong.join(', '));
  if (engine.stats().peerConnections !== all.length) throw new Error('a connection leaked');
  if (all.length > TCP_RELAY.connections) throw new Error('more connections than the server may have');
  for (const { relayed } of all) {
    const own = all.filter((other) => other.relayed === relayed);
    const waiting = own.filter(({ state }) => state !== 'joined');
    if (!plane.relayAt(relayed, 'tcp')) throw new Error('a connection without its relay');
    if (own.length > TCP_RELAY.connectionsPerAllocation)
      throw new Error('more connections than an allocation may have');
    if (waiting.length > TCP_RELAY.pendingPerAllocation) throw new Error('more connections than may wait');
  }
}
