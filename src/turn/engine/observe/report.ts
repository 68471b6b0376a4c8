import { writes } from '../../../base/logger.ts';
import { formatTransportAddress, type TransportAddress } from '../../../base/transport-address.ts';
import { type Allocation } from '../allocation/allocation.ts';
import { type Refused } from '../requests/answer.ts';
import { type AuthenticationFailure, type IncomingRequest } from '../authentication/authenticate.ts';
import { type ClientPath } from '../../contract/client-path.ts';
import { type EngineState } from '../engine-state.ts';
import { allocationCounters } from '../relay/relay-counters.ts';
import { type TcpConnection } from '../tcp/tcp-connections.ts';
import { type AllocationInfo } from './turn-events.ts';
import {
  type AllocationEndCause,
  type AuthenticationCause,
  type PeerDenial,
  type RelayEndCause,
} from './turn-words.ts';

/*
 * What observers hear, as an event and as a log line. Causes are for the operator: none of them reaches an answer. What any stranger can
 * make happen at will is logged at debug, and what a client can, a limited number of times for each cause: a flood does not fill a disk.
 * What each Allocate is told of is put together by assignment: an object spread costs some microseconds.
 */

export function infoOf({ id, client, user, credential, relay, relays, family }: Allocation): AllocationInfo {
  return {
    allocationId: id,
    transport: client.transport,
    client: client.remote,
    user,
    realm: credential.realm,
    keyId: credential.keyId,
    relayed: relay.relayed,
    relayedAll: relays.map((one) => one.relay.relayed),
    family,
  };
}

function fieldsOf({ id, client, user, credential, relays }: Allocation): Record<string, unknown> {
  return {
    allocation: id,
    client: `${client.transport} ${formatTransportAddress(client.remote)}`,
    user,
    keyId: credential.keyId,
    relayed: relays.map(({ relay }) => formatTransportAddress(relay.relayed)).join(' '),
  };
}

export function reportCreated(
  { events, allocationLog }: EngineState,
  allocation: Allocation,
  lifetimeSec: number,
): void {
  if (allocationLog.admits(allocation.person)) {
    const fields = fieldsOf(allocation);
    fields.lifetimeSec = lifetimeSec;
    allocationLog.write(fields, 'allocation created');
  }
  if (events.has('allocation-created')) events.emit('allocation-created', { ...infoOf(allocation), lifetimeSec });
}

export function reportRefreshed(engine: EngineState, allocation: Allocation, lifetimeSec: number): void {
  const { events, logger, plane } = engine;
  if (writes(logger, 'debug')) logger.debug({ ...fieldsOf(allocation), lifetimeSec }, 'allocation refreshed');
  if (!events.has('allocation-refreshed')) return;
  const [counters] = allocationCounters(plane, [allocation]);
  if (counters) events.emit('allocation-refreshed', { ...infoOf(allocation), lifetimeSec, counters });
}

/**
 * What tells of the end of an allocation, once it has ended; `undefined` when nobody would hear of it. The counters are read before, while the
 * relays are there, and only to be told.
 */
export function endReport(
  { events, allocationLog, plane }: EngineState,
  allocation: Allocation,
  cause: AllocationEndCause,
): (() => void) | undefined {
  const isLogged = allocationLog.admits(allocation.person);
  if (!isLogged && !events.has('allocation-ended')) return undefined;
  const [counters] = allocationCounters(plane, [allocation]);
  return () => {
    if (!counters) return;
    if (isLogged) allocationLog.write({ ...fieldsOf(allocation), cause, ...counters }, 'allocation ended');
    if (events.has('allocation-ended')) events.emit('allocation-ended', { ...infoOf(allocation), cause, counters });
  };
}

export function reportRelayEnded(
  { events, logger }: EngineState,
  allocation: Allocation,
  ended: TransportAddress,
  cause: RelayEndCause,
): void {
  logger.debug({ ...fieldsOf(allocation), ended: formatTransportAddress(ended), cause }, 'relay ended');
  events.emit('relay-ended', { ...infoOf(allocation), ended, cause });
}

export function reportMoved({ events, allocationLog }: EngineState, allocation: Allocation, from: ClientPath): void {
  if (allocationLog.admits(allocation.person)) {
    allocationLog.write({ ...fieldsOf(allocation), from: clientText(from) }, 'client moved');
  }
  events.emit('allocation-moved', {
    ...infoOf(allocation),
    from: { transport: from.transport, client: from.remote },
  });
}

