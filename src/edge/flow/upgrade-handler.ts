import { STATUS_CODES, type IncomingMessage } from 'node:http';
import { type Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import { type AbuseLog } from '../../base/abuse-log.ts';
import { type Clock } from '../../base/clock.ts';
import { type Logger } from '../../base/logger.ts';
import { type TypedEvents } from '../../base/typed-events.ts';
import { type EdgeEvents } from '../edge-events.ts';
import { type FlowRefusal } from '../edge-words.ts';
import { type EdgeOptions } from '../edge-options.ts';
import { type AdmissionControl } from '../flood/admission-control.ts';
import { OpeningHandshake } from '../websocket/opening-handshake.ts';
import { Flow, type FlowContext } from './flow.ts';
import { newFlowId } from './flow-id.ts';
import { type FlowTable } from './flow-table.ts';
import { OriginPolicy } from './origin-policy.ts';
import { checkUpgrade, chooseSubprotocol, REFUSAL_STATUS, type UpgradeRules } from './upgrade-check.ts';

export interface UpgradeHandlerContext {
  readonly options: Pick<EdgeOptions, 'path' | 'origins' | 'publicHosts' | 'limits' | 'transaction'>;
  readonly flows: FlowTable;
  readonly flowContext: FlowContext;
  readonly events: TypedEvents<EdgeEvents>;
  readonly logger: Logger;
  readonly abuseLog: AbuseLog;
  readonly admission: AdmissionControl;
  readonly clock: Clock;
}

/** Turns HTTP upgrade requests into flows, or refuses them before the handshake (RFC 6455 §4.2.2). */
export class UpgradeHandler {
  readonly #context: UpgradeHandlerContext;
  readonly #rules: UpgradeRules;
  readonly #handshake: OpeningHandshake;
  #stopping = false;

  constructor(context: UpgradeHandlerContext) {
    const { path, origins, publicHosts } = context.options;
    this.#context = context;
    this.#rules = { path, origins: new OriginPolicy(origins, publicHosts) };
    this.#handshake = new OpeningHandshake((socket, request) => {
      this.#refuse(socket, 'handshake', request.socket.remoteAddress ?? '', request.headers.origin);
    });
  }

  stop(): void {
    this.#stopping = true;
  }

  /** Answers an upgrade request. Returns whether the socket has become a flow. */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean {
    const remoteAddress = request.socket.remoteAddress ?? '';
    const refusal = this.#refusal(request, remoteAddress);
    if (refusal) {
      this.#refuse(socket, refusal, remoteAddress, request.headers.origin);
      return false;
    }
    const subprotocol = chooseSubprotocol(request.headers['sec-websocket-protocol']) ?? '';
    if (!this.#handshake.accept(request, socket, head, subprotocol)) return false;
    this.#open(socket, request, remoteAddress);
    return true;
  }

  #refusal(request: IncomingMessage, remoteAddress: string): FlowRefusal | undefined {
    if (this.#stopping) return 'stopping';
    // The first, since also looking at what is refused costs.
    if (!this.#context.admission.admitsUpgrade(remoteAddress)) return 'handshake-rate';
    const { headers, method, url } = request;
    const facts = {
      method,
      target: url,
      host: headers.host,
      origin: headers.origin,
      subprotocols: headers['sec-websocket-protocol'],
    };
    return checkUpgrade(facts, this.#rules) ?? this.#context.flows.refuses(remoteAddress);
  }

  #open(socket: Duplex, request: IncomingMessage, remoteAddress: string): void {
    const { flows, flowContext, events, logger } = this.#context;
    const id = newFlowId();
    const { origin, host } = request.headers;
    const secure = request.socket instanceof TLSSocket;
    const { remotePort = 0, localAddress, localPort } = request.socket;
    const facts = { id, remoteAddress, remotePort, localAddress, localPort, origin, host, secure };
    const flow = new Flow(socket, facts, flowContext);
    flows.add(flow);
    logger.debug({ flowId: id, remoteAddress, origin }, 'flow opened');
    events.emit('flow-opened', { flowId: id, remoteAddress, origin });
  }

  #refuse(socket: Duplex, cause: FlowRefusal, remoteAddress: string, origin: string | undefined): void {
    const { events, abuseLog, clock, options } = this.#context;
    const status = REFUSAL_STATUS[cause];
    const { monotonicMs } = clock.now();
    abuseLog.write('WebSocket upgrade refused', { remoteAddress, cause, origin }, monotonicMs);
    events.emit('flow-refused', { remoteAddress, cause, origin });
    if (cause === 'connections' || cause === 'connections-per-address' || cause === 'handshake-rate') {
      events.emit('limited', { flowId: undefined, cause });
    }
    const body = `${cause}\n`;
    const retryAfter = status === 503 || status === 429 ? `Retry-After: ${options.transaction.retryAfterSec}\r\n` : '';
    const allow = status === 405 ? 'Allow: GET\r\n' : '';
    socket.on('error', () => {
      socket.destroy();
    });
    socket.end(
      `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\nConnection: close\r\nContent-Type: text/plain\r\n` +
        `Content-Length: ${body.length}\r\n${retryAfter}${allow}\r\n${body}`,
      () => {
        socket.destroy();
      },
    );
  }
}
