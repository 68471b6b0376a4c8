import { type Clock } from '../base/clock.ts';
import { type Logger } from '../base/logger.ts';
import { type TypedEvents } from '../base/typed-events.ts';
import { type Revocation } from '../credentials/revocation/revocation.ts';
import { REVOCATION_LOSSES } from './revocation-words.ts';
import { type ServerEvents } from './server-types.ts';

/** Shortest time in milliseconds between two lines in the log: a full list may forget as often as clients de-register. */
const TELL_EVERY_MS = 10_000;

export interface ForgottenRevocationsPorts {
  readonly logger: Logger;
  readonly clock: Clock;
  readonly events: Pick<TypedEvents<ServerEvents>, 'emit'>;
}

/** Counts names that a full list forgets before their end. The log and an event tell so: at once, and then every ten seconds at most. */
export class ForgottenRevocations {
  readonly #ports: ForgottenRevocationsPorts;
  #total = 0;
  #told = 0;
  #toldAtMs = -Infinity;

  constructor(ports: ForgottenRevocationsPorts) {
    this.#ports = ports;
  }

  /** Names forgotten since the server was made. */
  get total(): number {
    return this.#total;
  }

  note({ user }: Revocation): void {
    this.#total += 1;
    const { logger, clock, events } = this.#ports;
    const { monotonicMs } = clock.now();
    if (monotonicMs - this.#toldAtMs < TELL_EVERY_MS) return;
    const names = this.#total - this.#told;
    this.#told = this.#total;
    this.#toldAtMs = monotonicMs;
    const cause = 'list-full';
    logger.warn(
      { cause, names, total: this.#total, user },
      `revoked names are good again. ${REVOCATION_LOSSES[cause]}`,
    );
    events.emit('revocations-forgotten', { cause, names });
  }
}
