import { type EdgeCore } from './build-core.ts';
import { type EdgePorts, type EdgeState } from './build-state.ts';
import { type CoreSide } from './core/core-side.ts';
import { CredentialInsertion } from './credential-insertion/credential-insertion.ts';
import { RegisterPath } from './credential-insertion/register-path.ts';
import { type EdgeOptions } from './edge-options.ts';
import { EmergencyServices } from './emergency-services.ts';
import { Proxy } from './proxy/proxy.ts';

export interface ProxySurroundings extends Pick<EdgeCore, 'applicationServer'> {
  readonly side: Pick<CoreSide, 'core' | 'border' | 'knowsEdgeAs'>;
}

/** The third stage: the way of messages between the clients and the core. */
export function buildProxy(
  options: EdgeOptions,
  { home, tokens, registrations, admission, layer }: EdgeState,
  { side, applicationServer }: ProxySurroundings,
  { clock, timers, events, limitedLog, issuer, tap, tracer, findFlow, run }: EdgePorts,
): Proxy {
  const { limits, credential, emergency, transaction } = options;
  const { core, border, knowsEdgeAs } = side;
  const insertion = new CredentialInsertion({
    options: credential,
    maxUsers: limits.connections,
    retryAfterSec: transaction.retryAfterSec,
    issuer,
    clock,
    timers,
    events,
    limitedLog,
    run,
  });
  const registerPath = new RegisterPath({
    home,
    registrations,
    insertion,
    events,
    maxContacts: limits.contactsPerFlow,
    removalsAreReported: core.reportsRemovals,
  });
  return new Proxy({
    home,
    parseLimits: { maxHeaders: limits.headerCount, maxLineBytes: limits.lineBytes },
    layer,
    core,
    border,
    tokens,
    admission,
    emergency: new EmergencyServices(emergency ?? { numbers: [], uris: [] }, home, limits.sources),
    registrations,
    registerPath,
    insertion,
    tracer,
    events,
    tap,
    findHop: (id) =>
      findFlow(id) ?? (applicationServer?.id === id && applicationServer.isOpen ? applicationServer : undefined),
    isCoreSide: knowsEdgeAs,
  });
}
