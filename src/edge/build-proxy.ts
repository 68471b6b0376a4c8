import { type EdgePorts, type EdgeState } from './build-state.ts';
import { type CoreSide } from './core/core-side.ts';
import { CredentialInsertion } from './credential-insertion/credential-insertion.ts';
import { RegisterPath } from './credential-insertion/register-path.ts';
import { type EdgeOptions } from './edge-options.ts';
import { EmergencyServices } from './emergency-services.ts';
import { type EdgeSignIn } from './build-sign-in.ts';
import { Proxy } from './proxy/proxy.ts';
import { RequestStages } from './proxy/request-stages.ts';

/** The third stage: the way of messages between the clients and the core. `signIn`: absent where web tokens are worth nothing. */
export function buildProxy(
  options: EdgeOptions,
  { home, tokens, registrations, rejected, admission, layer }: EdgeState,
  { core, border, knowsEdgeAs, findHop }: Pick<CoreSide, 'core' | 'border' | 'knowsEdgeAs' | 'findHop'>,
  { clock, timers, events, limitedLog, issuer, tokenIssuer, wrap, tracer, findFlow, run }: EdgePorts,
  signIn?: EdgeSignIn,
): Proxy {
  const { limits, credential, emergency, transaction } = options;
  const insertion = new CredentialInsertion({
    options: credential,
    maxUsers: limits.connections,
    retryAfterSec: transaction.retryAfterSec,
    issuer,
    tokenIssuer,
    clock,
    timers,
    events,
    limitedLog,
    run,
  });
  const registerPath = new RegisterPath({
    home,
    registrations,
    rejected,
    insertion,
    events,
    maxContacts: limits.contactsPerFlow,
    removalsAreReported: core.reportsRemovals,
  });
  const context = {
    home,
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
    findHop: (id: string) => findFlow(id) ?? findHop?.(id),
    isCoreSide: knowsEdgeAs,
    ...signIn,
  };
  const stages = new RequestStages(context);
  return new Proxy({
    ...context,
    parseLimits: { maxHeaders: limits.headerCount, maxLineBytes: limits.lineBytes },
    requests: wrap?.requests?.(stages) ?? stages,
  });
}
