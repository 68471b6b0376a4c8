import { xorMappedAddress } from '../../../stun/attributes/rfc8489.ts';
import { ErrorCode } from '../../../stun/error-code.ts';
import { grant, refuse, type Answer } from './answer.ts';
import { type IncomingRequest } from '../authentication/authenticate.ts';
import { type EngineState } from '../engine-state.ts';

/** Binding (RFC 8489 §12): anybody may ask where it is seen from. */
export function handleBinding({ message, client }: IncomingRequest, engine: EngineState): Answer {
  const unknown = message.unknownRequired(engine.understood);
  if (unknown.length > 0) return refuse(ErrorCode.UnknownAttribute, 'unknown-attribute', unknown);
  return grant((answer) => answer.add(xorMappedAddress, client.remote));
}
