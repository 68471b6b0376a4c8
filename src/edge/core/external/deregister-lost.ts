import { type Clock } from '../../../base/clock.ts';
import { type TimerQueue } from '../../../base/timer-queue.ts';
import { type CoreBorder } from '../../border/core-border.ts';
import { type ExternalCoreOptions } from '../../edge-options.ts';
import { type HomeDomain } from '../../home-domain.ts';
import { createDeregistration, Deregistrations, saysGone } from '../../registration/deregistration.ts';
import { type Registration } from '../../registration/registration.ts';
import { type Registrations } from '../../registration/registrations.ts';
import { type CoreSide } from '../core-side.ts';
import { firstCoreSide } from './core-side-names.ts';

export interface DeregisterLostContext {
  readonly options: Pick<ExternalCoreOptions, 'listen'>;
  /** How long a client may be away (see `DeregistrationsContext.afterSec`). */
  readonly afterSec: (registration: Registration) => number | undefined;
  /** Whether the core is told the authorization server of a web token. */
  readonly namesEntity: boolean;
  readonly border: CoreBorder;
  readonly home: HomeDomain;
  readonly registrations: Registrations;
  readonly clock: Clock;
  readonly timers: TimerQueue;
  readonly coreSide: Pick<CoreSide, 'addresses' | 'sendRequest'>;
}

/** De-registration of clients that are gone, at a core outside. */
export function deregisterLost(context: DeregisterLostContext): Deregistrations {
  const { options, afterSec, namesEntity, border, home, registrations, clock, timers, coreSide } = context;
  return new Deregistrations({
    afterSec,
    clock,
    timers,
    send: (lost, onGone) => {
      const side = firstCoreSide(coreSide.addresses, options.listen.publicHost);
      if (!side) return;
      const request = createDeregistration(lost, { domain: home.name, namesEntity });
      border.registerFor(lost, request, side);
      coreSide.sendRequest?.(request, (response) => {
        if (saysGone(response)) onGone();
      });
    },
    ended: (registrationId) => {
      registrations.endLapsed(registrationId);
    },
  });
}
