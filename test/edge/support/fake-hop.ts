import { randomBytes } from 'node:crypto';
import { type GuardedConnection } from '../../../src/edge/flood/admission-control.ts';
import { type EdgeSide, type Hop } from '../../../src/edge/hop.ts';
import { FieldMemory } from '../../../src/sip/field-memory.ts';
import { type SipMessage, type SipRequest, type SipResponse } from '../../../src/sip/message.ts';

/** A hop that keeps what is sent to it. */
export class FakeHop implements Hop, GuardedConnection {
  readonly id = randomBytes(9).toString('base64url');
  readonly kind: 'wic' | 'core';
  readonly memory = new FieldMemory();
  readonly viaTransport = 'WSS';
  readonly self: EdgeSide;
  readonly reliable = true;
  readonly authority: string;
  readonly remoteAddress: string;
  readonly remotePort = 50_000;
  readonly secure: boolean;
  readonly origin: string | undefined;
  readonly sent: SipMessage[] = [];
  isOpen = true;
  /** Called when it is to be ended for guessing passwords. */
  onClose: () => void = () => undefined;

  constructor(
    options: {
      readonly kind?: 'wic' | 'core';
      readonly secure?: boolean;
      readonly self?: EdgeSide;
      readonly remoteAddress?: string;
      readonly authority?: string;
      readonly origin?: string;
    } = {},
  ) {
    this.self = options.self ?? { sentBy: { host: 'example.com' }, transport: 'ws', tokens: true };
    this.kind = options.kind ?? 'wic';
    this.secure = options.secure ?? true;
    this.authority = options.authority ?? 'edge.example.com:8443';
    this.origin = options.origin;
    this.remoteAddress = options.remoteAddress ?? '192.0.2.1';
  }

  close(): void {
    this.onClose();
  }

  countAuthenticationFailure(): void {
    // Only real flows count.
  }

  forgiveAuthenticationFailures(): void {
    // Only real flows count.
  }

  send(message: SipMessage): boolean {
    if (this.isOpen) this.sent.push(message);
    return this.isOpen;
  }

  /** `INVITE`, `180`: what was sent since the last look. */
  take(): string[] {
    return this.sent.splice(0).map((message) => (message.kind === 'request' ? message.method : String(message.status)));
  }

  lastRequest(method: string): SipRequest {
    return this.sent.findLast((message) => message.kind === 'request' && message.method === method) as SipRequest;
  }

  lastResponse(): SipResponse {
    return this.sent.findLast((message) => message.kind === 'response')!;
  }
}
