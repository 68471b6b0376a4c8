import { type CoreSidePorts } from '../../edge/edge-wrap.ts';
import { newFlowId } from '../../edge/flow/flow-id.ts';
import { type EdgeSide, type Hop } from '../../edge/hop.ts';
import { formatSipMessage } from '../../sip/format-message.ts';
import { type SipMessage } from '../../sip/message.ts';
import { type ApplicationServer } from './application-server.ts';

/**
 * An application server of this process as the neighbour it would be over a connection: messages cross in both directions as copies and
 * never while another is being worked on, so that it lives by the same rules as every hop and cannot break a transaction in midst of it.
 */
export class PeerHop implements Hop {
  /** A flow id, by its size: it stands in Record-Route. */
  readonly id = newFlowId();
  readonly kind = 'core';
  readonly viaTransport = 'TCP';
  readonly authority = undefined;
  readonly self: EdgeSide;
  readonly reliable = true;
  readonly remoteAddress = '127.0.0.1';
  readonly remotePort = 0;
  readonly secure = true;
  readonly #server: ApplicationServer;
  readonly #ports: CoreSidePorts;
  #isOpen = true;

  constructor(server: ApplicationServer, ports: CoreSidePorts) {
    // The edge's name in Via and Record-Route is its domain.
    this.self = { sentBy: { host: ports.domain }, transport: 'ws', tokens: true };
    this.#server = server;
    this.#ports = ports;
    server.connect((message) => {
      this.#receive(message);
    });
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  serves(user: string): boolean {
    return this.#isOpen && this.#server.serves(user);
  }

  send(message: SipMessage): boolean {
    if (!this.#isOpen) return false;
    const copy = { ...message, headers: message.headers.clone() };
    this.#ports.defer(() => {
      if (this.#isOpen) this.#server.receive(copy);
    });
    return true;
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#ports.defer(() => {
      this.#server.close();
    });
  }

  #receive(message: SipMessage): void {
    if (!this.#isOpen) return;
    const bytes = formatSipMessage(message);
    this.#ports.defer(() => {
      if (this.#isOpen) this.#ports.receive(bytes, this);
    });
  }
}
