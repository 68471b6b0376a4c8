import { xorPeerAddress } from '../../../stun/attributes/rfc8656.ts';
import { ErrorCode } from '../../../stun/error-code.ts';
import { refuse, type Answer, type Deferred } from './answer.ts';
import { type AuthenticatedRequest } from '../authentication/authenticate.ts';
import { type EngineState } from '../engine-state.ts';
import { reportPeerDenied } from '../observe/report.ts';
import { credentialOver, requestOnAllocation } from './request-on-allocation.ts';
import { beginTcpConnection } from '../tcp/tcp-lifecycle.ts';
import { hasTcpRoom } from '../tcp/tcp-room.ts';

/** RFC 6062 §5.2. The answer comes when the peer has taken the connection, has refused it, or has let the time pass. */
export function handleConnect(request: AuthenticatedRequest, engine: EngineState): Answer | Deferred {
  const { message, now } = request;
  const { plane, policy, tcpConnections } = engine;
  const found = requestOnAllocation(request, engine);
  if (!found.ok) return found.refused;
  const { allocation } = found;

  // 1. The credential still serves.
  const over = credentialOver(request, engine);
  if (over) return over;

  // 2. An allocation that relays TCP.
  const { tcp } = plane;
  if (allocation.protocol !== 'tcp' || !tcp) return refuse(ErrorCode.BadRequest, 'wrong-relay-protocol');

  // 3. A peer of a family that it relays to.
  const peer = message.get(xorPeerAddress);
  if (!peer) return refuse(ErrorCode.BadRequest, 'missing-attribute');
  const to = allocation.relayTo(peer.family);
  if (!to) return refuse(ErrorCode.PeerAddressFamilyMismatch, 'family-mismatch');

  // 4. No connection with it yet, on the way or made, by either side.
  if (tcpConnections.to(allocation, peer)) return refuse(ErrorCode.ConnectionAlreadyExists, 'connection-exists');

  // 5. Within policy, to the port.
  const denial = policy.peerDenial(peer, policy.addressRule(peer.address), 'tcp');
  if (denial) {
    reportPeerDenied(engine, allocation, peer, denial, now.monotonicMs);
    return refuse(ErrorCode.Forbidden, 'peer-denied');
  }

  // 6. Room for it.
  if (!hasTcpRoom(engine, allocation)) return refuse(ErrorCode.InsufficientCapacity, 'connection-limit');

  return {
    later: (settle) => {
      const { id } = beginTcpConnection(engine, { allocation, peer, settle }, now.monotonicMs);
      tcp.connect(to.relay, id, peer);
    },
  };
}
