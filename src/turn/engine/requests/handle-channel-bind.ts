import { sameTransportAddress } from '../../../base/transport-address.ts';
import { channelNumber, xorPeerAddress } from '../../../stun/attributes/rfc8656.ts';
import { CHANNEL_MAX, CHANNEL_MIN, LEGACY_CHANNEL_MAX } from '../../../stun/channel-data.ts';
import { ErrorCode } from '../../../stun/error-code.ts';
import { armAllocation, forgetExpired } from '../allocation/allocation-lifecycle.ts';
import { grant, refuse, type Answer } from './answer.ts';
import { type AuthenticatedRequest } from '../authentication/authenticate.ts';
import { type EngineState } from '../engine-state.ts';
import { permit } from '../peers/permit.ts';
import { reportChannel, reportPeerDenied } from '../observe/report.ts';
import { credentialOver, requestOnAllocation } from './request-on-allocation.ts';

/** RFC 8656 §12.2. A retransmission refreshes the binding and the permission. */
export function handleChannelBind(request: AuthenticatedRequest, engine: EngineState): Answer {
  const { message, now } = request;
  const { options, policy } = engine;
  const found = requestOnAllocation(request, engine);
  if (!found.ok) return found.refused;
  const { allocation } = found;

  // 1. The credential still serves.
  const over = credentialOver(request, engine);
  if (over) return over;

  // 2. Datagrams are relayed: what passes a TCP relay passes on connections of its own (RFC 6062 §3).
  if (allocation.protocol === 'tcp') return refuse(ErrorCode.BadRequest, 'wrong-relay-protocol');

  // Both attributes, and a number of the channel range.
  const channel = message.get(channelNumber);
  const peer = message.get(xorPeerAddress);
  if (channel === undefined || !peer) return refuse(ErrorCode.BadRequest, 'missing-attribute');
  const channelMax = options.legacyChannelNumbers ? LEGACY_CHANNEL_MAX : CHANNEL_MAX;
  if (channel < CHANNEL_MIN || channel > channelMax) return refuse(ErrorCode.BadRequest, 'channel-out-of-range');

  // 3. Neither side bound otherwise. Rebinding the same pair refreshes it.
  const nowMs = now.monotonicMs;
  const bound = allocation.channel(channel, nowMs);
  if (bound && !sameTransportAddress(bound.peer, peer)) {
    return refuse(ErrorCode.BadRequest, 'channel-bound-to-other-peer');
  }
  const boundTo = allocation.channelTo(peer, nowMs);
  if (boundTo && boundTo.channel !== channel) return refuse(ErrorCode.BadRequest, 'peer-bound-to-other-channel');

  // 4. A peer of a family that the allocation relays to.
  const to = allocation.relayTo(peer.family);
  if (!to) return refuse(ErrorCode.PeerAddressFamilyMismatch, 'family-mismatch');

  // 5. Within policy, to the port: the plane relays channel data without asking again.
  const rule = policy.addressRule(peer.address);
  const denial = policy.peerDenial(peer, rule);
  if (denial) {
    reportPeerDenied(engine, allocation, peer, denial, nowMs);
    return refuse(ErrorCode.Forbidden, 'peer-denied');
  }

  // 6. Room for the binding, and for its permission.
  forgetExpired(engine, allocation, nowMs);
  if (!bound && allocation.channelCount >= options.allocation.channels) {
    return refuse(ErrorCode.InsufficientCapacity, 'channel-limit');
  }
  const permitted = allocation.permission(peer.address, nowMs) !== undefined;
  if (!permitted && allocation.permissionCount >= options.allocation.permissions) {
    return refuse(ErrorCode.InsufficientCapacity, 'permission-limit');
  }

  permit(engine, allocation, to, peer.address, rule, nowMs);
  const binding = allocation.setChannel(channel, peer, nowMs + options.allocation.channelLifetimeSec * 1000);
  engine.plane.setChannel(to.relay, binding);
  if (rule === 'own-relays-only') engine.ownRelayChannels.bound(peer, allocation);
  armAllocation(engine, allocation);
  if (!bound) reportChannel(engine, allocation, channel, peer);
  return grant((answer) => answer);
}
