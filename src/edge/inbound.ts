import { type Hop } from './hop.ts';
import { type MistakeGuard } from './mistake-guard.ts';

/** What hops hand received messages to: the proxy. */
export interface InboundHandler {
  /** Takes a message. Returns true for a message that this hop was asked for, such as a response: it does not count against the sender's rate. */
  receive(bytes: Buffer, hop: Hop): boolean;
  /** The connection of a hop is gone. */
  hopClosed(hop: Hop): void;
}

/**
 * The one way in. Connections are made before the proxy, which knows the core that they lead to; so they hand what they receive to an `Inbound`,
 * and `connect` tells it whom to pass that on to. Mistakes of ours end here.
 */
export class Inbound {
  readonly #guard: MistakeGuard;
  #handler: InboundHandler | undefined;

  constructor(guard: MistakeGuard) {
    this.#guard = guard;
  }

  /** Names the handler. To be called before the first message can come. */
  connect(handler: InboundHandler): void {
    this.#handler = handler;
  }

  /** Passes one received message on. Returns true for a message that this hop was asked for. */
  receive(bytes: Buffer, hop: Hop): boolean {
    try {
      return this.#handler?.receive(bytes, hop) === true;
    } catch (error) {
      this.#guard.report(error, hop);
      return false;
    }
  }

  /** Tells the handler that a connection is gone, but not at once: a hop can close while a transaction is sending on it. */
  closed(hop: Hop): void {
    this.#guard.defer(() => {
      this.#handler?.hopClosed(hop);
    }, hop);
  }
}
