import { type CoreBorder } from './border/core-border.ts';
import { type EdgePorts, type EdgeState } from './build-state.ts';
import { type CoreSide } from './core/core-side.ts';
import { firstCoreSide } from './core/external/core-side-names.ts';
import { type EdgeOptions, type ExternalCoreOptions } from './edge-options.ts';
import { type Hop } from './hop.ts';
import { ObeyCore } from './reg-event/obey-core.ts';
import { RegistrationWatch } from './reg-event/registration-watch.ts';

export interface RegEventPorts extends EdgePorts {
  /** Closes the WebSocket of a client, if it is open. */
  readonly closeFlow: (hop: Hop, cause: 'deregistered' | 'shortened') => void;
}

/** Before a connection would be closed for having no registration, which says less of why. */
const SOONER_MS = 1000;

/** Follows what a core outside does to registrations; `undefined` where that is switched off. */
export function buildRegEvent(
  { transaction, limits }: EdgeOptions,
  { regEvent, listen }: ExternalCoreOptions,
  { registrations, rejected }: EdgeState,
  { side, border }: { readonly side: CoreSide; readonly border: CoreBorder },
  { clock, timers, logger, events, closeFlow }: RegEventPorts,
): RegistrationWatch | undefined {
  if (regEvent === 'off' || !rejected) return undefined;
  // RFC 3261 §17.1.2.2: no BYE is waited for any longer than that.
  const longestMs = 64 * transaction.t1Ms;
  const obey = new ObeyCore({
    clock,
    timers,
    registrations,
    rejected,
    closeFlow,
    partingMs: Math.min(longestMs, Math.max(0, limits.unregisteredSec * 1000 - SOONER_MS)),
  });
  const watch = new RegistrationWatch({
    mode: regEvent,
    clock,
    timers,
    logger,
    events,
    registrations,
    obey,
    send: (request, onFinal) => {
      border.requestOfEdge(request);
      side.sendRequest?.(request, onFinal);
    },
    self: () => firstCoreSide(side.addresses, listen.publicHost)?.sentBy,
  });
  side.answerOwnBy?.(watch.answer);
  registrations.observe(watch);
  return watch;
}
