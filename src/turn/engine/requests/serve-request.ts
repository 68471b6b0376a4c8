import { ErrorCode } from '../../../stun/error-code.ts';
import { Method } from '../../../stun/message-type.ts';
import { liveAllocation } from '../allocation/allocation-lifecycle.ts';
import { refuse, type Answer, type Deferred } from './answer.ts';
import {
  authenticate,
  type AuthenticatedRequest,
  type Authentication,
  type AuthenticationFailure,
  type AuthenticationPorts,
  type IncomingRequest,
} from '../authentication/authenticate.ts';
import { encodeAnswer, encodeChallenge } from './encode-answer.ts';
import { type EngineState } from '../engine-state.ts';
import { handleAllocate } from './handle-allocate.ts';
import { handleBinding } from './handle-binding.ts';
import { handleChannelBind } from './handle-channel-bind.ts';
import { handleConnect } from './handle-connect.ts';
import { handleConnectionBind, siblingPath, waitingConnection } from './handle-connection-bind.ts';
import { handleCreatePermission } from './handle-create-permission.ts';
import { handleRefresh } from './handle-refresh.ts';
import { allocationShown } from '../mobility/mobility.ts';
import { type BindingReply } from '../discovery/nat-discovery.ts';
import { reportAuthenticationRefused, reportMessage, reportRequestRefused } from '../observe/report.ts';
import { type DropReason } from '../observe/tally.ts';
import { waitForLookup } from '../authentication/wait-for-lookup.ts';

/** Does what an authenticated request of one method asks for. */
export type AuthenticatedHandler = (request: AuthenticatedRequest, engine: EngineState) => Answer | Deferred;

/** Serves a request that needs authentication and is not waiting for it already, with the handler of its method. Says why it was dropped, if it was. */
export type ServeRequest = (request: IncomingRequest, handler: AuthenticatedHandler) => DropReason | undefined;

/** Answers a request whose author is not taken for who it says it is: with a challenge, unless the code is 400. */
export type RefuseRequest = (request: IncomingRequest, failure: AuthenticationFailure) => void;

/** What an engine serves by, and what may be put around it when the engine is made. */
export type WrapRequests = (serve: ServeRequest, refuse: RefuseRequest) => ServeRequest;

const AUTHENTICATED: ReadonlyMap<number, AuthenticatedHandler> = new Map([
  [Method.Allocate, handleAllocate],
  [Method.Refresh, handleRefresh],
  [Method.CreatePermission, handleCreatePermission],
  [Method.ChannelBind, handleChannelBind],
  [Method.Connect, handleConnect],
  [Method.ConnectionBind, handleConnectionBind],
]);

/** Answered with realm and nonce, and unsigned: the client is to sign anew (RFC 8489 §9.2.4). */
const CHALLENGES: ReadonlySet<number> = new Set([ErrorCode.Unauthenticated, ErrorCode.StaleNonce]);

/** RFC 8656 §5 wants SOFTWARE in the answers to these two. */
const NAMES_SOFTWARE: ReadonlySet<number> = new Set([Method.Allocate, Method.Refresh]);

/** Answers one request on its 5-tuple. A method that is not ours is dropped (RFC 8489 §6.3), and the reason returned. */
export function serveRequest(
  request: IncomingRequest,
  engine: EngineState,
  serve: ServeRequest,
): DropReason | undefined {
  const { message } = request;
  if (message.method === Method.Binding) {
    reportMessage(engine, request, 'in', message.bytes);
    return serveBinding(request, engine);
  }
  const handler = AUTHENTICATED.get(message.method);
  if (!handler) return 'unknown-method';
  reportMessage(engine, request, 'in', message.bytes);
  if (engine.waiting.has(request.client, message)) return 'retransmission';
  return serve(request, handler);
}

function serveBinding(request: IncomingRequest, engine: EngineState): DropReason | undefined {
  if (exceedsAnswerLimit(request, engine)) return 'answer-limit';
  const { answer, detour } = bindingReply(request, engine);
  const bytes = encodeAnswer(request.message, answer, {});
  if (detour) {
    engine.sendFrom(detour.origin, detour.remote, bytes);
    reportMessage(engine, request, 'out', bytes);
  } else send(request, bytes, engine);
  if (!answer.granted) reportRequestRefused(engine, request, answer);
  else engine.tally.requestsGranted += 1;
  return undefined;
}

function bindingReply(request: IncomingRequest, engine: EngineState): BindingReply {
  if (request.message.cut === 'others') return { answer: refuse(ErrorCode.BadRequest, 'too-many-attributes') };
  return engine.natDiscovery?.reply(request) ?? { answer: handleBinding(request, engine) };
}

