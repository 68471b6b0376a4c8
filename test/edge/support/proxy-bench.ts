import { AbuseLog } from '../../../src/base/abuse-log.ts';
import { HOSTILE_LOG_LIMITS, LimitedLog } from '../../../src/base/limited-log.ts';
import { silentLogger } from '../../../src/base/logger.ts';
import { CoreBorder, type CoreBorderContext } from '../../../src/edge/border/core-border.ts';
import { LocalBorder } from '../../../src/edge/border/local-border.ts';
import { buildProxy } from '../../../src/edge/build-proxy.ts';
import { buildSignIn } from '../../../src/edge/build-sign-in.ts';
import { buildState, type EdgePorts } from '../../../src/edge/build-state.ts';
import { type ImsCore } from '../../../src/edge/core/ims-core.ts';
import { type EdgeOptions } from '../../../src/edge/edge-options.ts';
import { type EdgeWrap } from '../../../src/edge/edge-wrap.ts';
import { type AdmissionControl } from '../../../src/edge/flood/admission-control.ts';
import { MessageTracer } from '../../../src/edge/message-trace.ts';
import { type Proxy } from '../../../src/edge/proxy/proxy.ts';
import { type TransactionLayer } from '../../../src/edge/proxy/transaction-layer.ts';
import { Deregistrations, type LostRegistration } from '../../../src/edge/registration/deregistration.ts';
import { type Registrations } from '../../../src/edge/registration/registrations.ts';
import { type WebFetch } from '../../../src/edge/web-identity/web-fetch.ts';
import { createResponse } from '../../../src/sip/create-response.ts';
import { formatSipMessage } from '../../../src/sip/format-message.ts';
import { type SipMessage } from '../../../src/sip/message.ts';
import { type SipUri } from '../../../src/sip/uri.ts';
import { edgeOptions } from './edge-options.ts';
import { FakeClock } from './fake-clock.ts';
import { FakeHop } from './fake-hop.ts';
import { FakeIssuer } from './fake-issuer.ts';
import { RecordedEvents } from './recorded-events.ts';
import { WicMessages } from './wic.ts';

export const CORE_SIDE = { sentBy: { host: '192.0.2.7', port: 5060 }, transport: 'udp', tokens: false } as const;

function isCoreSide({ host, port }: SipUri): boolean {
  return host === CORE_SIDE.sentBy.host && port === CORE_SIDE.sentBy.port;
}

/** The proxy on a fake clock, between fake hops, before a core that each test writes for itself. */
export class ProxyBench {
  readonly clock = new FakeClock();
  readonly events = new RecordedEvents();
  readonly issuer = new FakeIssuer();
  readonly hops = new Map<string, FakeHop>();
  /** Hops that were to be ended for guessing passwords. */
  readonly closed: string[] = [];
  readonly layer: TransactionLayer;
  readonly registrations: Registrations;
  readonly admission: AdmissionControl;
  readonly proxy: Proxy;
  /** Registrations that were to be ended at the core. */
  readonly deregistered: LostRegistration[] = [];
  /** How an authorization server is asked, where `options.webIdentity` names one. */
  webFetch: WebFetch = () => Promise.reject(new Error('no authorization server'));
  /** What the core does with what it is given; REGISTER is accepted unless it says otherwise. */
  handle: ImsCore['handle'] = (request, _essentials, _hop, outcome) => {
    const response = createResponse(request, 200);
    for (const contact of request.headers.getAll('Contact')) response.headers.append('Contact', contact);
    outcome.respond(response);
  };

  /** With `outside`, the core is, and knows the edge as `CORE_SIDE`. */
  constructor(options: EdgeOptions = edgeOptions(), wrap?: EdgeWrap, outside?: CoreBorderContext['options']) {
    const { clock, events, issuer } = this;
    const ports: EdgePorts = {
      clock,
      timers: clock.timers,
      logger: silentLogger,
      limitedLog: new LimitedLog(silentLogger, HOSTILE_LOG_LIMITS),
      abuseLog: new AbuseLog(silentLogger, clock.now().monotonicMs),
      events,
      tracer: new MessageTracer(events, clock),
      issuer,
      wrap,
      findFlow: (id) => this.hops.get(id),
      defer: queueMicrotask,
      run: (work) => {
        work();
      },
    };
    const state = buildState(options, ports);
    this.layer = state.layer;
    this.registrations = state.registrations;
    this.admission = state.admission;
    const core: ImsCore = {
      joinsWics: outside === undefined,
      takesAnyScheme: outside !== undefined,
      reportsAuthentication: false,
      reportsRemovals: outside === undefined,
      handle: (...request) => {
        this.handle(...request);
      },
      flowClosed: () => undefined,
    };
    const side = outside
      ? { core, border: new CoreBorder({ ...state, options: outside, namesEntity: true }), knowsEdgeAs: isCoreSide }
      : { core, border: new LocalBorder() };
    const deregistrations = new Deregistrations({
      afterSec: ({ webLogin }) => (webLogin ? options.webIdentity?.graceSec : undefined),
      clock,
      timers: clock.timers,
      send: (lost, onGone) => {
        this.deregistered.push(lost);
        onGone();
      },
      ended: (registrationId) => {
        this.registrations.endLapsed(registrationId);
      },
    });
    state.registrations.observe(deregistrations);
    const webFetch: WebFetch = (request) => this.webFetch(request);
    const signIn = buildSignIn(options, state, { deregistrations }, { ...ports, webFetch });
    this.proxy = buildProxy(options, state, side, ports, signIn);
  }

  addHop(options?: ConstructorParameters<typeof FakeHop>[0]): FakeHop {
    const hop = new FakeHop(options);
    hop.onClose = () => this.closed.push(hop.id);
    this.hops.set(hop.id, hop);
    return hop;
  }

  /** A registered WIC and its flow. */
  register(user: string): { wic: WicMessages; hop: FakeHop } {
    const wic = new WicMessages(user);
    const hop = this.addHop();
    this.receive(wic.buildRegister(), hop);
    hop.take();
    return { wic, hop };
  }

  receive(message: SipMessage, hop: FakeHop): void {
    this.proxy.receive(formatSipMessage(message), hop);
  }

  /** From now on every request for the core goes on to these. */
  routeTo(...targets: { readonly wic: WicMessages; readonly hop: FakeHop }[]): void {
    this.handle = (_request, _essentials, _hop, outcome) => {
      outcome.forward(targets.map(({ wic, hop }) => ({ hop, uri: wic.contactUri })));
    };
  }

  close(hop: FakeHop): void {
    hop.isOpen = false;
    this.hops.delete(hop.id);
    this.proxy.hopClosed(hop);
  }
}
