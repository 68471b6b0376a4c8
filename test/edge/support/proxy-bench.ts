import { silentLogger } from '../../../src/core/logger.ts';
import { CoreBorder, type CoreBorderContext } from '../../../src/edge/border/core-border.ts';
import { LocalBorder } from '../../../src/edge/border/local-border.ts';
import { type ImsCore } from '../../../src/edge/core/ims-core.ts';
import { CredentialInsertion } from '../../../src/edge/credential-insertion/credential-insertion.ts';
import { RegisterPath } from '../../../src/edge/credential-insertion/register-path.ts';
import { type EdgeOptions } from '../../../src/edge/edge-options.ts';
import { type EdgeTap } from '../../../src/edge/edge-tap.ts';
import { EmergencyServices } from '../../../src/edge/emergency-services.ts';
import { AbuseLog } from '../../../src/edge/flood/abuse-log.ts';
import { AdmissionControl } from '../../../src/edge/flood/admission-control.ts';
import { FlowTokens } from '../../../src/edge/flow/flow-token.ts';
import { HomeDomain } from '../../../src/edge/home-domain.ts';
import { MessageTracer } from '../../../src/edge/message-trace.ts';
import { Proxy } from '../../../src/edge/proxy/proxy.ts';
import { TransactionLayer } from '../../../src/edge/proxy/transaction-layer.ts';
import { PassedChallenges } from '../../../src/edge/registration/passed-challenges.ts';
import { Registrations } from '../../../src/edge/registration/registrations.ts';
import { createResponse } from '../../../src/sip/create-response.ts';
import { formatSipMessage } from '../../../src/sip/format-message.ts';
import { type SipMessage } from '../../../src/sip/message.ts';
import { edgeOptions } from './edge-options.ts';
import { FakeClock } from './fake-clock.ts';
import { FakeHop } from './fake-hop.ts';
import { FakeIssuer } from './fake-issuer.ts';
import { RecordedEvents } from './recorded-events.ts';
import { WicMessages } from './wic.ts';

export const CORE_SIDE = { sentBy: { host: '192.0.2.7', port: 5060 }, transport: 'udp', tokens: false } as const;

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
  /** What the core does with what it is given; REGISTER is accepted unless it says otherwise. */
  handle: ImsCore['handle'] = (request, _essentials, _hop, outcome) => {
    const response = createResponse(request, 200);
    for (const contact of request.headers.getAll('Contact')) response.headers.append('Contact', contact);
    outcome.respond(response);
  };

  /** With `outside`, the core is, and knows the edge as `CORE_SIDE`. */
  constructor(options: EdgeOptions = edgeOptions(), tap?: EdgeTap, outside?: CoreBorderContext['options']) {
    const { clock, events, issuer } = this;
    const { timers } = clock;
    const home = new HomeDomain(options.domain);
    const tracer = new MessageTracer(events, clock);
    const tokens = new FlowTokens();
    const challenges = new PassedChallenges();
    this.registrations = new Registrations({
      handleOf: (registrationId) => tokens.handleOf(registrationId),
      challenges,
      clock,
      timers,
      maxLapsed: 10,
      maxPerFlow: 16,
      on: { registered: () => undefined, unregistered: () => undefined, released: () => undefined },
    });
    const { registrations } = this;
    const insertion = new CredentialInsertion({
      options: options.credential,
      maxUsers: 10,
      retryAfterSec: 5,
      issuer,
      clock,
      events,
    });
    const { limits, transaction } = options;
    this.layer = new TransactionLayer({
      options: transaction,
      limits,
      clock,
      timers,
      tracer,
      tap,
      defer: queueMicrotask,
    });
    this.admission = new AdmissionControl({
      limits,
      home,
      clock,
      events,
      log: new AbuseLog(silentLogger, clock.now().monotonicMs),
      findGuarded: (id) => ({
        countAuthenticationFailure: () => undefined,
        forgiveAuthenticationFailures: () => undefined,
        close: () => this.closed.push(id),
      }),
    });
    this.proxy = new Proxy({
      home,
      parseLimits: { maxHeaders: limits.headerCount, maxLineBytes: limits.lineBytes },
      layer: this.layer,
      border: outside
        ? new CoreBorder({ options: outside, home, registrations, challenges, tokens })
        : new LocalBorder(),
      isCoreSide: outside && (({ host, port }) => host === CORE_SIDE.sentBy.host && port === CORE_SIDE.sentBy.port),
      tokens,
      core: {
        joinsWics: outside === undefined,
        takesAnyScheme: outside !== undefined,
        handle: (...request) => {
          this.handle(...request);
        },
        flowClosed: () => undefined,
      },
      admission: this.admission,
      emergency: new EmergencyServices(options.emergency ?? { numbers: [], uris: [] }, home, limits.sources),
      registrations,
      registerPath: new RegisterPath({
        home,
        registrations,
        insertion,
        events,
        maxContacts: 16,
        removalsAreReported: outside === undefined,
      }),
      insertion,
      tracer,
      events,
      tap,
      findHop: (id) => this.hops.get(id),
    });
  }

  addHop(options?: ConstructorParameters<typeof FakeHop>[0]): FakeHop {
    const hop = new FakeHop(options);
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
