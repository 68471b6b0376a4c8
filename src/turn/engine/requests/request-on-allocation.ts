import { nonce } from '../../../stun/attributes/rfc8489.ts';
import { ErrorCode } from '../../../stun/error-code.ts';
import { liveAllocation } from '../allocation/allocation-lifecycle.ts';
import { type Allocation } from '../allocation/allocation.ts';
import { refuse, type Refused } from './answer.ts';
import { type AuthenticatedRequest, type IncomingRequest } from '../authentication/authenticate.ts';
import { type EngineState } from '../engine-state.ts';
import { credentialLeftSec } from './lifetime.ts';
import { isSameHolder } from '../allocation/same-holder.ts';

export type OnAllocation =
  { readonly ok: true; readonly allocation: Allocation } | { readonly ok: false; readonly refused: Refused };

/** What holds for every request that needs an allocation (RFC 8656 §5), before its method's own rules. */
export function requestOnAllocation(request: AuthenticatedRequest, engine: EngineState): OnAllocation {
  const { client, message, now, credential } = request;

  // RFC 8656 §5: no allocation on this 5-tuple.
  const allocation = liveAllocation(engine, client.key, now.monotonicMs);
  if (!allocation) return refused(refuse(ErrorCode.AllocationMismatch, 'no-allocation'));

  // RFC 8656 §5: not the user that created it. A "username" here is u: a WIC moves to a fresh credential while its call goes on.
  if (!isSameHolder(allocation.credential, credential))
    return refused(refuse(ErrorCode.WrongCredentials, 'other-user'));

  if (credential.realm === allocation.credential.realm) allocation.noteNonce(client, message.get(nonce));
  const unfit = unfitAttributes(request, engine);
  return unfit ? refused(unfit) : { ok: true, allocation };
}

/** RFC 8489 §6.3.1: unknown comprehension-required attributes are 420. One we know and cannot read is 400, and so are more than we look at. */
export function unfitAttributes({ message }: IncomingRequest, engine: EngineState): Refused | undefined {
  if (message.cut === 'others') return refuse(ErrorCode.BadRequest, 'too-many-attributes');
  const unknown = message.unknownRequired(engine.understood);
  if (unknown.length > 0) return refuse(ErrorCode.UnknownAttribute, 'unknown-attribute', unknown);
  const malformed = message.malformed().some((type) => engine.understood.has(type));
  return malformed ? refuse(ErrorCode.BadRequest, 'malformed-attribute') : undefined;
}

/** Under `strict` a credential serves no request after its end; deleting the allocation is asked before this. */
export function credentialOver({ credential, now }: AuthenticatedRequest, engine: EngineState): Refused | undefined {
  const over = engine.options.expiryPolicy === 'strict' && credentialLeftSec(credential, now) <= 0;
  return over ? refuse(ErrorCode.Unauthenticated, 'expired') : undefined;
}

function refused(refusal: Refused): OnAllocation {
  return { ok: false, refused: refusal };
}
