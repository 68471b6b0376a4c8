import { type IncomingMessage } from 'node:http';
import { createServer, type Server } from 'node:https';
import { type AddressInfo } from 'node:net';
import { type Duplex } from 'node:stream';
import { AbuseLog } from '../../../src/base/abuse-log.ts';
import { systemClock } from '../../../src/base/clock.ts';
import { type KeyPair } from '../../../src/base/key-pair.ts';
import { type LogFields, type Logger, silentLogger } from '../../../src/base/logger.ts';
import { Edge, type EdgeDependencies } from '../../../src/edge/edge.ts';
import { type EdgeOptions } from '../../../src/edge/edge-options.ts';
import { makeCertificate } from '../../turn/support/certificate.ts';
import { FakeIssuer } from './fake-issuer.ts';
import { RecordedEvents } from './recorded-events.ts';
import { WicSocket, type WicSocketOptions } from './wic-socket.ts';

let certificate: Promise<KeyPair> | undefined;

/** An edge on an HTTPS server of its own, on a free port of loopback. */
export interface EdgeServer extends AsyncDisposable {
  /** The present one: `restart` puts another in its place. */
  readonly edge: Edge;
  readonly server: Server;
  readonly port: number;
  readonly url: string;
  readonly events: RecordedEvents;
  readonly issuer: FakeIssuer;
  /** What was logged as an error. */
  readonly errors: readonly unknown[];
  /** Messages and fields at info and above. */
  readonly lines: readonly { readonly message: string; readonly fields: LogFields }[];
  /** Stops the edge as for an upgrade of the software, and starts a new one on the same port. */
  restart(): Promise<void>;
  connect(options?: WicSocketOptions): Promise<WicSocket>;
}

export async function startEdge(options: EdgeOptions, more: Partial<EdgeDependencies> = {}): Promise<EdgeServer> {
  certificate ??= makeCertificate();
  const server = createServer(await certificate, (_request, response) => {
    response.end('page');
  });
  const events = new RecordedEvents();
  const issuer = new FakeIssuer();
  const errors: unknown[] = [];
  const lines: { message: string; fields: LogFields }[] = [];
  const keep = (fields: LogFields, message: string): void => {
    lines.push({ message, fields });
  };
  const logger: Logger = {
    ...silentLogger,
    info: keep,
    warn: keep,
    error: (fields, message) => {
      keep(fields, message);
      errors.push(fields);
    },
  };
  const clock = more.clock ?? systemClock;
  const abuseLog = new AbuseLog(more.logger ?? logger, clock.now().monotonicMs);
  const dependencies = { issuer, logger, abuseLog, clock, events, ...more };
  let edge = new Edge(options, dependencies);
  takeUpgrades(edge, server);
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  const url = `wss://localhost:${port}${options.path}`;
  return {
    get edge() {
      return edge;
    },
    server,
    port,
    url,
    events,
    issuer,
    errors,
    lines,
    restart: async () => {
      server.removeAllListeners('upgrade');
      await edge.stop({ restart: true });
      edge = new Edge(options, dependencies);
      takeUpgrades(edge, server);
    },
    connect: (socketOptions) => WicSocket.connect(url, socketOptions),
    [Symbol.asyncDispose]: async () => {
      await edge.stop();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function takeUpgrades(edge: Edge, server: Server): void {
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    edge.handleUpgrade(request, socket, head);
  });
}
