import { type SipMessage } from '../sip/message.ts';
import { type Hop } from './hop.ts';
import { type MessageTracer } from './message-trace.ts';

/** The one way out: every message to a hop leaves by it. */
export interface Outbound {
  /** Sends a message to a hop. Returns false when the hop is gone. */
  send(message: SipMessage, hop: Hop): boolean;
}

/** Sends at once, and tells the tracer of what has left. */
export class DirectOutbound implements Outbound {
  readonly #tracer: MessageTracer;

  constructor(tracer: MessageTracer) {
    this.#tracer = tracer;
  }

  send(message: SipMessage, hop: Hop): boolean {
    if (!hop.send(message)) return false;
    this.#tracer.sent(message, hop);
    return true;
  }
}
