import { type AddressFamily } from '../../../base/ip.ts';
import { type LogFields } from '../../../base/logger.ts';
import { fail, ok, type Result } from '../../../base/result.ts';
import { type ClientPath } from '../../contract/client-path.ts';
import { type PortFailure, type RelayHandle, type RelayOpening } from '../../contract/relay-handle.ts';
import { type EngineState } from '../engine-state.ts';
import { type PortShape } from './relay-ports.ts';
import { type RelayProtocol } from '../../contract/relay-handle.ts';

interface OpenedRelay {
  readonly relay: RelayHandle;
  readonly port: number;
  /** The next port on the same address, held: present for the shape `even-pair`. */
  readonly next?: RelayHandle;
}

interface RelayWish {
  readonly family: AddressFamily;
  readonly shape: PortShape;
  readonly protocol: RelayProtocol;
  readonly expiresAtMs: number;
}

export type OpenFailure = 'no-free-port' | 'relay-unavailable';

/** Binds answered `in-use` before giving up: others on the host may hold ports of the range, but hardly this many in a row. */
const MAX_BINDS = 64;

/**
 * Opens a relayed transport address with a port of the wished shape (RFC 8656 §7.2). What was opened on the way to a failure is closed
 * again, and every port it returns is counted as taken.
 */
export function openRelay(
  engine: EngineState,
  client: ClientPath,
  wish: RelayWish,
  nowMs: number,
): Result<OpenedRelay, OpenFailure> {
  const ports = engine.relayPorts[wish.protocol];
  const tried = tryPorts(engine, client, wish, nowMs);
  for (const port of tried.inUse) ports.rest(wish.family, port, nowMs);
  const { opened } = tried;
  if (!opened.ok) return opened;
  ports.take(wish.family, opened.value.port);
  if (opened.value.next) ports.take(wish.family, opened.value.port + 1);
  return opened;
}

interface Tried {
  readonly opened: Result<OpenedRelay, OpenFailure>;
  /** Ports that others on the host have. */
  readonly inUse: readonly number[];
}

function tryPorts(engine: EngineState, client: ClientPath, wish: RelayWish, nowMs: number): Tried {
  const inUse: number[] = [];
  for (const port of engine.relayPorts[wish.protocol].candidates(wish.family, wish.shape, nowMs)) {
    if (inUse.length === MAX_BINDS) break;
    const opened = openAt(engine, client, wish, port, nowMs);
    if (opened.ok) return { opened, inUse };
    if (opened.reason === 'unavailable') return { opened: fail('relay-unavailable'), inUse };
    inUse.push(port);
  }
  return { opened: fail('no-free-port'), inUse };
}

function openAt(
  engine: EngineState,
  client: ClientPath,
  { family, shape, protocol, expiresAtMs }: RelayWish,
  port: number,
  nowMs: number,
): Result<OpenedRelay, PortFailure> {
  const { plane } = engine;
  const first = bind(engine, nowMs, () => plane.openRelay(client, family, port, expiresAtMs, protocol));
  if (!first.ok) return first;
  const relay = first.value;
  if (shape !== 'even-pair') return ok({ relay, port });

  const second = bind(engine, nowMs, () => plane.reserveRelay(family, port + 1));
  if (second.ok && second.value.relayed.address === relay.relayed.address)
    return ok({ relay, port, next: second.value });
  plane.closeRelay(relay);
  if (!second.ok) return second;
  plane.closeRelay(second.value);
  return fail('in-use');
}

function bind({ limitedLog }: EngineState, nowMs: number, open: () => RelayOpening): Result<RelayHandle, PortFailure> {
  let fields: LogFields;
  try {
    const opened = open();
    if (opened.ok || opened.reason === 'in-use') return opened;
    // What the system refuses is no mistake of ours: a stack would tell nothing.
    fields = { reason: opened.detail };
  } catch (error) {
    fields = { err: error };
  }
  limitedLog.error('relay unavailable', fields, 'relayed transport address could not be opened', nowMs);
  return fail('unavailable');
}
