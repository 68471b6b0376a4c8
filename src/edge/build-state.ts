import { type Clock } from '../base/clock.ts';
import { type LimitedLog } from '../base/limited-log.ts';
import { type Logger } from '../base/logger.ts';
import { type TimerQueue } from '../base/timer-queue.ts';
import { type TypedEvents } from '../base/typed-events.ts';
import { type AccessTokenIssuer, type CredentialIssuer } from '../credentials/credential.ts';
import { type EdgeEvents } from './edge-events.ts';
import { type EdgeOptions } from './edge-options.ts';
import { type EdgeWrap } from './edge-wrap.ts';
import { type AbuseLog } from '../base/abuse-log.ts';
import { AdmissionControl, type GuardedConnection } from './flood/admission-control.ts';
import { FlowTokens } from './flow/flow-token.ts';
import { HomeDomain } from './home-domain.ts';
import { type Hop } from './hop.ts';
import { type MessageTracer } from './message-trace.ts';
import { DirectOutbound } from './outbound.ts';
import { TransactionLayer } from './proxy/transaction-layer.ts';
import { PassedChallenges } from './registration/passed-challenges.ts';
import { RejectedUsers } from './registration/rejected-users.ts';
import { Registrations } from './registration/registrations.ts';
import { reportRegistrations } from './registration/report-registrations.ts';

/** What the stages of the edge are built on: clock, timers, connections and observers. */
export interface EdgePorts {
  readonly clock: Clock;
  readonly timers: TimerQueue;
  readonly logger: Logger;
  /** Log for lines that remote parties can cause as often as they like. */
  readonly limitedLog: LimitedLog;
  readonly abuseLog: AbuseLog;
  readonly events: TypedEvents<EdgeEvents>;
  readonly tracer: MessageTracer;
  /** Makes TURN credentials; absent: every TURN-Cred-Req is answered `error=unsupported`. */
  readonly issuer?: CredentialIssuer | undefined;
  /** Makes access tokens; absent: a TURN-Cred-Req of kind `oauth` is answered `error=unsupported`. */
  readonly tokenIssuer?: AccessTokenIssuer | undefined;
  readonly wrap?: EdgeWrap | undefined;
  /** A client's connection by its id, while it is open. */
  readonly findFlow: (id: string) => (Hop & GuardedConnection) | undefined;
  /** Runs something once what is going on now has ended, and survives its mistakes. */
  readonly defer: (run: () => void) => void;
  /** Runs something that comes from outside, and survives its mistakes. */
  readonly run: (work: () => void) => void;
}

/** The first stage: what the edge remembers, whatever the core. */
export interface EdgeState {
  readonly home: HomeDomain;
  readonly tokens: FlowTokens;
  readonly challenges: PassedChallenges;
  readonly registrations: Registrations;
  /** Whom a core outside has rejected of its own accord; absent where it is not asked. */
  readonly rejected: RejectedUsers | undefined;
  readonly admission: AdmissionControl;
  readonly layer: TransactionLayer;
}

export function buildState(options: EdgeOptions, ports: EdgePorts): EdgeState {
  const { limits, core } = options;
  const { clock, timers, events, logger, abuseLog, issuer, tokenIssuer, tracer, wrap, findFlow, defer } = ports;
  const direct = new DirectOutbound(tracer);
  const outbound = wrap?.outbound?.(direct, { clock, timers }) ?? direct;
  const home = new HomeDomain(options.domain);
  const tokens = new FlowTokens(core.kind === 'external' ? core.flowTokenKey : undefined);
  const challenges = new PassedChallenges();
  const registrations = new Registrations({
    handleOf: (registrationId) => tokens.handleOf(registrationId),
    challenges,
    clock,
    timers,
    maxLapsed: limits.connections,
    maxPerFlow: limits.contactsPerFlow,
  });
  registrations.observe(reportRegistrations({ events, logger, issuers: [issuer, tokenIssuer] }));
  return {
    home,
    tokens,
    challenges,
    registrations,
    rejected: core.kind === 'external' && core.regEvent !== 'off' ? new RejectedUsers(clock) : undefined,
    admission: new AdmissionControl({ limits, home, clock, events, log: abuseLog, findGuarded: findFlow }),
    layer: new TransactionLayer({ options: options.transaction, limits, clock, timers, outbound, defer }),
  };
}