export function serveAuthenticated(
  request: IncomingRequest,
  handler: AuthenticatedHandler,
  engine: EngineState,
  ports: AuthenticationPorts,
): DropReason | undefined {
  const { client, now } = request;
  const here = liveAllocation(engine, client.key, now.monotonicMs);
  if (here === undefined && engine.answerLimit.hasTriedEnough(client, now.monotonicMs)) return 'answer-limit';
  const waiting = waitingConnection(request, engine);
  const allocation = here ?? waiting ?? allocationShown(request, engine);
  const author = allocation && { credential: allocation.credential, nonce: allocation.nonceOn(client) };
  const authentication = authenticate(request, author, ports, siblingPath(request, waiting));
  if (!('later' in authentication)) return serveAsProved(request, authentication, handler, engine, ports);
  return waitForLookup(request, authentication, engine, ports, (kept, late) =>
    serveAsProved(kept, late, handler, engine, ports),
  );
}

function serveAsProved(
  request: IncomingRequest,
  authentication: Authentication,
  handler: AuthenticatedHandler,
  engine: EngineState,
  ports: AuthenticationPorts,
): DropReason | undefined {
  const { message, client, now } = request;
  if (!authentication.ok) {
    if (isWrongProof(authentication.failure)) engine.answerLimit.countWrongProof(client, now.monotonicMs);
    if (exceedsAnswerLimit(request, engine)) return 'answer-limit';
    refuseAuthentication(request, authentication.failure, engine, ports);
    return undefined;
  }

  engine.plane.clientAuthenticated(client);
  const authenticated = authentication.request;
  const answer = handler(authenticated, engine);
  if ('later' in answer) {
    const kept = { ...authenticated, message: message.copy() };
    answer.later((settled) => {
      conclude(kept, settled, engine, ports);
    });
  } else conclude(authenticated, answer, engine, ports);
  return undefined;
}

function conclude(
  request: AuthenticatedRequest,
  answer: Answer,
  engine: EngineState,
  ports: AuthenticationPorts,
): void {
  const { message, credential, integrity } = request;
  if (answer.granted) engine.tally.requestsGranted += 1;
  if (!answer.granted && CHALLENGES.has(answer.code)) challenge(request, answer.code, engine, ports);
  else {
    const software = NAMES_SOFTWARE.has(message.method) ? engine.options.software : undefined;
    send(request, encodeAnswer(message, answer, { signature: { key: credential.key, integrity }, software }), engine);
  }
  if (!answer.granted) reportRequestRefused(engine, request, answer, credential.user);
  else answer.then?.();
}

/** Whether a cause is a wrong proof, which is found only after the nonce was checked. */
function isWrongProof({ code, cause }: AuthenticationFailure): boolean {
  return code === ErrorCode.Unauthenticated && cause !== 'no-credentials';
}

/** Counts the answer that is about to be given. True when the source has had as many as it may: no event tells of each, since a flood must cost little. */
function exceedsAnswerLimit({ client, now }: IncomingRequest, { answerLimit, limitedLog }: EngineState): boolean {
  if (!answerLimit.isOver(client, now.monotonicMs)) return false;
  const fields = { address: client.remote.address };
  limitedLog.warn('answer limit', fields, 'answers limited: too many unauthenticated requests', now.monotonicMs);
  return true;
}

export function refuseAuthentication(
  request: IncomingRequest,
  failure: AuthenticationFailure,
  engine: EngineState,
  ports: AuthenticationPorts,
): void {
  challenge(request, failure.code, engine, ports);
  reportAuthenticationRefused(engine, request, failure);
}

function challenge(
  request: IncomingRequest,
  code: number,
  engine: EngineState,
  { realms, nonces, features, verifier }: AuthenticationPorts,
): void {
  const { message, client, now } = request;
  const withNonce = code !== ErrorCode.BadRequest;
  const realm = realms.of(message, client);
  const accessTokensFor = code === ErrorCode.Unauthenticated ? verifier.accessTokensFor : undefined;
  const nonce = withNonce ? nonces.issue(client, realm, now) : undefined;
  const challenged = nonce === undefined ? undefined : { realm, nonce, accessTokensFor, offer: features.offer };
  send(request, encodeChallenge(message, code, challenged), engine);
}

function send(request: IncomingRequest, bytes: Buffer, engine: EngineState): void {
  engine.plane.sendToClient(request.client, bytes);
  reportMessage(engine, request, 'out', bytes);
}
