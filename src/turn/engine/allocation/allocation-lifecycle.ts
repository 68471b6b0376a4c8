import { formatTransportAddress } from '../../../base/transport-address.ts';
import { type AllocatedRelay, type Allocation, type ChannelBinding } from './allocation.ts';
import { type EngineState } from '../engine-state.ts';
import { bandwidthOf } from '../relay/bandwidth-limits.ts';
import { settleCounters } from '../relay/relay-counters.ts';
import { endReport, reportRelayEnded } from '../observe/report.ts';
import { type Reservation } from './reservations.ts';
import { endTcpConnections } from '../tcp/tcp-lifecycle.ts';
import { type RelayHandle } from '../../contract/relay-handle.ts';
import { type AllocationEndCause, type RelayEndCause } from '../observe/turn-words.ts';

/** The live allocation of a 5-tuple, all of its relays live. What is over of it is ended here, if its timer has not done so yet. */
export function liveAllocation(engine: EngineState, clientKey: string, nowMs: number): Allocation | undefined {
  return stillLive(engine, engine.allocations.ofClient(clientKey), nowMs);
}

/** The allocation while it lives, for one that was not found by its 5-tuple; `undefined` once its time is over. */
export function stillLive(
  engine: EngineState,
  allocation: Allocation | undefined,
  nowMs: number,
): Allocation | undefined {
  if (!allocation || allocation.firstEndMs > nowMs) return allocation;
  return endExpired(engine, allocation, nowMs) ? undefined : allocation;
}

/** Ends the relays whose time is over, and the allocation with its last one. True when the allocation is gone. */
function endExpired(engine: EngineState, allocation: Allocation, nowMs: number): boolean {
  if (allocation.expiresAtMs <= nowMs) {
    endAllocation(engine, allocation, 'expired', nowMs);
    return true;
  }
  for (const one of allocation.relays) {
    if (one.expiresAtMs <= nowMs) endRelay(engine, allocation, one, 'expired');
  }
  return false;
}

/** Takes an allocation up: from here on it is found, and ends by itself. */
export function beginAllocation(engine: EngineState, allocation: Allocation): void {
  engine.allocations.add(allocation);
  const bandwidth = bandwidthOf(engine.options.bandwidth, allocation);
  if (bandwidth) for (const { relay } of allocation.relays) engine.plane.setBandwidth(relay, bandwidth);
  engine.tally.allocationsCreated += 1;
  armAllocation(engine, allocation);
}

/** The one timer of an allocation stands at the first deadline in it. Call after anything in it was set. */
export function armAllocation(engine: EngineState, allocation: Allocation): void {
  const dueMs = allocation.nextDeadlineMs();
  if (allocation.timer) {
    engine.timers.reschedule(allocation.timer, dueMs);
    return;
  }
  allocation.timer = engine.timers.scheduleFor(allocation, dueMs, engine.onAllocationDue);
}

/** What is over of an allocation is over now: `EngineState.onAllocationDue`. */
export function onDeadline(engine: EngineState, allocation: Allocation, nowMs: number): void {
  allocation.timer = undefined;
  if (endExpired(engine, allocation, nowMs)) return;
  forgetExpired(engine, allocation, nowMs);
  armAllocation(engine, allocation);
}

/** Frees what has expired in an allocation, here and in the plane. */
export function forgetExpired(engine: EngineState, allocation: Allocation, nowMs: number): void {
  const { permissions, channels } = allocation.sweep(nowMs);
  for (const { family, address } of permissions) {
    const to = allocation.relayTo(family);
    if (to) engine.plane.removePermission(to.relay, address);
  }
  for (const { channel, peer } of channels) {
    const to = allocation.relayTo(peer.family);
    if (to) engine.plane.removeChannel(to.relay, channel);
    engine.ownRelayChannels.unbound(peer, allocation);
  }
}

/** Ends an allocation, its ports and its share of the quota at once. */
export function endAllocation(
  engine: EngineState,
  allocation: Allocation,
  cause: AllocationEndCause,
  nowMs: number,
): void {
  const tell = endReport(engine, allocation, cause);
  if (allocation.timer) engine.timers.cancel(allocation.timer);
  engine.pastAllocates.add(allocation.client.key, allocation.createdBy, nowMs);
  engine.allocations.remove(allocation);
  if (allocation.protocol === 'tcp') endTcpConnections(engine, allocation);
  for (const one of allocation.relays) closeRelay(engine, allocation, one);
  unbindOwnRelays(engine, allocation, allocation.channels(), allocation.relays);
  engine.tally.allocationsEnded += 1;
  tell?.();
}

/**
 * Ends one of two relays with its port, its share of the quota, its permissions and its channels. The allocation goes on with the other;
 * the caller arms it.
 */
export function endRelay(
  engine: EngineState,
  allocation: Allocation,
  ended: AllocatedRelay,
  cause: RelayEndCause,
): void {
  settleCounters(engine.plane, allocation, ended);
  const channels = allocation.removeRelay(ended);
  engine.allocations.removeRelay(allocation, ended);
  if (allocation.protocol === 'tcp') endTcpConnections(engine, allocation, ended.family);
  closeRelay(engine, allocation, ended);
  unbindOwnRelays(engine, allocation, channels, [ended]);
  reportRelayEnded(engine, allocation, ended.relay.relayed, cause);
}

function closeRelay(engine: EngineState, { protocol }: Allocation, { relay, family, port }: AllocatedRelay): void {
  engine.closing.set(relay.slot, { protocol, family, port });
  engine.plane.closeRelay(relay);
}

/** Takes relays that end out of both sides of `OwnRelayChannels`: their own channels, and those towards them. */
function unbindOwnRelays(
  engine: EngineState,
  allocation: Allocation,
  channels: Iterable<ChannelBinding>,
  ended: readonly AllocatedRelay[],
): void {
  const { ownRelayChannels, plane } = engine;
  for (const { peer } of channels) ownRelayChannels.unbound(peer, allocation);
  for (const { relayed } of ended.map(({ relay }) => relay)) {
    for (const holder of ownRelayChannels.takeHolders(relayed)) {
      const binding = holder.removeChannelTo(relayed);
      const from = holder.relayTo(relayed.family);
      if (binding && from) plane.removeChannel(from.relay, binding.channel);
      armAllocation(engine, holder);
    }
  }
}

/** The plane's word that a relay that was closed has given its port back, which may be used again. */
export function relayClosed(engine: EngineState, { slot }: RelayHandle, nowMs: number): void {
  const closed = engine.closing.get(slot);
  if (!closed) return;
  engine.closing.delete(slot);
  engine.relayPorts[closed.protocol].free(closed.family, closed.port, nowMs);
}

export function holdReservation(engine: EngineState, reservation: Reservation): void {
  engine.reservations.add(reservation);
  reservation.timer = engine.timers.schedule(reservation.expiresAtMs, () => {
    dropReservation(engine, reservation);
  });
}

/** Hands the held relayed transport address over to the allocation that shows its token. */
export function claimReservation(engine: EngineState, reservation: Reservation): void {
  engine.reservations.remove(reservation);
  if (reservation.timer) engine.timers.cancel(reservation.timer);
}

/** Gives the held port back. */
export function dropReservation(engine: EngineState, reservation: Reservation): void {
  claimReservation(engine, reservation);
  const { relay, family, port } = reservation;
  engine.closing.set(relay.slot, { protocol: 'udp', family, port });
  engine.plane.closeRelay(relay);
  engine.logger.debug({ relayed: formatTransportAddress(reservation.relay.relayed) }, 'reservation ended');
}
