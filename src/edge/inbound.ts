import { type Hop } from './hop.ts';
import { type MistakeGuard } from './mistake-guard.ts';

/** Works on what hops receive: the proxy. */
export interface InboundHandler {
  /** True for what the hop was asked for, which its sender does not pay for. */
  receive(bytes: Buffer, hop: Hop): boolean;
  /** The hop's connection is gone. */
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

  /** To be called before the first message can come. */
  connect(handler: InboundHandler): void {
    this.#handler = handler;
  }

  /** One message as it came. True for what the hop was asked for. */
  receive(bytes: Buffer, hop: Hop): boolean {
    return this.#guard.run(() => this.#handler?.receive(bytes, hop), hop) === true;
  }

  /** The connection is gone; a hop can close while a transaction is sending on it, so the handler hears of it later. */
  closed(hop: Hop): void {
    this.#guard.defer(() => {
      this.#handler?.hopClosed(hop);
    }, hop);
  }
}
