import { type TappedRequest, type TurnTap } from '../../server/hooks.ts';
import { ErrorCode } from '../../stun/error-code.ts';
import { Method } from '../../stun/message-type.ts';
import { type ActiveFault, type FaultTarget } from './active-fault.ts';
import { type FaultRegistry } from './fault-registry.ts';

type Challenge = typeof ErrorCode.Unauthenticated | typeof ErrorCode.StaleNonce;

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

/**
 * Causes `turn-answer` and `turn-no-answer`. 401 and 438 come before authentication, the other codes after it, so that they are signed as
 * a client expects them; and a 401 hits no request without USERNAME, since the first request of every client is answered 401 anyway.
 */
export function createTurnTap({ faults, userOf }: TurnFaultPorts): TurnTap {
  const targetOf = ({ method, username }: TappedRequest): FaultTarget => ({
    user: username === undefined ? undefined : userOf(username),
    method: METHOD_NAMES.get(method),
  });
  const answer = (request: TappedRequest, wanted: (code: number) => boolean): number | undefined => {
    const all: readonly ActiveFault<'turn-answer'>[] = faults.active(['turn-answer']);
    if (all.length === 0) return undefined;
    const target = targetOf(request);
    const fault = all.find((one) => wanted(one.spec.code) && one.hits(target));
    fault?.fire(target);
    return fault?.spec.code;
  };
  return {
    unauthenticated: (request) => {
      if (faults.take(['turn-no-answer'], targetOf(request))) return 'no-answer';
      if (request.username === undefined) return undefined;
      const code = answer(request, isChallenge);
      return code !== undefined && isChallenge(code) ? code : undefined;
    },
    authenticated: (request) => answer(request, (code) => !isChallenge(code)),
  };
}

function isChallenge(code: number): code is Challenge {
  return code === ErrorCode.Unauthenticated || code === ErrorCode.StaleNonce;
}
