import { type AddressFamily } from '../../../base/ip.ts';
import { icmp, xorPeerAddress } from '../../../stun/attributes/rfc8656.ts';
import { Method } from '../../../stun/message-type.ts';
import { StunWriter } from '../../../stun/writer.ts';
import { type PeerError } from '../../contract/data-plane-sink.ts';
import { type RelayHandle } from '../../contract/relay-handle.ts';
import { type EngineState } from '../engine-state.ts';
import { type DropReason } from '../observe/tally.ts';

const TRANSACTION_ID_BYTES = 12;
/** RFC 8656 §11.5: destination unreachable and time exceeded; in ICMPv6 also packet too big. */
const RELAYED_TYPES: Readonly<Record<AddressFamily, readonly number[]>> = { 4: [3, 11], 6: [1, 2, 3] };

/** An ICMP error about a datagram to a permitted peer becomes a Data indication (RFC 8656 §11.5). A reason to drop it is returned to be counted. */
export function handlePeerError(
  relay: RelayHandle,
  { peer, type, code, data }: PeerError,
  nowMs: number,
  engine: EngineState,
): DropReason | undefined {
  if (!RELAYED_TYPES[peer.family].includes(type)) return 'other-icmp';
  const allocation = engine.allocations.ofRelay(relay);
  const own = allocation?.relayTo(peer.family);
  if (!allocation || !own || own.expiresAtMs <= nowMs) return 'no-allocation';
  if (!allocation.permission(peer.address, nowMs)) return 'no-permission';
  const indication = new StunWriter(Method.Data, 'indication', engine.randomBytes(TRANSACTION_ID_BYTES));
  const bytes = indication.add(xorPeerAddress, peer).add(icmp, { type, code, data }).finish();
  engine.plane.sendToClient(allocation.client, bytes);
  return undefined;
}
