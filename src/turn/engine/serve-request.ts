import { ErrorCode } from '../../stun/error-code.ts';
import { Method } from '../../stun/message-type.ts';
import { liveAllocation } from './allocation-lifecycle.ts';
import { type Answer } from './answer.ts';
import {
  authenticate,
  type AuthenticatedRequest,
  type AuthenticationPorts,
  type IncomingRequest,
} from './authenticate.ts';
import { encodeAnswer, encodeChallenge } from './encode-answer.ts';
import { type EngineState } from './engine-state.ts';
import { handleAllocate } from './handle-allocate.ts';
import { handleBinding } from './handle-binding.ts';
import { handleChannelBind } from './handle-channel-bind.ts';
import { handleCreatePermission } from './handle-create-permission.ts';
import { handleRefresh } from './handle-refresh.ts';
import { reportAuthenticationRefused, reportRequestRefused } from './report.ts';
import { type DropReason } from './tally.ts';

type AuthenticatedHandler = (request: AuthenticatedRequest, engine: EngineState) => Answer;

const AUTHENTICATED: ReadonlyMap<number, AuthenticatedHandler> = new Map([
  [Method.Allocate, handleAllocate],
  [Method.Refresh, handleRefresh],
  [Method.CreatePermission, handleCreatePermission],
  [Method.ChannelBind, handleChannelBind],
]);

/** RFC 8656 §5 wants SOFTWARE in the answers to these two. */
const NAMES_SOFTWARE: ReadonlySet<number> = new Set([Method.Allocate, Method.Refresh]);

/** Answers one request on its 5-tuple. A method that is not ours is dropped (RFC 8489 §6.3), and the reason returned. */
export function serveRequest(
  request: IncomingRequest,
  engine: EngineState,
  ports: AuthenticationPorts,
): DropReason | undefined {
  const { message } = request;
  if (message.method === Method.Binding) {
    serveBinding(request, engine);
    return undefined;
  }
  const handler = AUTHENTICATED.get(message.method);
  if (!handler) return 'unknown-method';
  serveAuthenticated(request, handler, engine, ports);
  return undefined;
}

function serveBinding(request: IncomingRequest, engine: EngineState): void {
  const { message, client } = request;
  const answer = handleBinding(request, engine);
  client.send(encodeAnswer(message, answer, {}));
  if (!answer.granted) reportRequestRefused(engine, request, answer);
  else engine.tally.requestsGranted += 1;
}

function serveAuthenticated(
  request: IncomingRequest,
  handler: AuthenticatedHandler,
  engine: EngineState,
  ports: AuthenticationPorts,
): void {
  const { message, client, now } = request;
  const known = liveAllocation(engine, client.key, now.monotonicMs)?.credential;
  const authentication = authenticate(request, known, ports);
  if (!authentication.ok) {
    const { failure } = authentication;
    challenge(request, failure.code, ports);
    reportAuthenticationRefused(engine, request, failure);
    return;
  }

  const { credential } = authentication.request;
  const answer = handler(authentication.request, engine);
  if (answer.granted) engine.tally.requestsGranted += 1;
  if (!answer.granted && answer.code === ErrorCode.Unauthenticated) challenge(request, answer.code, ports);
  else {
    const software = NAMES_SOFTWARE.has(message.method) ? engine.options.software : undefined;
    client.send(encodeAnswer(message, answer, { key: credential.key, software }));
  }
  if (!answer.granted) reportRequestRefused(engine, request, answer, credential.user);
}

function challenge(
  { message, client, now }: IncomingRequest,
  code: number,
  { realm, nonces }: AuthenticationPorts,
): void {
  const withNonce = code !== ErrorCode.BadRequest;
  client.send(encodeChallenge(message, code, withNonce ? { realm, nonce: nonces.issue(client, now) } : undefined));
}
