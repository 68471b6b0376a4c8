import { type TransportAddress } from '../../../base/transport-address.ts';
import { connectionId } from '../../../stun/attributes/rfc6062.ts';
import { xorPeerAddress } from '../../../stun/attributes/rfc8656.ts';
import { Method } from '../../../stun/message-type.ts';
import { StunWriter } from '../../../stun/writer.ts';
import { type RelayHandle } from '../../contract/relay-handle.ts';
import { type EngineState } from '../engine-state.ts';
import { deniedOnPath } from '../peers/peer-data.ts';
import { type DropReason } from '../observe/tally.ts';
import { beginTcpConnection } from './tcp-lifecycle.ts';
import { hasTcpRoom } from './tcp-room.ts';

const TRANSACTION_ID_BYTES = 12;

type Accepted = { readonly ok: true; readonly id: number } | { readonly ok: false; readonly reason: DropReason };

/** RFC 6062 §5.3: a peer that is permitted is announced by a ConnectionAttempt indication; any other is closed without a word. */
export function handlePeerAccepted(
  relay: RelayHandle,
  peer: TransportAddress,
  nowMs: number,
  engine: EngineState,
): Accepted {
  const allocation = engine.allocations.ofRelay(relay);
  const own = allocation?.relayTo(peer.family);
  if (!allocation || !own || own.expiresAtMs <= nowMs) return closed('no-allocation');
  const permission = allocation.permission(peer.address, nowMs);
  if (!permission) return closed('no-permission');
  if (deniedOnPath(engine, allocation, permission, peer, nowMs, 'tcp')) return closed('peer-denied');
  if (engine.tcpConnections.to(allocation, peer)) return closed('connection-exists');
  if (!hasTcpRoom(engine, allocation)) return closed('connection-limit');

  const { id } = beginTcpConnection(engine, { allocation, peer }, nowMs);
  const indication = new StunWriter(Method.ConnectionAttempt, 'indication', engine.randomBytes(TRANSACTION_ID_BYTES));
  const bytes = indication.add(connectionId, id).add(xorPeerAddress, peer).finish();
  engine.plane.sendToClient(allocation.client, bytes);
  return { ok: true, id };
}

function closed(reason: DropReason): Accepted {
  return { ok: false, reason };
}
