import { type AddressFamily } from '../../core/ip.ts';
import { type TimerHandle } from '../../core/timer-queue.ts';
import { type RelayHandle } from './data-plane.ts';

/** The second port of an EVEN-PORT pair, held for the user whose Allocate asked for it (RFC 8656 §7.2). */
export interface Reservation {
  /** 8 bytes. */
  readonly token: Buffer;
  readonly user: string;
  readonly relay: RelayHandle;
  readonly family: AddressFamily;
  readonly port: number;
  /** Monotonic milliseconds. */
  readonly expiresAtMs: number;
  timer: TimerHandle | undefined;
}

export class Reservations {
  readonly #byToken = new Map<string, Reservation>();
  readonly #countByUser = new Map<string, number>();

  get size(): number {
    return this.#byToken.size;
  }

  add(reservation: Reservation): void {
    this.#byToken.set(keyOf(reservation.token), reservation);
    this.#countByUser.set(reservation.user, this.countOf(reservation.user) + 1);
  }

  remove(reservation: Reservation): void {
    if (!this.#byToken.delete(keyOf(reservation.token))) return;
    const left = this.countOf(reservation.user) - 1;
    if (left > 0) this.#countByUser.set(reservation.user, left);
    else this.#countByUser.delete(reservation.user);
  }

  /** A token is good for the user it was given to; in other hands it is unknown. */
  find(token: Buffer, user: string, nowMs: number): Reservation | undefined {
    const reservation = this.#byToken.get(keyOf(token));
    return reservation?.user === user && reservation.expiresAtMs > nowMs ? reservation : undefined;
  }

  countOf(user: string): number {
    return this.#countByUser.get(user) ?? 0;
  }

  all(): readonly Reservation[] {
    return [...this.#byToken.values()];
  }
}

function keyOf(token: Buffer): string {
  return token.toString('latin1');
}
