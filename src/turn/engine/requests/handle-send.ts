import { type TransportAddress } from '../../../base/transport-address.ts';
import { data, dontFragment, xorPeerAddress } from '../../../stun/attributes/rfc8656.ts';
import { liveAllocation } from '../allocation/allocation-lifecycle.ts';
import { type IncomingRequest } from '../authentication/authenticate.ts';
import { type ClientPath } from '../../contract/client-path.ts';
import { type EngineState } from '../engine-state.ts';
import { deniedOnPath } from '../peers/peer-data.ts';
import { type DropReason } from '../observe/tally.ts';

/** Send indication (RFC 8656 §11.2). What is wrong with it is dropped without a word; the reason is returned to be counted. */
export function handleSend({ message, client, now }: IncomingRequest, engine: EngineState): DropReason | undefined {
  const allocation = liveAllocation(engine, client.key, now.monotonicMs);
  if (!allocation) return 'no-allocation';

  if (allocation.protocol === 'tcp') return 'wrong-relay-protocol';

  // 1. Both attributes, and none that we would have to understand.
  if (message.cut === 'others') return 'too-many-attributes';
  if (message.unknownRequired(engine.understood).length > 0) return 'unknown-attribute';
  const peer = message.get(xorPeerAddress);
  const payload = message.get(data);
  if (!peer || !payload) return 'incomplete-indication';

  // 2. Of a family that the allocation relays to.
  const to = allocation.relayTo(peer.family);
  if (!to) return 'family-mismatch';

  // 3. A permission for the address. Sending does not refresh it.
  const permission = allocation.permission(peer.address, now.monotonicMs);
  if (!permission) return 'no-permission';

  // 4. The policy for this very port.
  if (deniedOnPath(engine, allocation, permission, peer, now.monotonicMs)) return 'peer-denied';

  engine.plane.sendToPeer(to.relay, peer, payload, { dontFragment: message.has(dontFragment) && heeds(client, peer) });
  return undefined;
}

/** RFC 8656 §13.1 to §13.3: between UDP and UDP, DONT-FRAGMENT is ignored where either side is IPv6. */
function heeds({ transport, remote }: ClientPath, peer: TransportAddress): boolean {
  return transport !== 'udp' || (remote.family === 4 && peer.family === 4);
}
