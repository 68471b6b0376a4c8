import { type AddressFamily } from '../../../base/ip.ts';
import { type TransportAddress } from '../../../base/transport-address.ts';
import { connectionId } from '../../../stun/attributes/rfc6062.ts';
import { ErrorCode } from '../../../stun/error-code.ts';
import { type Allocation } from '../allocation/allocation.ts';
import { grant, refuse, type Answer } from '../requests/answer.ts';
import { type EngineState } from '../engine-state.ts';
import { reportPeerClosed, reportPeerConnected } from '../observe/report.ts';
import { type TcpConnection } from './tcp-connections.ts';

/** RFC 6062 §5.2 and §5.3: how long a peer's connection waits for its ConnectionBind. */
const BIND_WITHIN_MS = 30_000;
const CONNECTION_ID_BYTES = 4;

interface TcpConnectionInit {
  readonly allocation: Allocation;
  readonly peer: TransportAddress;
  /** Answers the Connect that waits for the connection; absent for a connection that the peer made. */
  readonly settle?: (answer: Answer) => void;
}

/** Takes up a connection: from here on it counts, and ends by itself unless it is bound in time. */
export function beginTcpConnection(
  engine: EngineState,
  { allocation, peer, settle }: TcpConnectionInit,
  nowMs: number,
): TcpConnection {
  const state = settle ? 'connecting' : 'unbound';
  const connection: TcpConnection = { id: freshId(engine), allocation, peer, state, timer: undefined, settle };
  engine.tcpConnections.add(connection);
  armWait(engine, connection, nowMs);
  if (!settle) reportPeerConnected(engine, connection);
  return connection;
}

/** The peer took the connection of a Connect: the client learns its CONNECTION-ID (RFC 6062 §5.2). */
export function tcpConnected(engine: EngineState, id: number, nowMs: number): void {
  const connection = engine.tcpConnections.get(id);
  if (connection?.state !== 'connecting') return;
  connection.state = 'unbound';
  armWait(engine, connection, nowMs);
  reportPeerConnected(engine, connection);
  connection.settle?.(grant((answer) => answer.add(connectionId, id)));
}

/** Binds a connection, which then lasts until either side ends it. */
export function bindTcpConnection(engine: EngineState, connection: TcpConnection): void {
  if (connection.timer) engine.timers.cancel(connection.timer);
  connection.timer = undefined;
  engine.tcpConnections.bind(connection);
}

/** The plane's word that a connection could not be made, or is no more. */
export function tcpConnectionEnded(engine: EngineState, id: number): void {
  const connection = engine.tcpConnections.get(id);
  if (connection) forget(engine, connection, refuse(ErrorCode.ConnectionTimeoutOrFailure, 'connect-failed'));
}

/** RFC 6062 §5.5: with its allocation, or with its relayed transport address, a connection ends. */
export function endTcpConnections(engine: EngineState, allocation: Allocation, family?: AddressFamily): void {
  for (const connection of engine.tcpConnections.of(allocation)) {
    if (family !== undefined && connection.peer.family !== family) continue;
    end(engine, connection, refuse(ErrorCode.AllocationMismatch, 'no-allocation'));
  }
}

/** Ends a connection whose peer the policy no longer allows. */
export function endTcpConnection(engine: EngineState, connection: TcpConnection): void {
  end(engine, connection, refuse(ErrorCode.Forbidden, 'peer-denied'));
}

function armWait(engine: EngineState, connection: TcpConnection, nowMs: number): void {
  if (connection.timer) engine.timers.cancel(connection.timer);
  const { connectTimeoutSec = 0 } = engine.options.tcpRelay ?? {};
  const waitMs = connection.state === 'connecting' ? connectTimeoutSec * 1000 : BIND_WITHIN_MS;
  connection.timer = engine.timers.schedule(nowMs + waitMs, () => {
    end(engine, connection, refuse(ErrorCode.ConnectionTimeoutOrFailure, 'connect-timeout'));
  });
}

function end(engine: EngineState, connection: TcpConnection, unsettled: Answer): void {
  engine.plane.tcp?.end(connection.id);
  forget(engine, connection, unsettled);
}

/** `unsettled` answers a Connect that has no answer yet. */
function forget(engine: EngineState, connection: TcpConnection, unsettled: Answer): void {
  if (!engine.tcpConnections.remove(connection)) return;
  if (connection.timer) engine.timers.cancel(connection.timer);
  connection.timer = undefined;
  if (connection.state === 'connecting') connection.settle?.(unsettled);
  else reportPeerClosed(engine, connection);
}

/** A CONNECTION-ID that cannot be guessed, although binding it takes the credential of its owner, too. */
function freshId({ randomBytes, tcpConnections }: EngineState): number {
  for (;;) {
    const id = randomBytes(CONNECTION_ID_BYTES).readUInt32BE(0);
    if (id !== 0 && !tcpConnections.get(id)) return id;
  }
}
