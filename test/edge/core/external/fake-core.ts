import { type CoreDestination } from '../../../../src/edge/core/core-destination.ts';
import {
  type CoreTransportHandlers,
  type CoreTransports,
} from '../../../../src/edge/core/external/transport/core-transport.ts';
import { type EdgeSide, type Hop } from '../../../../src/edge/hop.ts';
import { type SipMessage, type SipRequest, type SipResponse } from '../../../../src/sip/message.ts';

/** A hop to a place of the core, which keeps what is sent to it. */
export class FakeCoreHop implements Hop {
  readonly id: string;
  readonly kind = 'core';
  readonly viaTransport: string;
  readonly authority = undefined;
  readonly self: EdgeSide;
  readonly reliable: boolean;
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly secure = false;
  readonly sent: SipMessage[] = [];
  isOpen = true;

  constructor(id: string, { transport, address, port }: CoreDestination) {
    this.id = id;
    this.viaTransport = transport.toUpperCase();
    this.self = { sentBy: { host: '192.0.2.100', port: 5060 }, transport, tokens: false };
    this.reliable = transport !== 'udp';
    this.remoteAddress = address;
    this.remotePort = port;
  }

  send(message: SipMessage): boolean {
    if (this.isOpen) this.sent.push(message);
    return this.isOpen;
  }

  /** `INVITE`, `180`: what was sent since the last look, probes aside. */
  take(): string[] {
    return this.sent
      .splice(0)
      .filter((message) => !isProbe(message))
      .map((message) => (message.kind === 'request' ? message.method : String(message.status)));
  }

  request(method: string): SipRequest {
    const found = this.sent.findLast((it) => it.kind === 'request' && it.method === method && !isProbe(it));
    return found as SipRequest;
  }

  response(): SipResponse {
    return this.sent.findLast((message): message is SipResponse => message.kind === 'response')!;
  }

  get probes(): SipRequest[] {
    return this.sent.filter((message) => message.kind === 'request' && isProbe(message)) as SipRequest[];
  }
}

function isProbe(message: SipMessage): boolean {
  return message.kind === 'request' && message.method === 'OPTIONS' && message.headers.get('Max-Forwards') === '0';
}

/** Sockets that are none: one hop for each destination until it is closed. */
export class FakeTransports implements CoreTransports {
  readonly addresses: readonly CoreDestination[] = [{ transport: 'udp', address: '192.0.2.100', port: 5060 }];
  readonly hops = new Map<string, FakeCoreHop>();
  readonly extra = new Set<string>();
  trusted: ReadonlySet<string> = new Set();
  isRunning = false;
  readonly #handlers: CoreTransportHandlers;
  /** Places where nobody listens: a hop closes as soon as something is sent. */
  readonly #refusing = new Set<string>();
  #count = 0;

  constructor(handlers: CoreTransportHandlers) {
    this.#handlers = handlers;
  }

  start(): Promise<void> {
    this.isRunning = true;
    return Promise.resolve();
  }

  stop(): Promise<void> {
    this.isRunning = false;
    return Promise.resolve();
  }

  setTlsContext(): void {
    // Nothing here is TLS.
  }

  hopTo(destination: CoreDestination): FakeCoreHop {
    const key = keyOf(destination);
    const hop = this.hops.get(key) ?? new FakeCoreHop(`${key} ${++this.#count}`, destination);
    this.hops.set(key, hop);
    if (this.#refusing.has(key)) hop.isOpen = false;
    return hop;
  }

  trust(addresses: ReadonlySet<string>): void {
    this.trusted = addresses;
  }

  isTrusted(address: string): boolean {
    return this.trusted.has(address) || this.extra.has(address);
  }

  refuse(destination: CoreDestination, refuses = true): void {
    if (refuses) this.#refusing.add(keyOf(destination));
    else this.#refusing.delete(keyOf(destination));
    this.hops.delete(keyOf(destination));
  }

  /** Nobody listens there any more, and the connection is gone. */
  kill(destination: CoreDestination): void {
    const hop = this.hopTo(destination);
    this.refuse(destination);
    hop.isOpen = false;
    this.#handlers.closed(hop);
  }

  /** The connection is gone. */
  close(destination: CoreDestination): void {
    const hop = this.hopTo(destination);
    hop.isOpen = false;
    this.hops.delete(keyOf(destination));
    this.#handlers.closed(hop);
  }
}

function keyOf({ transport, address, port }: CoreDestination): string {
  return `${transport} ${address} ${port}`;
}
