import { type Clock } from '../../../base/clock.ts';
import { type TimerQueue } from '../../../base/timer-queue.ts';
import { type CoreBorder } from '../../border/core-border.ts';
import { type ExternalCoreOptions } from '../../edge-options.ts';
import { type HomeDomain } from '../../home-domain.ts';
import { createDeregistration, Deregistrations } from '../../registration/deregistration.ts';
import { type Registrations } from '../../registration/registrations.ts';
import { type CoreSide } from '../core-side.ts';
import { firstCoreSide } from './core-side-names.ts';

export interface DeregisterLostContext {
  readonly options: Pick<ExternalCoreOptions, 'deregisterAfterSec' | 'listen'>;
  readonly border: CoreBorder;
  readonly home: HomeDomain;
  readonly registrations: Registrations;
  readonly clock: Clock;
  readonly timers: TimerQueue;
  readonly coreSide: Pick<CoreSide, 'addresses' | 'sendRequest'>;
}

/** De-registration of clients that are gone, at a core outside; `undefined` where the configuration leaves it to the core. */
export function deregisterLost(context: DeregisterLostContext): Deregistrations | undefined {
  const { options, border, home, registrations, clock, timers, coreSide } = context;
  if (options.deregisterAfterSec === undefined) return undefined;
  return new Deregistrations({
    afterSec: options.deregisterAfterSec,
    clock,
    timers,
    send: (lost, onFinal) => {
      const side = firstCoreSide(coreSide.addresses, options.listen.publicHost);
      if (!side) return;
      const request = createDeregistration(lost, home.name);
      border.registerFor(lost, request, side);
      coreSide.sendRequest?.(request, onFinal);
    },
    ended: (registrationId) => {
      registrations.endLapsed(registrationId);
    },
  });
}
