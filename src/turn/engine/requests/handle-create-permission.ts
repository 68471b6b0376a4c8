import { xorPeerAddress } from '../../../stun/attributes/rfc8656.ts';
import { ErrorCode } from '../../../stun/error-code.ts';
import { armAllocation, forgetExpired } from '../allocation/allocation-lifecycle.ts';
import { grant, refuse, type Answer } from './answer.ts';
import { type AllocatedRelay } from '../allocation/allocation.ts';
import { type AuthenticatedRequest } from '../authentication/authenticate.ts';
import { type EngineState } from '../engine-state.ts';
import { type AddressRule } from '../peers/peer-policy.ts';
import { permit } from '../peers/permit.ts';
import { reportPeerDenied } from '../observe/report.ts';
import { credentialOver, requestOnAllocation } from './request-on-allocation.ts';

/** RFC 8656 §10.2. All of the addresses are permitted or none. A retransmission refreshes what the first one installed. */
export function handleCreatePermission(request: AuthenticatedRequest, engine: EngineState): Answer {
  const { message, now } = request;
  const found = requestOnAllocation(request, engine);
  if (!found.ok) return found.refused;
  const { allocation } = found;

  // 1. The credential still serves.
  const over = credentialOver(request, engine);
  if (over) return over;

  // 2. At least one peer address, and no more than could be permitted; malformed ones were refused before.
  if (message.cut === 'peers') return refuse(ErrorCode.InsufficientCapacity, 'permission-limit');
  const peers = message.getAll(xorPeerAddress);
  if (peers.length === 0) return refuse(ErrorCode.BadRequest, 'missing-attribute');

  // 3. All of families that the allocation relays to.
  if (peers.some(({ family }) => !allocation.relayTo(family))) {
    return refuse(ErrorCode.PeerAddressFamilyMismatch, 'family-mismatch');
  }

  // 4. All within policy. A permission has no port, so the ports are not looked at here, and one that stands has the policy's word.
  const wished = new Map<string, { readonly to: AllocatedRelay; readonly rule: AddressRule }>();
  for (const peer of peers) {
    const to = allocation.relayTo(peer.family);
    const standing = allocation.permission(peer.address, now.monotonicMs);
    const rule = standing?.rule ?? engine.policy.addressRule(peer.address);
    if (typeof rule === 'object') {
      reportPeerDenied(engine, allocation, peer, rule.denied, now.monotonicMs);
      return refuse(ErrorCode.Forbidden, 'peer-denied');
    }
    if (to) wished.set(peer.address, { to, rule });
  }

  // 5. Room for those that are new.
  forgetExpired(engine, allocation, now.monotonicMs);
  const added = [...wished.keys()].filter((address) => !allocation.permission(address, now.monotonicMs)).length;
  if (allocation.permissionCount + added > engine.options.allocation.permissions) {
    return refuse(ErrorCode.InsufficientCapacity, 'permission-limit');
  }

  for (const [address, { to, rule }] of wished) permit(engine, allocation, to, address, rule, now.monotonicMs);
  armAllocation(engine, allocation);
  return grant((answer) => answer);
}
