import { type KeyPair } from '../../../../base/key-pair.ts';
import { type Hop } from '../../../hop.ts';
import { type CoreDestination, type CoreTransport } from '../../core-destination.ts';

/** What a core's packets bring about. Calls come from the event loop, never out of `hopTo` or `send`. */
export interface CoreTransportHandlers {
  /** One message as it came; framed by Content-Length on streams, not yet parsed. */
  message(bytes: Buffer, hop: Hop): void;
  /** Called once when nothing more will come or go over a hop: its connection is closed, or could not be made. UDP hops close with the transports. */
  closed(hop: Hop): void;
  /** A sender that is no part of the core has sent something, or a sender broke the framing. The received data is discarded. */
  refused(remoteAddress: string, transport: CoreTransport, cause: CoreRefusal): void;
}

export type CoreRefusal = 'unknown-address' | 'framing' | 'message-size' | 'connections' | 'tls';

/** The sockets on the core's side. */
export interface CoreTransports {
  /** Opens the listeners. Throws ERR_ADDRESS_IN_USE and the like (`src/base/errors.ts`), which say which listener. */
  start(): Promise<void>;
  /** Closes all sockets; resolves when the ports are free. */
  stop(): Promise<void>;
  /** Where the core reaches this edge; empty unless started. */
  readonly addresses: readonly CoreDestination[];
  /**
   * The hop to a destination, the same one while it is open. A stream connects with the first message and holds a bounded number of bytes
   * until then; a hop whose connection fails is told by `closed`.
   */
  hopTo(destination: CoreDestination): Hop;
  /** Sets the addresses that belong to the core besides the configured ranges: those its names resolve to, in canonical text. */
  trust(addresses: ReadonlySet<string>): void;
  /** Whether an address belongs to the core. */
  isTrusted(address: string): boolean;
  /** Sets certificate and key for later handshakes in both directions. Throws ERR_CERTIFICATE_UNREADABLE, and then keeps the old pair. */
  setTlsContext(pair: KeyPair): void;
}