export function reportPeerConnected(
  { events, logger }: EngineState,
  { allocation, peer, id, settle }: TcpConnection,
): void {
  const by = settle ? 'client' : 'peer';
  logger.debug({ ...fieldsOf(allocation), peer: formatTransportAddress(peer), connection: id, by }, 'peer connected');
  events.emit('peer-connected', { ...infoOf(allocation), peer, by });
}

export function reportPeerClosed(
  { events, logger }: EngineState,
  { allocation, peer, id, state }: TcpConnection,
): void {
  const bound = state === 'bound';
  logger.debug({ ...fieldsOf(allocation), peer: formatTransportAddress(peer), connection: id, bound }, 'peer closed');
  events.emit('peer-closed', { ...infoOf(allocation), peer, bound });
}

export function reportPermission({ events, logger }: EngineState, allocation: Allocation, peerAddress: string): void {
  if (writes(logger, 'debug')) logger.debug({ ...fieldsOf(allocation), peerAddress }, 'permission created');
  if (events.has('permission-created')) events.emit('permission-created', { ...infoOf(allocation), peerAddress });
}

export function reportChannel(
  { events, logger }: EngineState,
  allocation: Allocation,
  channel: number,
  peer: TransportAddress,
): void {
  if (writes(logger, 'debug')) {
    logger.debug({ ...fieldsOf(allocation), channel, peer: formatTransportAddress(peer) }, 'channel bound');
  }
  if (events.has('channel-bound')) events.emit('channel-bound', { ...infoOf(allocation), channel, peer });
}

export function reportPeerDenied(
  { events, limitedLog }: EngineState,
  allocation: Allocation,
  peer: TransportAddress,
  cause: PeerDenial,
  nowMs: number,
): void {
  const fields = { ...fieldsOf(allocation), peer: formatTransportAddress(peer), cause };
  limitedLog.info(`peer ${cause}`, fields, 'peer denied', nowMs);
  events.emit('peer-denied', { ...infoOf(allocation), peer, cause });
}

/** Tells observers of a STUN message that was received or sent. */
export function reportMessage(
  { events }: EngineState,
  { client, now }: IncomingRequest,
  direction: 'in' | 'out',
  bytes: Uint8Array,
): void {
  if (!events.has('turn-message')) return;
  const { transport, remote } = client;
  events.emit('turn-message', { transport, client: remote, direction, at: now.unixMs, bytes: Uint8Array.from(bytes) });
}

export function reportAuthenticationRefused(
  { events, logger, limitedLog, tally }: EngineState,
  { client, message, now }: IncomingRequest,
  { code, cause, username }: AuthenticationFailure,
): void {
  const { method } = message;
  tally.authenticationsRefused += 1;
  const fields = () => ({ client: clientText(client), method, code, cause, username });
  if (ANY_STRANGER.has(cause)) {
    if (writes(logger, 'debug')) logger.debug(fields(), 'authentication refused');
  } else if (isOurFailure(cause)) {
    limitedLog.warn(`authentication ${cause}`, fields(), 'authentication not decided', now.monotonicMs);
  } else limitedLog.info(`authentication ${cause}`, fields(), 'authentication refused', now.monotonicMs);
  if (!events.has('authentication-refused')) return;
  events.emit('authentication-refused', {
    transport: client.transport,
    client: client.remote,
    method,
    cause,
    ...(username === undefined ? {} : { username }),
  });
}

export function reportRequestRefused(
  { events, logger, limitedLog, tally }: EngineState,
  { client, message, now }: IncomingRequest,
  { code, cause }: Refused,
  user?: string,
): void {
  const { method } = message;
  tally.requestsRefused += 1;
  const who = user === undefined ? {} : { user };
  const fields = () => ({ client: clientText(client), method, code, cause, ...who });
  if (user !== undefined) limitedLog.info(`request ${cause}`, fields(), 'request refused', now.monotonicMs);
  else if (writes(logger, 'debug')) logger.debug(fields(), 'request refused');
  events.emit('request-refused', { transport: client.transport, client: client.remote, method, code, cause, ...who });
}

/** What any stranger can bring about at will, and every client does once. */
const ANY_STRANGER: ReadonlySet<AuthenticationCause> = new Set([
  'no-credentials',
  'stale-nonce',
  'foreign-nonce',
  'incomplete-credentials',
]);

/** Whether a refusal is the server's failure: the verifier could not be asked, or did not answer. */
function isOurFailure(cause: AuthenticationCause): boolean {
  return cause === 'unavailable' || cause === 'lookup-timeout' || cause === 'lookup-limit';
}

function clientText({ transport, remote }: ClientPath): string {
  return `${transport} ${formatTransportAddress(remote)}`;
}
