import { formatTransportAddress } from '../../core/transport-address.ts';
import { type Allocation } from './allocation.ts';
import { type EngineState } from './engine-state.ts';
import { relayCounters } from './relay-counters.ts';
import { reportEnded } from './report.ts';
import { type Reservation } from './reservations.ts';
import { type AllocationEndCause } from './turn-events.ts';

/** The live allocation of a 5-tuple. One whose time is over is ended here, if its timer has not done so yet. */
export function liveAllocation(engine: EngineState, clientKey: string, nowMs: number): Allocation | undefined {
  const allocation = engine.allocations.ofClient(clientKey);
  if (!allocation || allocation.expiresAtMs > nowMs) return allocation;
  endAllocation(engine, allocation, 'expired', nowMs);
  return undefined;
}

/** Takes an allocation up: from here on it is found, and ends by itself. */
export function beginAllocation(engine: EngineState, allocation: Allocation): void {
  engine.allocations.add(allocation);
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
  const timer = engine.timers.schedule(dueMs, () => {
    allocation.timer = undefined;
    onDeadline(engine, allocation, timer.dueMs);
  });
  allocation.timer = timer;
}

function onDeadline(engine: EngineState, allocation: Allocation, nowMs: number): void {
  if (allocation.expiresAtMs <= nowMs) {
    endAllocation(engine, allocation, 'expired', nowMs);
    return;
  }
  forgetExpired(engine, allocation, nowMs);
  armAllocation(engine, allocation);
}

/** Frees what has expired in an allocation, here and in the plane. */
export function forgetExpired(engine: EngineState, allocation: Allocation, nowMs: number): void {
  const { permissions, channels } = allocation.sweep(nowMs);
  for (const address of permissions) engine.plane.removePermission(allocation.relay, address);
  for (const { channel, peer } of channels) {
    engine.plane.removeChannel(allocation.relay, channel);
    engine.ownRelayChannels.unbound(peer, allocation);
  }
}

/** Ends an allocation, its port and its share of the quota at once. */
export function endAllocation(
  engine: EngineState,
  allocation: Allocation,
  cause: AllocationEndCause,
  nowMs: number,
): void {
  const counters = relayCounters(engine.plane, [allocation.relay]);
  if (allocation.timer) engine.timers.cancel(allocation.timer);
  engine.allocations.remove(allocation);
  engine.plane.closeRelay(allocation.relay);
  engine.relayPorts.free(allocation.family, allocation.port, nowMs);
  unbindOwnRelay(engine, allocation);
  engine.tally.allocationsEnded += 1;
  const [final] = counters;
  if (final) reportEnded(engine, allocation, cause, final);
}

/** Takes an allocation that ends out of both sides of `OwnRelayChannels`: its own channels, and those towards it. */
function unbindOwnRelay(engine: EngineState, allocation: Allocation): void {
  const { ownRelayChannels, plane } = engine;
  for (const { peer } of allocation.channels()) ownRelayChannels.unbound(peer, allocation);
  const { relayed } = allocation.relay;
  for (const holder of ownRelayChannels.takeHolders(relayed)) {
    const binding = holder.removeChannelTo(relayed);
    if (binding) plane.removeChannel(holder.relay, binding.channel);
    armAllocation(engine, holder);
  }
}

export function holdReservation(engine: EngineState, reservation: Reservation): void {
  engine.reservations.add(reservation);
  reservation.timer = engine.timers.schedule(reservation.expiresAtMs, () => {
    dropReservation(engine, reservation, reservation.expiresAtMs);
  });
}

/** Hands the held relayed transport address over to the allocation that shows its token. */
export function claimReservation(engine: EngineState, reservation: Reservation): void {
  engine.reservations.remove(reservation);
  if (reservation.timer) engine.timers.cancel(reservation.timer);
}

/** Gives the held port back. */
export function dropReservation(engine: EngineState, reservation: Reservation, nowMs: number): void {
  claimReservation(engine, reservation);
  engine.plane.closeRelay(reservation.relay);
  engine.relayPorts.free(reservation.family, reservation.port, nowMs);
  engine.logger.debug({ relayed: formatTransportAddress(reservation.relay.relayed) }, 'reservation ended');
}
