import { LimitedLog, HOSTILE_LOG_LIMITS } from '../../../../src/base/limited-log.ts';
import { silentLogger } from '../../../../src/base/logger.ts';
import { type CoreBorderContext } from '../../../../src/edge/border/core-border.ts';
import { LocalBorder } from '../../../../src/edge/border/local-border.ts';
import { type CoreDestination } from '../../../../src/edge/core/core-destination.ts';
import { CoreConnection } from '../../../../src/edge/core/external/core-connection.ts';
import { type ExternalCoreOptions } from '../../../../src/edge/edge-options.ts';
import { HomeDomain } from '../../../../src/edge/home-domain.ts';
import { createResponse } from '../../../../src/sip/create-response.ts';
import { formatSipMessage } from '../../../../src/sip/format-message.ts';
import { type SipMessage } from '../../../../src/sip/message.ts';
import { edgeOptions } from '../../support/edge-options.ts';
import { ProxyBench } from '../../support/proxy-bench.ts';
import { type FakeCoreHop, FakeTransports } from './fake-core.ts';

export const FIRST: CoreDestination = { transport: 'tcp', address: '192.0.2.1', port: 5060 };
export const SECOND: CoreDestination = { transport: 'tcp', address: '192.0.2.2', port: 5060 };
export const UDP: CoreDestination = { transport: 'udp', address: '192.0.2.3', port: 5060 };

export function externalOptions(uris: readonly string[]): ExternalCoreOptions {
  return {
    kind: 'external',
    uris,
    listen: { addresses: ['127.0.0.1'], port: 0, tlsPort: undefined, publicHost: undefined },
    trusted: [],
    tls: { requireClientCertificate: false },
    dnsServers: [],
    probe: { intervalSec: 30, timeoutSec: 4, maxBackoffSec: 16 },
    connections: 10,
    visitedNetworkId: undefined,
    accessNetworkInfo: undefined,
    deregisterAfterSec: undefined,
    reregisterAfterOutage: false,
    regEvent: 'off',
    reregisterWindowSec: 1,
  };
}

/** The proxy and the connection to a core whose places are written by the test, on a fake clock. */
export class CoreBench extends ProxyBench {
  readonly connection: CoreConnection;
  transports!: FakeTransports;
  /** What each host stands for. */
  readonly names = new Map<string, readonly CoreDestination[]>();
  /** What others are told of where the core is, each time. */
  readonly places: (readonly CoreDestination[])[] = [];
  /** Hosts that DNS was asked for. */
  readonly asked: string[] = [];
  /** While set, nobody answers for a name. */
  dns: Promise<void> | undefined;
  isStopping = false;

  private constructor(
    places: readonly CoreDestination[],
    emergencyUris: readonly string[],
    border?: CoreBorderContext['options'],
  ) {
    super(
      { ...edgeOptions({ credential: { burst: 1000 } }), emergency: { numbers: ['112'], uris: emergencyUris } },
      undefined,
      border,
    );
    this.names.set('core.example.com', places);
    const { clock, events, layer } = this;
    this.connection = new CoreConnection({
      options: externalOptions(['sip:core.example.com']),
      emergencyUris,
      home: new HomeDomain('example.com'),
      border: new LocalBorder(),
      limits: edgeOptions().limits,
      clock,
      timers: clock.timers,
      logger: silentLogger,
      limitedLog: new LimitedLog(silentLogger, HOSTILE_LOG_LIMITS),
      events,
      retryAfterSec: 5,
      transactions: layer,
      createTransports: (handlers) => {
        this.transports = new FakeTransports(handlers);
        return this.transports;
      },
      resolve: ({ host, port = 5060 }) => {
        this.asked.push(host);
        const find = (): readonly CoreDestination[] =>
          this.names.get(host) ?? (/^[\d.]+$/.test(host) ? [{ transport: 'udp', address: host, port }] : []);
        const { dns } = this;
        if (!dns) return find();
        return {
          later: (settle) => {
            void dns.then(() => {
              settle(find());
            });
          },
        };
      },
      receive: (text, hop) => {
        this.proxy.receive(text, hop);
      },
      hopClosed: (hop) => {
        this.proxy.hopClosed(hop);
      },
      defer: queueMicrotask,
      isStopping: () => this.isStopping,
      destinationsChanged: (configured) => this.places.push(configured),
    });
  }

  /** Started, alice and bob registered, and then the core behind them. */
  static start(...places: CoreDestination[]): Promise<CoreBench> {
    return CoreBench.startWith(places, {});
  }

  /** The same with E-CSCFs, each by its URI. With `border`, the edge does what a P-CSCF does. */
  static async startWith(
    places: readonly CoreDestination[],
    emergency: Readonly<Record<string, readonly CoreDestination[]>>,
    border?: CoreBorderContext['options'],
  ): Promise<CoreBench> {
    const bench = new CoreBench(places, Object.keys(emergency), border);
    for (const [uri, found] of Object.entries(emergency)) bench.names.set(hostOf(uri), found);
    await bench.connection.start();
    await bench.settle();
    return bench;
  }

  /** From now on requests go to the core. */
  connect(): void {
    this.handle = (...request) => {
      this.connection.core.handle(...request);
    };
  }

  /** Lets all that was put off happen. */
  async settle(): Promise<void> {
    for (let i = 0; i < 20; i += 1) await Promise.resolve();
  }

  /** Passes time in small steps, so that what each brings about has come to rest before the next. */
  async pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 250) {
      this.clock.advance(Math.min(250, left));
      await this.settle();
    }
  }

  hop(place: CoreDestination): FakeCoreHop {
    return this.transports.hopTo(place);
  }

  /** The core answers each probe there is, at these places. */
  async answerProbes(status: number, ...places: CoreDestination[]): Promise<void> {
    for (const place of places) {
      const hop = this.hop(place);
      for (const probe of hop.probes) await this.from(createResponse(probe, status), hop);
      hop.sent.length = 0;
    }
  }

  async from(message: SipMessage, hop: Parameters<ProxyBench['receive']>[1] | FakeCoreHop): Promise<void> {
    this.proxy.receive(formatSipMessage(message), hop);
    await this.settle();
  }

  get cores(): Record<string, string> {
    return Object.fromEntries(this.connection.cores.map(({ core, state }) => [core, state]));
  }
}

function hostOf(uri: string): string {
  return /^sip:([^:;]+)/.exec(uri)?.[1] ?? '';
}
