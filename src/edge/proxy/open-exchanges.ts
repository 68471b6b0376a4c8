import { type Hop } from '../hop.ts';

interface Exchange {
  /** Of its transaction; no two that are open with one hop have the same. */
  readonly key: string;
  readonly hop: Hop;
}

/** In the place of the id of a hop, for all connections to the core. */
const CORE = 'core';

/**
 * The exchanges that are open with each hop, by key. A WIC has its one connection; a core may answer, repeat, acknowledge or cancel over another one than
 * it was sent by (RFC 3261 §17.2.3 asks for branch and sent-by only), so all connections to the core are one place. A place without exchanges takes no
 * room. How many there may be is the caller's to bound, by `size`.
 */
export class OpenExchanges<T extends Exchange> {
  readonly #places = new Map<string, Map<string, T>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** How many are open with a WIC. */
  count(wic: Hop): number {
    return this.#places.get(wic.id)?.size ?? 0;
  }

  find(hop: Hop, key: string): T | undefined {
    return this.#places.get(placeOf(hop))?.get(key);
  }

  /** The exchanges with a hop, as a copy: some may end while it is walked over. */
  of(hop: Hop): T[] {
    const all = [...(this.#places.get(placeOf(hop))?.values() ?? [])];
    return hop.kind === 'core' ? all.filter((exchange) => exchange.hop === hop) : all;
  }

  add(exchange: T): void {
    const place = placeOf(exchange.hop);
    let exchanges = this.#places.get(place);
    if (!exchanges) {
      exchanges = new Map();
      this.#places.set(place, exchanges);
    }
    this.#size -= exchanges.size;
    exchanges.set(exchange.key, exchange);
    this.#size += exchanges.size;
  }

  /** Forgets an exchange, unless another one has its key by now. */
  delete(exchange: T): void {
    const place = placeOf(exchange.hop);
    const exchanges = this.#places.get(place);
    if (exchanges?.get(exchange.key) !== exchange) return;
    exchanges.delete(exchange.key);
    this.#size -= 1;
    if (exchanges.size === 0) this.#places.delete(place);
  }
}

function placeOf({ kind, id }: Hop): string {
  return kind === CORE ? CORE : id;
}
