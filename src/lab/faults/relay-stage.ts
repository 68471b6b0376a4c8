import { type RelayDirection } from '../../turn/contract/bandwidth.ts';
import { type FaultKind, type FaultSpec } from './fault.ts';
import { LOST } from './impairment.ts';

/**
 * In the order a datagram meets them, whatever order they were asked for in: what is lost takes no bandwidth, and what is overtaken is not
 * put back in order by a queue.
 */
export const RELAY_FAULT_KINDS = [
  'relay-loss',
  'relay-bandwidth',
  'relay-delay',
  'relay-reorder',
] as const satisfies readonly FaultKind[];
export type RelayFaultKind = (typeof RELAY_FAULT_KINDS)[number];

/** What one fault does to a datagram that reaches it at `atMs` (monotonic): milliseconds to wait, 0 for nothing, or `LOST`. */
export type RelayStage = (direction: RelayDirection, bytes: number, atMs: number) => number;

/** A queue this long before a slow link is full: what comes then is lost. */
const FULL_QUEUE_MS = 1000;

/** For the datagrams of one relay, in both directions. `random` is a number of [0, 1). */
export function createRelayStage(spec: FaultSpec<RelayFaultKind>, random: () => number): RelayStage {
  switch (spec.kind) {
    case 'relay-loss':
      return () => (random() < spec.ratio ? LOST : 0);
    case 'relay-bandwidth':
      return slowLink(spec.bitsPerSec);
    case 'relay-delay':
      return delay(spec.delayMs, spec.jitterMs, random);
    case 'relay-reorder':
      return () => (random() < spec.ratio ? spec.delayMs : 0);
  }
}

/** Payload bits leave one after the other. */
function slowLink(bitsPerSec: number): RelayStage {
  const freeAtMs = { 'to-peer': 0, 'to-client': 0 };
  return (direction, bytes, atMs) => {
    const startMs = Math.max(atMs, freeAtMs[direction]);
    if (startMs - atMs > FULL_QUEUE_MS) return LOST;
    freeAtMs[direction] = startMs + (bytes * 8 * 1000) / bitsPerSec;
    return freeAtMs[direction] - atMs;
  };
}

/** Evenly spread between `delayMs` less and more `jitterMs`, and in order: another fault is there for overtaking. */
function delay(delayMs: number, jitterMs: number, random: () => number): RelayStage {
  const lastMs = { 'to-peer': 0, 'to-client': 0 };
  return (direction, _bytes, atMs) => {
    const waitMs = Math.max(0, delayMs + (2 * random() - 1) * jitterMs);
    lastMs[direction] = Math.max(atMs + waitMs, lastMs[direction]);
    return lastMs[direction] - atMs;
  };
}
