import { type AddressFamily } from '../../../base/ip.ts';
import { familyFromCode, FamilyCode } from '../../../stun/address-family.ts';
import {
  evenPort,
  lifetime,
  requestedAddressFamily,
  requestedTransport,
  reservationToken,
} from '../../../stun/attributes/rfc8656.ts';
import { ErrorCode } from '../../../stun/error-code.ts';
import { additionalFamily } from '../relay/additional-family.ts';
import { type Allocation, type MissingFamily } from '../allocation/allocation.ts';
import { refuse, type Refused } from './answer.ts';
import { type AuthenticatedRequest } from '../authentication/authenticate.ts';
import { type EngineState } from '../engine-state.ts';
import { desiredLifetimeSec, grantableLifetimeSec } from './lifetime.ts';
import { mobilityRefusal } from '../mobility/mobility.ts';
import { quotaLeft } from '../allocation/quota-left.ts';
import { type PortShape } from '../relay/relay-ports.ts';
import { unfitAttributes } from './request-on-allocation.ts';
import { type Reservation } from '../allocation/reservations.ts';
import { relayProtocol, tcpRefusal } from '../relay/requested-transport.ts';
import { type RelayProtocol } from '../../contract/relay-handle.ts';
import { isTunnelled } from '../peers/tunnelled-client.ts';

const FAMILIES: readonly AddressFamily[] = [4, 6];

/** What an Allocate that passes its checks gets. */
export interface AllocationPlan {
  readonly granted: true;
  readonly lifetimeSec: number;
  /** One, or IPv4 and then IPv6; that of the reservation if there is one. */
  readonly families: readonly AddressFamily[];
  readonly protocol: RelayProtocol;
  readonly shape: PortShape;
  readonly reservation: Reservation | undefined;
  readonly missing: MissingFamily | undefined;
}

/** The checks of RFC 8656 §7.2, numbered as there, on a request that passed step 1 (authentication). Changes nothing. */
export function planAllocation(
  request: AuthenticatedRequest,
  existing: Allocation | undefined,
  engine: EngineState,
): AllocationPlan | Refused {
  const { message, client, now, credential } = request;
  const { options } = engine;

  // 2. The 5-tuple is in use, whoever by: a client that lost its state, or one behind a NAT that gives a mapping to the next. It tries another
  // port on 437; 441 is for requests on an allocation alone (§5).
  if (existing) return refuse(ErrorCode.AllocationMismatch, 'allocation-exists');

  // The credential has time left to grant, and the client's address is no tunnel's (RFC 8656 §21.4).
  const desiredSec = desiredLifetimeSec(message.get(lifetime), options.allocation);
  const lifetimeSec = grantableLifetimeSec(desiredSec, credential, options.expiryPolicy, now);
  if (lifetimeSec <= 0) return refuse(ErrorCode.Unauthenticated, 'expired');
  if (isTunnelled(client.remote.address)) return refuse(ErrorCode.Forbidden, 'tunnelled-client');

  // 3. REQUESTED-TRANSPORT: UDP, or TCP with the rules of RFC 6062 §5.1.
  const requested = message.get(requestedTransport);
  if (requested === undefined) return refuse(ErrorCode.BadRequest, 'missing-attribute');
  const protocol = relayProtocol(requested, engine);
  if (!protocol) return refuse(ErrorCode.UnsupportedTransport, 'unsupported-transport');
  const unfitForTcp = protocol === 'tcp' ? tcpRefusal(request) : undefined;
  if (unfitForTcp) return unfitForTcp;

  // 4. Unknown attributes, of which DONT-FRAGMENT is one where DF cannot be set; and those that cannot be read.
  const unfit = unfitAttributes(request, engine);
  if (unfit) return unfit;

  // RFC 8016 §3.1.2: MOBILITY-TICKET.
  const immobile = mobilityRefusal(request, protocol, engine);
  if (immobile) return immobile;

  // 5. RESERVATION-TOKEN: alone, and good.
  const token = message.get(reservationToken);
  const family = message.get(requestedAddressFamily);
  const additional = additionalFamily(message);
  const even = message.get(evenPort);
  if (token) {
    if (even !== undefined || family !== undefined || additional !== undefined) return conflicting();
    const reservation = engine.reservations.find(token, credential, now.monotonicMs);
    if (!reservation) return refuse(ErrorCode.InsufficientCapacity, 'unknown-reservation');
    // 10. No quota to check: the reservation already counted.
    const families = [reservation.family];
    return { granted: true, lifetimeSec, protocol, families, shape: 'any', reservation, missing: undefined };
  }

  // 6. One of the two address family attributes.
  if (family !== undefined && additional !== undefined) return conflicting();

  // 7. A family that we relay to; IPv4 if none is named.
  const wanted = familyFromCode(family ?? FamilyCode.IPv4);
  if (additional === undefined && (wanted === undefined || !engine.families.has(wanted))) {
    return refuse(ErrorCode.AddressFamilyNotSupported, 'unsupported-family');
  }

  // 8. EVEN-PORT with R asks for a pair, which does not go with two families. Whether there is one shows when it is opened.
  if (even === true && additional !== undefined) return conflicting();
  const shape = shapeOf(even);

  // 9. ADDITIONAL-ADDRESS-FAMILY: IPv6 is its only value. A family that we do not relay to is told in ADDRESS-ERROR-CODE.
  if (additional !== undefined && additional.code !== FamilyCode.IPv6) return conflicting();
  const wished = additional === undefined && wanted !== undefined ? [wanted] : FAMILIES;

  // 11. Another server, where the operator wants that. A port that is held for the client is here alone, so that came before.
  const { allocations, reservations, redirection } = engine;
  const redirected = redirection.refusal(client, allocations.relays + reservations.size, options.quota.total);
  if (redirected) return redirected;

  // 10. Quotas: by user, by client address and in all.
  const { left, cause } = quotaLeft(engine, credential.person, client.remote);
  if (left < (shape === 'even-pair' ? 2 : 1)) return refuse(ErrorCode.AllocationQuotaReached, cause);
  const { families, missing } = within(left, wished, engine);
  return { granted: true, lifetimeSec, protocol, families, shape, reservation: undefined, missing };
}

/** Step 9: of two families wished, what can be had of them, and why the other cannot. */
function within(
  left: number,
  wished: readonly AddressFamily[],
  engine: EngineState,
): Pick<AllocationPlan, 'families' | 'missing'> {
  const families = wished.filter((family) => engine.families.has(family));
  const [, second] = families;
  if (second !== undefined && left < 2) {
    return {
      families: families.slice(0, 1),
      missing: { family: second, code: ErrorCode.InsufficientCapacity },
    };
  }
  const unsupported = wished.find((family) => !engine.families.has(family));
  return {
    families,
    missing: unsupported && { family: unsupported, code: ErrorCode.AddressFamilyNotSupported },
  };
}

function conflicting(): Refused {
  return refuse(ErrorCode.BadRequest, 'conflicting-attributes');
}

function shapeOf(even: boolean | undefined): PortShape {
  if (even === undefined) return 'any';
  return even ? 'even-pair' : 'even';
}
