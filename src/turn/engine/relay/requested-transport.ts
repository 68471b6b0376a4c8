import { dontFragment, evenPort, reservationToken } from '../../../stun/attributes/rfc8656.ts';
import { ErrorCode } from '../../../stun/error-code.ts';
import { refuse, type Refused } from '../requests/answer.ts';
import { type AuthenticatedRequest } from '../authentication/authenticate.ts';
import { type EngineState } from '../engine-state.ts';
import { type RelayProtocol } from '../../contract/relay-handle.ts';

/** Protocol numbers of REQUESTED-TRANSPORT (RFC 8656 §18.8, RFC 6062 §4.1). */
const PROTOCOL_TCP = 6;
const PROTOCOL_UDP = 17;

/** The protocol that REQUESTED-TRANSPORT names; `undefined` when this server does not relay it. */
export function relayProtocol(requested: number, { options, plane }: EngineState): RelayProtocol | undefined {
  if (requested === PROTOCOL_UDP) return 'udp';
  return requested === PROTOCOL_TCP && options.tcpRelay && plane.tcp ? 'tcp' : undefined;
}

/** RFC 6062 §5.1: a TCP relay is for clients on a stream, and has none of the refinements of UDP. */
export function tcpRefusal({ client, message }: AuthenticatedRequest): Refused | undefined {
  if (client.transport === 'udp') return refuse(ErrorCode.BadRequest, 'unsupported-transport');
  const conflicting = message.has(dontFragment) || message.has(evenPort) || message.has(reservationToken);
  return conflicting ? refuse(ErrorCode.BadRequest, 'conflicting-attributes') : undefined;
}
