import { connectionId } from '../../../stun/attributes/rfc6062.ts';
import { ErrorCode } from '../../../stun/error-code.ts';
import { Method } from '../../../stun/message-type.ts';
import { liveAllocation, stillLive } from '../allocation/allocation-lifecycle.ts';
import { type Allocation } from '../allocation/allocation.ts';
import { grantThen, refuse, type Answer } from './answer.ts';
import { type AuthenticatedRequest, type IncomingRequest } from '../authentication/authenticate.ts';
import { type ClientPath } from '../../contract/client-path.ts';
import { type EngineState } from '../engine-state.ts';
import { credentialOver, unfitAttributes } from './request-on-allocation.ts';
import { bindTcpConnection } from '../tcp/tcp-lifecycle.ts';

/** The allocation that a ConnectionBind is about, by the connection it names. */
export function waitingConnection({ message, now }: IncomingRequest, engine: EngineState): Allocation | undefined {
  if (message.method !== Method.ConnectionBind) return undefined;
  const connection = engine.tcpConnections.get(message.get(connectionId) ?? 0);
  return connection?.state === 'unbound' ? stillLive(engine, connection.allocation, now.monotonicMs) : undefined;
}

/**
 * The connection with the allocation to which a ConnectionBind from the same host belongs. Clients sign with the nonce they got there, and some
 * take no second one. What can be recorded of such a request serves nobody again: a CONNECTION-ID is bound once.
 */
export function siblingPath({ client }: IncomingRequest, waiting: Allocation | undefined): ClientPath | undefined {
  return waiting?.client.remote.address === client.remote.address ? waiting.client : undefined;
}

/**
 * RFC 6062 §5.4, on a connection of its own. Who asks has authenticated on this very connection, and is the user of the allocation; to
 * anybody else a connection that exists looks as one that does not.
 */
export function handleConnectionBind(request: AuthenticatedRequest, engine: EngineState): Answer {
  const { message, client, credential, now } = request;
  const { plane, tcpConnections } = engine;

  // 1. A stream that carries nothing else.
  const { tcp } = plane;
  if (client.transport === 'udp' || !tcp) return refuse(ErrorCode.BadRequest, 'unsupported-transport');
  if (liveAllocation(engine, client.key, now.monotonicMs)) return refuse(ErrorCode.BadRequest, 'allocation-exists');

  // 2. What holds for every request.
  const unfit = unfitAttributes(request, engine) ?? credentialOver(request, engine);
  if (unfit) return unfit;

  // 3. A connection that waits for it, of an allocation that lives.
  const id = message.get(connectionId);
  if (id === undefined) return refuse(ErrorCode.BadRequest, 'missing-attribute');
  const connection = tcpConnections.get(id);
  const own = connection?.allocation.relayTo(connection.peer.family);
  if (connection?.state !== 'unbound' || !own || own.expiresAtMs <= now.monotonicMs) {
    return refuse(ErrorCode.BadRequest, 'unknown-connection');
  }

  // 4. The owner.
  if (connection.allocation.user !== credential.user) return refuse(ErrorCode.BadRequest, 'other-user');

  // 5. RFC 6062 §4.4: to the same place as the control connection, so that what it hides is not told in the clear.
  if (connection.allocation.client.transport === 'tls' && client.transport !== 'tls') {
    return refuse(ErrorCode.BadRequest, 'clear-connection');
  }

  bindTcpConnection(engine, connection);
  return grantThen(() => {
    tcp.join(id, client);
  });
}
