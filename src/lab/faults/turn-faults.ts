import { username } from '../../stun/attributes/rfc8489.ts';
import { ErrorCode } from '../../stun/error-code.ts';
import { Method } from '../../stun/message-type.ts';
import { refuse, type Refused } from '../../turn/engine/requests/answer.ts';
import { type IncomingRequest } from '../../turn/engine/authentication/authenticate.ts';
import { type EngineState } from '../../turn/engine/engine-state.ts';
import { type WrapRequests } from '../../turn/engine/requests/serve-request.ts';
import { type ActiveFault, type FaultTarget } from './active-fault.ts';
import { type FaultRegistry } from './fault-registry.ts';

export interface TurnFaultPorts {
  readonly faults: FaultRegistry;
  /** The lab user behind a USERNAME, as far as known. */
  readonly userOf: (username: string) => string | undefined;
}

const METHOD_NAMES: ReadonlyMap<number, string> = new Map([
  [Method.Allocate, 'Allocate'],
  [Method.Refresh, 'Refresh'],
  [Method.CreatePermission, 'CreatePermission'],
  [Method.ChannelBind, 'ChannelBind'],
]);

/** The server names this cause of what a fault refuses; the events of a lab name the fault. */
const CAUSE = 'operator';

/**
 * Causes `turn-answer` and `turn-no-answer`. 401 and 438 come before authentication, the other codes after it, so that they are signed as
 * a client expects them; and a 401 hits no request without USERNAME, since the first request of every client is answered 401 anyway.
 */
export function faultyTurnRequests({ faults, userOf }: TurnFaultPorts): WrapRequests {
  const targetOf = ({ message }: IncomingRequest): FaultTarget => {
    const name = message.get(username);
    return { user: name === undefined ? undefined : userOf(name), method: METHOD_NAMES.get(message.method) };
  };
  const codeFor = (request: IncomingRequest, wanted: (code: number) => boolean): number | undefined => {
    const all: readonly ActiveFault<'turn-answer'>[] = faults.active(['turn-answer']);
    if (all.length === 0) return undefined;
    const target = targetOf(request);
    const fault = all.find((one) => wanted(one.spec.code) && one.hits(target));
    fault?.fire(target);
    return fault?.spec.code;
  };
  return (serve, refuseAuthentication) => (request, handler) => {
    if (faults.isQuiet) return serve(request, handler);
    // As a server that has stopped.
    if (faults.take(['turn-no-answer'], targetOf(request))) return 'stopped';
    const name = request.message.get(username);
    const challenge = name === undefined ? undefined : codeFor(request, isChallenge);
    if (challenge !== undefined) {
      refuseAuthentication(request, { code: challenge, cause: CAUSE, username: name });
      return undefined;
    }
    return serve(request, (authenticated, engine) => {
      const code = codeFor(authenticated, (one) => !isChallenge(one));
      return code === undefined ? handler(authenticated, engine) : refuseWith(code, authenticated, engine);
    });
  };
}

function isChallenge(code: number): boolean {
  return code === ErrorCode.Unauthenticated || code === ErrorCode.StaleNonce;
}

/** A 300 names an alternate server where there is one. */
function refuseWith(code: number, { client }: IncomingRequest, { redirection }: EngineState): Refused {
  const redirected = code === ErrorCode.TryAlternate ? redirection.tryAlternate(client) : undefined;
  return redirected ? { ...redirected, cause: CAUSE } : refuse(code, CAUSE);
}
