import { type ClientPath } from '../../contract/client-path.ts';
import { type ClientLink } from './relay-state.ts';

/** A socket that clients come through: a UDP listener with all of its clients, or the connection of one. */
export interface ClientSocket {
  /** Hands a message to the client; drops and counts when the transport cannot take it now. Never throws. */
  sendTo(client: ClientPath, data: Uint8Array): void;
  /** The fast way to a client that has an allocation. */
  linkTo(client: ClientPath): ClientLink;
  /** A request that the client brought was authenticated just now. Absent where that makes no difference, as the following ones are. */
  noteAuthenticated?(): void;
  hold?(): void;
  release?(): void;
}

/** The sockets of client transports by the numbers that stand for them in `ClientPath.socket`. */
export class ClientSockets {
  readonly #byNumber = new Map<number, ClientSocket>();
  #last = 0;

  /** Takes a socket up under a number that no other has had: a message to a connection that has gone reaches no newcomer. */
  add(socket: ClientSocket): number {
    this.#last += 1;
    this.#byNumber.set(this.#last, socket);
    return this.#last;
  }

  remove(number: number): void {
    this.#byNumber.delete(number);
  }

  /** The socket that a client came through; `undefined` when it has gone. */
  of({ socket }: ClientPath): ClientSocket | undefined {
    return this.#byNumber.get(socket);
  }
}
