import { sourceKey } from '../../../base/address-key.ts';
import { type AddressFamily } from '../../../base/ip.ts';
import { familyToCode } from '../../../stun/address-family.ts';
import { mobilityTicket } from '../../../stun/attributes/rfc8016.ts';
import { nonce, xorMappedAddress } from '../../../stun/attributes/rfc8489.ts';
import { lifetime, reservationToken, xorRelayedAddress } from '../../../stun/attributes/rfc8656.ts';
import { defaultReason, ErrorCode } from '../../../stun/error-code.ts';
import { additionalFamily } from '../relay/additional-family.ts';
import {
  beginAllocation,
  claimReservation,
  holdReservation,
  liveAllocation,
} from '../allocation/allocation-lifecycle.ts';
import { Allocation } from '../allocation/allocation.ts';
import { grant, refuse, type Answer, type Granted } from './answer.ts';
import { type AuthenticatedRequest } from '../authentication/authenticate.ts';
import { type RelayHandle } from '../../contract/relay-handle.ts';
import { type EngineState } from '../engine-state.ts';
import { addTicket } from '../mobility/mobility.ts';
import { openRelays, type OpenedRelays } from '../relay/open-relays.ts';
import { planAllocation, type AllocationPlan } from './plan-allocation.ts';
import { reportCreated } from '../observe/report.ts';
import { type Reservation } from '../allocation/reservations.ts';
import { type RelayProtocol } from '../../contract/relay-handle.ts';

const ALLOCATION_ID_BYTES = 8;
const RESERVATION_TOKEN_BYTES = 8;

/** RFC 8656 §7.2: checks first (`planAllocation`), then the relayed transport address, then the record. */
export function handleAllocate(request: AuthenticatedRequest, engine: EngineState): Answer {
  const { client, now, message, credential } = request;
  const existing = liveAllocation(engine, client.key, now.monotonicMs);

  // §7.2, last note: a retransmission of the request that made the allocation gets its answer again.
  const retransmitted = existing?.createdBy === message.transaction;
  if (retransmitted && existing.user === credential.user) return allocated(request, existing, engine);

  // RFC 8489 §6.3.1: a duplicate of it after that allocation has ended, or has moved away, makes no other.
  if (engine.pastAllocates.has(client.key, message.transaction, now.monotonicMs)) {
    return refuse(ErrorCode.AllocationMismatch, 'no-allocation');
  }

  const plan = planAllocation(request, existing, engine);
  if (!plan.granted) return plan;

  const expiresAtMs = now.monotonicMs + plan.lifetimeSec * 1000;
  const opened = plan.reservation
    ? claim(request, engine, plan.reservation, expiresAtMs)
    : openRelays(engine, client, plan, expiresAtMs, now.monotonicMs);
  if (!opened.ok) return refuse(ErrorCode.InsufficientCapacity, opened.reason);

  const allocation = record(request, engine, plan.protocol, opened.value);
  allocation.noteNonce(client, message.get(nonce));
  beginAllocation(engine, allocation);
  reportCreated(engine, allocation, plan.lifetimeSec);
  return allocated(request, allocation, engine);
}

function claim(
  { client }: AuthenticatedRequest,
  engine: EngineState,
  reservation: NonNullable<AllocationPlan['reservation']>,
  expiresAtMs: number,
): { readonly ok: true; readonly value: OpenedRelays } {
  claimReservation(engine, reservation);
  const { relay, family, port } = reservation;
  engine.plane.claimRelay(relay, client, expiresAtMs);
  return { ok: true, value: { relays: [{ relay, family, port, expiresAtMs }], missing: undefined, next: undefined } };
}

function record(
  { client, message, now, credential }: AuthenticatedRequest,
  engine: EngineState,
  protocol: RelayProtocol,
  { relays, missing, next }: OpenedRelays,
): Allocation {
  const [{ family, port }] = relays;
  const { user, namesNoHolder, person } = credential;
  return new Allocation({
    id: engine.randomBytes(ALLOCATION_ID_BYTES).toString('hex'),
    client,
    relays,
    protocol,
    createdBy: message.transaction,
    credential,
    createdAtUnixMs: now.unixMs,
    reservationToken:
      next &&
      reserve(
        engine,
        { holder: { user, namesNoHolder }, person, source: sourceKey(client.remote) },
        next,
        family,
        port + 1,
        now.monotonicMs,
      ),
    missing,
    mobile: message.has(mobilityTicket),
  });
}

function reserve(
  engine: EngineState,
  owner: Pick<Reservation, 'holder' | 'person' | 'source'>,
  relay: RelayHandle,
  family: AddressFamily,
  port: number,
  nowMs: number,
): Buffer {
  const token = engine.randomBytes(RESERVATION_TOKEN_BYTES);
  const expiresAtMs = nowMs + engine.options.reservationSec * 1000;
  holdReservation(engine, { ...owner, token, relay, family, port, expiresAtMs, timer: undefined });
  return token;
}

/** The success response, from the record alone, so that a retransmission gets the same with the lifetime as it is by then. */
function allocated({ message, now }: AuthenticatedRequest, allocation: Allocation, engine: EngineState): Granted {
  return grant((answer) => {
    for (const { relay } of allocation.relays) answer.add(xorRelayedAddress, relay.relayed);
    answer.add(lifetime, allocation.lifetimeLeftSec(now.monotonicMs));
    if (allocation.reservationToken) answer.add(reservationToken, allocation.reservationToken);
    answer.add(xorMappedAddress, allocation.client.remote);
    addTicket(answer, allocation, engine);
    const { missing } = allocation;
    const additional = additionalFamily(message);
    if (!missing || !additional) return;
    const { family, code } = missing;
    answer.add(additional.errorAttribute, { family: familyToCode(family), code, reason: defaultReason(code) });
  });
}
