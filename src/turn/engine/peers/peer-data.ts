import { type TransportAddress } from '../../../base/transport-address.ts';
import { data, xorPeerAddress } from '../../../stun/attributes/rfc8656.ts';
import { Method } from '../../../stun/message-type.ts';
import { StunWriter } from '../../../stun/writer.ts';
import { type Allocation, type Permission } from '../allocation/allocation.ts';
import { type RelayHandle } from '../../contract/relay-handle.ts';
import { type EngineState } from '../engine-state.ts';
import { reportPeerDenied } from '../observe/report.ts';
import { type DropReason } from '../observe/tally.ts';
import { type RelayProtocol } from '../../contract/relay-handle.ts';

const TRANSACTION_ID_BYTES = 12;
/** Beyond this a Data indication's 16-bit length field would overflow; what a UDP datagram can carry comes close. */
const MAX_PAYLOAD_BYTES = 65_500;

/** Data of a permitted peer without a channel becomes a Data indication (RFC 8656 §11.3). A reason to drop it is returned to be counted. */
export function handlePeerData(
  relay: RelayHandle,
  peer: TransportAddress,
  payload: Buffer,
  nowMs: number,
  engine: EngineState,
): DropReason | undefined {
  const allocation = engine.allocations.ofRelay(relay);
  const own = allocation?.relayTo(peer.family);
  if (!allocation || !own || own.expiresAtMs <= nowMs) return 'no-allocation';
  const permission = allocation.permission(peer.address, nowMs);
  if (!permission) return 'no-permission';
  if (deniedOnPath(engine, allocation, permission, peer, nowMs)) return 'peer-denied';
  if (payload.length > MAX_PAYLOAD_BYTES) return 'oversized';

  const indication = new StunWriter(Method.Data, 'indication', engine.randomBytes(TRANSACTION_ID_BYTES));
  engine.plane.sendToClient(allocation.client, indication.add(xorPeerAddress, peer).add(data, payload).finish());
  return undefined;
}

/** Whether the policy keeps this port of a permitted address out, told to observers once for each permission. */
export function deniedOnPath(
  engine: EngineState,
  allocation: Allocation,
  permission: Permission,
  peer: TransportAddress,
  nowMs: number,
  protocol: RelayProtocol = 'udp',
): boolean {
  const denial = engine.policy.peerDenial(peer, permission.rule, protocol);
  if (!denial) return false;
  if (!permission.denialReported) reportPeerDenied(engine, allocation, peer, denial, nowMs);
  permission.denialReported = true;
  return true;
}
