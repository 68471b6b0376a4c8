import { type Now } from '../../../base/clock.ts';
import { username } from '../../../stun/attributes/rfc8489.ts';
import { ErrorCode } from '../../../stun/error-code.ts';
import { Method } from '../../../stun/message-type.ts';
import {
  type Authentication,
  type AuthenticationPorts,
  type DeferredAuthentication,
  type IncomingRequest,
} from './authenticate.ts';
import { type EngineState } from '../engine-state.ts';
import { type DropReason } from '../observe/tally.ts';
import { type AuthenticationCause } from '../observe/turn-words.ts';
import { LOOKUP_DEADLINE_MS, type WaitingRequest } from './waiting-requests.ts';

type Conclude = (request: IncomingRequest, authentication: Authentication) => DropReason | undefined;

/**
 * Lets a request wait for a verifier, a bounded time and if there is room; else it is concluded at once, as one that nobody could judge. What
 * the verifier says is judged by the state of then. An answer that comes too late, or for a client that is gone, is dropped.
 */
export function waitForLookup(
  request: IncomingRequest,
  authentication: DeferredAuthentication,
  engine: EngineState,
  { resume }: AuthenticationPorts,
  conclude: Conclude,
): DropReason | undefined {
  const waiting = engine.waiting.add(request.client, request.message);
  if (!waiting) return conclude(request, unjudged(request, 'lookup-limit'));
  const { client, message } = request;
  const kept = { ...request, message: message.copy() };
  const end = (now: Now, outcome: Authentication): DropReason | undefined => {
    if (!stopWaiting(engine, waiting)) return undefined;
    engine.plane.releaseClient(client);
    return conclude({ ...kept, now }, outcome);
  };
  if (message.method === Method.ConnectionBind) engine.plane.holdClient(client);
  waiting.timer = engine.timers.schedule(request.now.monotonicMs + LOOKUP_DEADLINE_MS, () => {
    resume((now) => end(now, unjudged(kept, 'lookup-timeout')));
  });
  authentication.later(kept, (outcome) => {
    resume((now) => end(now, outcome.ok ? { ok: true, request: { ...outcome.request, now } } : outcome));
  });
  return undefined;
}

/** Ends the waiting of a request. Returns false when it no longer waits. */
export function stopWaiting({ waiting, timers }: EngineState, request: WaitingRequest): boolean {
  if (request.timer) timers.cancel(request.timer);
  return waiting.remove(request);
}

function unjudged({ message }: IncomingRequest, cause: AuthenticationCause): Authentication {
  return { ok: false, failure: { code: ErrorCode.ServerError, cause, username: message.get(username) } };
}
