import { type SipMessage } from '../../sip/message.ts';

/** A program in the core that takes calls to users of the home domain, in the place of a device. */
export interface ApplicationServer {
  /** Whether requests to this user (the user part, unescaped) are for it when no device is registered by the name. */
  serves(user: string): boolean;
  /**
   * Called at each start of the edge, before anything is received; `send` hands requests and responses to it until it stops. Throws
   * ERR_INVALID_ARGUMENT for a message that cannot be written.
   */
  connect(send: (message: SipMessage) => void): void;
  /**
   * A request to one of its users, or a response to one of its own; its to keep and change. May call `send` at once or later. The edge is
   * a proxy before it: 100 has been sent, and what is not answered ends in 408.
   */
  receive(message: SipMessage): void;
  /** The edge stops: calls end without further messages. */
  close(): void;
}
