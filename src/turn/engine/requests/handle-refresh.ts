import { familyFromCode } from '../../../stun/address-family.ts';
import { mobilityTicket } from '../../../stun/attributes/rfc8016.ts';
import { lifetime, requestedAddressFamily } from '../../../stun/attributes/rfc8656.ts';
import { ErrorCode } from '../../../stun/error-code.ts';
import { armAllocation, endAllocation, endRelay } from '../allocation/allocation-lifecycle.ts';
import { grant, refuse, type Answer } from './answer.ts';
import { type AllocatedRelay, type Allocation } from '../allocation/allocation.ts';
import { type AuthenticatedRequest } from '../authentication/authenticate.ts';
import { type EngineState } from '../engine-state.ts';
import { desiredLifetimeSec, grantableLifetimeSec } from './lifetime.ts';
import { addTicket, allocationOfTicket, beginMove } from '../mobility/mobility.ts';
import { reportRefreshed } from '../observe/report.ts';
import { requestOnAllocation } from './request-on-allocation.ts';

/**
 * RFC 8656 §8.2. A retransmission needs nothing special: with a lifetime it refreshes again, and a repeated deletion meets no allocation
 * and is 437, which the client takes for success (§8.3).
 */
export function handleRefresh(request: AuthenticatedRequest, engine: EngineState): Answer {
  const { message, now, credential } = request;
  const ticket = message.get(mobilityTicket);
  const found = ticket ? allocationOfTicket(request, ticket, engine) : requestOnAllocation(request, engine);
  if (!found.ok) return found.refused;
  const { allocation } = found;

  // 1. The family, if one is named, is the allocation's, and the rest concerns it alone; else both (RFC 8656 §8.1).
  const meant = relaysMeant(allocation, message.get(requestedAddressFamily));
  if (meant.length === 0) return refuse(ErrorCode.PeerAddressFamilyMismatch, 'family-mismatch');

  // 2. Desired lifetime zero deletes, whatever has become of the credential.
  const wishedSec = message.get(lifetime);
  if (wishedSec === 0) {
    deleteRelays(engine, allocation, meant, now.monotonicMs);
    return grant((answer) => answer.add(lifetime, 0));
  }

  // 3. Any other is computed as for Allocate, and what the credential has left bounds it.
  const { options } = engine;
  const desiredSec = desiredLifetimeSec(wishedSec, options.allocation);
  const grantedSec = grantableLifetimeSec(desiredSec, credential, options.expiryPolicy, now);
  if (grantedSec <= 0) return refuse(ErrorCode.Unauthenticated, 'expired');

  engine.allocations.setCredential(allocation, credential);
  for (const one of meant) {
    one.expiresAtMs = now.monotonicMs + grantedSec * 1000;
    engine.plane.setRelayExpiry(one.relay, one.expiresAtMs);
  }
  armAllocation(engine, allocation);
  // RFC 8016 §3.2.2: the new 5-tuple is known from here on, and a new ticket goes with the answer.
  if (ticket) beginMove(request, allocation, engine);
  reportRefreshed(engine, allocation, grantedSec);
  return grant((answer) => {
    answer.add(lifetime, grantedSec);
    if (ticket) addTicket(answer, allocation, engine);
  });
}

function relaysMeant(allocation: Allocation, familyCode: number | undefined): readonly AllocatedRelay[] {
  if (familyCode === undefined) return allocation.relays;
  return allocation.relays.filter(({ family }) => family === familyFromCode(familyCode));
}

/** With its last relay the allocation goes too. */
function deleteRelays(
  engine: EngineState,
  allocation: Allocation,
  meant: readonly AllocatedRelay[],
  nowMs: number,
): void {
  if (meant.length === allocation.relays.length) {
    endAllocation(engine, allocation, 'deleted-by-client', nowMs);
    return;
  }
  for (const one of meant) endRelay(engine, allocation, one, 'deleted-by-client');
  armAllocation(engine, allocation);
}
