import { CoreBorder } from './border/core-border.ts';
import { LocalBorder } from './border/local-border.ts';
import { buildRegEvent, type RegEventPorts } from './build-reg-event.ts';
import { type EdgeState } from './build-state.ts';
import { type CoreDestination } from './core/core-destination.ts';
import { type CoreSide, localSide } from './core/core-side.ts';
import { EmbeddedCore } from './core/embedded-core.ts';
import { type CoreConnectionContext } from './core/external/core-connection.ts';
import { deregisterLost } from './core/external/deregister-lost.ts';
import { createExternalSide } from './core/external/external-side.ts';
import { ReregisterAfterOutage, type ReregistrationContext } from './core/external/reregister-after-outage.ts';
import { observeCore } from './core/observe-core.ts';
import { type EdgeOptions, type ExternalCoreOptions } from './edge-options.ts';
import { type Hop } from './hop.ts';
import { type Inbound } from './inbound.ts';
import { Deregistrations } from './registration/deregistration.ts';
import { type Registration } from './registration/registration.ts';

export interface CorePorts extends RegEventPorts {
  /** Takes the messages that the core sends. */
  readonly inbound: Inbound;
  /** Called with the addresses of an external core each time its names resolve to others. */
  readonly coreDestinationsChanged?: ((destinations: readonly CoreDestination[]) => void) | undefined;
  readonly sendAway: ReregistrationContext['sendAway'];
  /** Whether the edge is stopping and takes nothing new. */
  readonly isStopping: () => boolean;
}

/** The second stage: the core, inside or outside, and what the edge does towards it by itself. */
export interface EdgeCore {
  readonly side: CoreSide;
  /** What de-registers clients, or sends them to register again; stopped before the clients are sent elsewhere. */
  readonly tasks: readonly { stop(): void }[];
  readonly deregistrations: Deregistrations;
}

/** Builds the core. Throws what `createExternalSide` throws. */
export function buildCore(options: EdgeOptions, state: EdgeState, ports: CorePorts): EdgeCore {
  const { core, registration } = options;
  const { home, admission, registrations } = state;
  const { clock, timers, events, wrap, defer, inbound } = ports;
  const receive = (bytes: Buffer, hop: Hop): void => {
    inbound.receive(bytes, hop);
  };
  if (core.kind === 'external') return outside(options, core, state, { ...ports, receive });
  const observer = observeCore(events, admission, registrations);
  const embedded = new EmbeddedCore({ options: core, registration, home, clock, timers, observer });
  const deregistrations = new Deregistrations({
    afterSec: graceOf(options, undefined),
    clock,
    timers,
    send: ({ registrationId, address }, onGone) => {
      embedded.endRegistration(registrationId, address);
      onGone();
    },
    ended: (registrationId) => {
      registrations.endLapsed(registrationId);
    },
  });
  registrations.observe(deregistrations);
  const inside = localSide(embedded, new LocalBorder());
  const side = wrap?.coreInside?.(inside, { domain: home.name, receive, defer }) ?? inside;
  return { side, tasks: [deregistrations], deregistrations };
}

/** How long a client that has lost its WebSocket is waited for. Who has signed in by a web token holds an identity that others may be waiting for. */
function graceOf(
  { webIdentity }: EdgeOptions,
  othersSec: number | undefined,
): (registration: Registration) => number | undefined {
  return ({ webLogin }) => (webLogin ? webIdentity?.graceSec : undefined) ?? othersSec;
}

/** The edge as a P-CSCF before a core of its own right, which may lose its bindings and does not see a WebSocket close. */
function outside(
  options: EdgeOptions,
  core: ExternalCoreOptions,
  state: EdgeState,
  ports: CorePorts & Pick<CoreConnectionContext, 'receive'>,
): EdgeCore {
  const { emergency, limits, transaction, webIdentity } = options;
  const namesEntity = webIdentity?.authorizationEntity === true;
  const { home, registrations, challenges, tokens, layer } = state;
  const { clock, timers, logger, events, inbound, sendAway } = ports;
  const border = new CoreBorder({ options: core, home, registrations, challenges, tokens, namesEntity });
  const side = createExternalSide({
    ...ports,
    options: core,
    emergencyUris: emergency?.uris ?? [],
    home,
    border,
    limits,
    retryAfterSec: transaction.retryAfterSec,
    transactions: layer,
    hopClosed: (hop) => {
      inbound.closed(hop);
    },
    destinationsChanged: ports.coreDestinationsChanged,
  });
  const deregistrations = deregisterLost({
    options: core,
    afterSec: graceOf(options, core.deregisterAfterSec),
    namesEntity,
    border,
    home,
    registrations,
    clock,
    timers,
    coreSide: side,
  });
  registrations.observe(deregistrations);
  const watch = buildRegEvent(options, core, state, { side, border }, ports);
  const reregistration = core.reregisterAfterOutage
    ? new ReregisterAfterOutage({
        options: core,
        clock,
        timers,
        logger,
        events,
        cores: () => side.cores ?? [],
        sendAway,
      })
    : undefined;
  const tasks = [deregistrations, reregistration, watch].filter((task) => task !== undefined);
  return { side, tasks, deregistrations };
}
