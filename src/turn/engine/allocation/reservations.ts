import { type AddressFamily } from '../../../base/ip.ts';
import { type TimerHandle } from '../../../base/timer-queue.ts';
import { CountMap } from './count-map.ts';
import { type RelayHandle } from '../../contract/relay-handle.ts';
import { isSameHolder, type Holder } from './same-holder.ts';

/** The second port of an EVEN-PORT pair, held for the user whose Allocate asked for it (RFC 8656 §7.2). */
export interface Reservation {
  /** The RESERVATION-TOKEN, 8 bytes. */
  readonly token: Buffer;
  readonly holder: Holder;
  /** The person whose quota counts the reservation. */
  readonly person: string;
  /** `sourceKey` of the client that asked for it. */
  readonly source: string;
  readonly relay: RelayHandle;
  readonly family: AddressFamily;
  readonly port: number;
  /** Monotonic milliseconds. */
  readonly expiresAtMs: number;
  timer: TimerHandle | undefined;
}

export class Reservations {
  readonly #byToken = new Map<string, Reservation>();
  readonly #byPerson = new CountMap();
  readonly #bySource = new CountMap();

  get size(): number {
    return this.#byToken.size;
  }

  add(reservation: Reservation): void {
    this.#byToken.set(keyOf(reservation.token), reservation);
    this.#count(reservation, 1);
  }

  remove(reservation: Reservation): void {
    if (!this.#byToken.delete(keyOf(reservation.token))) return;
    this.#count(reservation, -1);
  }

  /** A token is good for the user it was given to; in other hands it is unknown. */
  find(token: Buffer, shown: Holder, nowMs: number): Reservation | undefined {
    const reservation = this.#byToken.get(keyOf(token));
    const isGood = reservation && isSameHolder(reservation.holder, shown) && reservation.expiresAtMs > nowMs;
    return isGood ? reservation : undefined;
  }

  countOf(person: string): number {
    return this.#byPerson.of(person);
  }

  countFrom(source: string): number {
    return this.#bySource.of(source);
  }

  all(): readonly Reservation[] {
    return [...this.#byToken.values()];
  }

  #count({ person, source }: Reservation, change: number): void {
    this.#byPerson.add(person, change);
    this.#bySource.add(source, change);
  }
}

function keyOf(token: Buffer): string {
  return token.toString('latin1');
}
