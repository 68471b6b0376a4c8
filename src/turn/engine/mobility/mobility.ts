import { mobilityTicket } from '../../../stun/attributes/rfc8016.ts';
import { ErrorCode } from '../../../stun/error-code.ts';
import { Method } from '../../../stun/message-type.ts';
import { type StunMessage } from '../../../stun/message.ts';
import { type StunWriter } from '../../../stun/writer.ts';
import { liveAllocation, stillLive } from '../allocation/allocation-lifecycle.ts';
import { type Allocation } from '../allocation/allocation.ts';
import { refuse, type Refused } from '../requests/answer.ts';
import { type AuthenticatedRequest, type IncomingRequest } from '../authentication/authenticate.ts';
import { type ClientPath } from '../../contract/client-path.ts';
import { type EngineState } from '../engine-state.ts';
import { reportMoved } from '../observe/report.ts';
import { unfitAttributes, type OnAllocation } from '../requests/request-on-allocation.ts';
import { type RelayProtocol } from '../../contract/relay-handle.ts';
import { isTunnelled } from '../peers/tunnelled-client.ts';

/*
 * Mobility (RFC 8016): who shows the ticket of an allocation from another 5-tuple takes the allocation there. Until the client uses the new
 * 5-tuple for something else than that Refresh, both serve, and peers' data still leaves on the old one.
 */

/** RFC 8016 §3.1.2, for an Allocate: a client asks with an empty ticket; where mobility is not allowed, that is 405. */
export function mobilityRefusal(
  { message }: AuthenticatedRequest,
  protocol: RelayProtocol,
  { tickets }: EngineState,
): Refused | undefined {
  const ticket = message.get(mobilityTicket);
  if (ticket === undefined) return undefined;
  if (ticket.length > 0) return refuse(ErrorCode.BadRequest, 'unknown-ticket');
  // The connections with peers are joined to connections of the client, which stay where they are (RFC 6062).
  return tickets && protocol === 'udp' ? undefined : refuse(ErrorCode.MobilityForbidden, 'mobility-forbidden');
}

/** The ticket that is good at the moment, for an allocation that may move. */
export function addTicket(answer: StunWriter, { id, ticketSerial }: Allocation, { tickets }: EngineState): void {
  if (ticketSerial === undefined || !tickets) return;
  answer.add(mobilityTicket, tickets.seal({ allocationId: id, serial: ticketSerial }));
}

/** The allocation whose ticket a Refresh shows, before anything is known of who shows it. */
export function allocationShown({ message, now }: IncomingRequest, engine: EngineState): Allocation | undefined {
  const { tickets, allocations } = engine;
  if (!tickets || message.method !== Method.Refresh) return undefined;
  const ticket = message.get(mobilityTicket);
  const content = ticket && tickets.open(ticket);
  return content && stillLive(engine, allocations.ofId(content.allocationId), now.monotonicMs);
}

/** RFC 8016 §3.2.2: the allocation that the ticket of a Refresh names. Changes nothing. */
export function allocationOfTicket(request: AuthenticatedRequest, ticket: Buffer, engine: EngineState): OnAllocation {
  const { client, message, now, credential } = request;
  const { tickets, allocations } = engine;

  // Not allowed here.
  if (!tickets) return refused(refuse(ErrorCode.MobilityForbidden, 'mobility-forbidden'));
  const unfit = unfitAttributes(request, engine);
  if (unfit) return refused(unfit);

  // A retransmission of the request that used the ticket up gets its answer again.
  const here = liveAllocation(engine, client.key, now.monotonicMs);
  const retransmitted = here?.movedBy === message.transaction;
  if (retransmitted && here.user === credential.user) return { ok: true, allocation: here };

  // A ticket of this process, for an allocation that is still there, and of the same user.
  const content = tickets.open(ticket);
  if (!content) return refused(refuse(ErrorCode.BadRequest, 'unknown-ticket'));
  const named = stillLive(engine, allocations.ofId(content.allocationId), now.monotonicMs);
  if (!named) return refused(refuse(ErrorCode.AllocationMismatch, 'no-allocation'));
  if (named.user !== credential.user) return refused(refuse(ErrorCode.WrongCredentials, 'other-user'));

  // Each serves once, and to move: where the client is already, it refreshes without.
  if (content.serial !== named.ticketSerial) return refused(refuse(ErrorCode.BadRequest, 'unknown-ticket'));
  if (isWhereToldLast(named, client)) return refused(refuse(ErrorCode.BadRequest, 'client-did-not-move'));

  // The new 5-tuple is free, and of no tunnel.
  if (here && here !== named) return refused(refuse(ErrorCode.AllocationMismatch, 'allocation-exists'));
  if (isTunnelled(client.remote.address)) return refused(refuse(ErrorCode.Forbidden, 'tunnelled-client'));
  return { ok: true, allocation: named };
}

/** Uses the ticket up. Again for a retransmission: nothing. */
export function beginMove(
  { client, message, now }: AuthenticatedRequest,
  allocation: Allocation,
  engine: EngineState,
): void {
  if (allocation.movedBy === message.transaction) return;
  allocation.movedBy = message.transaction;
  allocation.ticketSerial = ((allocation.ticketSerial ?? 0) + 1) >>> 0;
  engine.allocations.cancelMove(allocation);
  if (!allocation.abandoned && allocation.client.key === client.key) return;
  engine.pastAllocates.add(allocation.client.key, allocation.createdBy, now.monotonicMs);
  engine.allocations.beginMove(allocation, client);
  if (allocation.abandoned) completeMove(allocation, engine);
}

/** What comes on a new 5-tuple, unless it is the Refresh that began the move, completes it. `frame`: ChannelData, which then passes. */
export function arriveFrom(
  client: ClientPath,
  message: StunMessage | undefined,
  engine: EngineState,
  frame?: Buffer,
): boolean {
  if (!engine.allocations.someMove) return false;
  const allocation = engine.allocations.movingTo(client.key);
  if (!allocation || allocation.movedBy === message?.transaction) return false;
  completeMove(allocation, engine, frame);
  return true;
}

/**
 * A client's connection has gone. True when its allocation goes on: the client is on its way to another path, or has a ticket to come back
 * with until the allocation expires.
 */
export function survivesClosing(client: ClientPath, engine: EngineState): boolean {
  const { allocations } = engine;
  const arriving = allocations.movingTo(client.key);
  if (arriving) {
    allocations.cancelMove(arriving);
    return true;
  }
  const allocation = allocations.ofClient(client.key);
  if (allocation?.ticketSerial === undefined) return false;
  allocations.abandon(allocation);
  if (allocation.movingTo) completeMove(allocation, engine);
  return true;
}

function completeMove(allocation: Allocation, engine: EngineState, frame?: Buffer): void {
  const from = allocation.client;
  const client = engine.allocations.completeMove(allocation);
  if (!client) return;
  engine.plane.moveClient(allocation.relay, client, frame);
  reportMoved(engine, allocation, from);
}

function isWhereToldLast({ movingTo, client, abandoned }: Allocation, { key }: ClientPath): boolean {
  if (movingTo) return movingTo.key === key;
  return !abandoned && client.key === key;
}

function refused(refusal: Refused): OnAllocation {
  return { ok: false, refused: refusal };
}
