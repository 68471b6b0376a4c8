import { type AddressFamily } from '../../core/ip.ts';

/** `even-pair` also needs the next port (EVEN-PORT with the R bit). */
export type PortShape = 'any' | 'even' | 'even-pair';

interface RelayPortsOptions {
  readonly min: number;
  readonly max: number;
  /** Ports of the range that are never used: our listeners', which as peers are out of bounds. */
  readonly excluded: ReadonlySet<number>;
  readonly quarantineMs: number;
  /** How many relayed addresses of a family share the range: a port can be in use once on each. */
  readonly addresses: Readonly<Record<AddressFamily, number>>;
}

interface FamilyPorts {
  readonly inUse: Map<number, number>;
  /** Until when, oldest first. */
  readonly quarantine: Map<number, number>;
}

/** Random tries before the range is walked: with half the ports taken, all of them miss once in 65,536 times. */
const RANDOM_TRIES = 16;

/**
 * Which port of the range to try next. Random as RFC 6056 advises, so that relayed addresses are not guessed; then every port in turn from a
 * random place; and only then those freed a moment ago. Knows what this engine took, not what others on the host did: the plane finds out.
 */
export class RelayPorts {
  readonly #options: RelayPortsOptions;
  readonly #randomInt: (below: number) => number;
  readonly #families: Readonly<Record<AddressFamily, FamilyPorts>> = { 4: noPorts(), 6: noPorts() };

  constructor(options: RelayPortsOptions, randomInt: (below: number) => number) {
    this.#options = options;
    this.#randomInt = randomInt;
  }

  /** Ports worth a bind, best first, at most once around the range. */
  *candidates(family: AddressFamily, shape: PortShape, nowMs: number): Generator<number, void, undefined> {
    const { min, max, excluded, addresses } = this.#options;
    const { inUse, quarantine } = this.#families[family];
    this.#endQuarantine(family, nowMs);
    const span = max - min + 1;
    const free = (port: number): boolean => !excluded.has(port) && (inUse.get(port) ?? 0) < addresses[family];
    const usable = (port: number): boolean =>
      fits(port, shape, max) && free(port) && (shape !== 'even-pair' || free(port + 1));
    const rested = (port: number): boolean =>
      !quarantine.has(port) && (shape !== 'even-pair' || !quarantine.has(port + 1));

    const tried = new Set<number>();
    for (let i = 0; i < RANDOM_TRIES; i++) {
      const port = min + this.#randomInt(span);
      if (tried.has(port) || !usable(port) || !rested(port)) continue;
      tried.add(port);
      yield port;
    }
    const start = this.#randomInt(span);
    for (const wantRested of [true, false]) {
      for (let i = 0; i < span; i++) {
        const port = min + ((start + i) % span);
        if (!tried.has(port) && usable(port) && rested(port) === wantRested) yield port;
      }
    }
  }

  take(family: AddressFamily, port: number): void {
    const { inUse } = this.#families[family];
    inUse.set(port, (inUse.get(port) ?? 0) + 1);
  }

  free(family: AddressFamily, port: number, nowMs: number): void {
    const { inUse, quarantine } = this.#families[family];
    const left = (inUse.get(port) ?? 0) - 1;
    if (left > 0) inUse.set(port, left);
    else inUse.delete(port);
    quarantine.delete(port);
    quarantine.set(port, nowMs + this.#options.quarantineMs);
  }

  /** Ports in use, counted once for each relayed address that has them. */
  get taken(): number {
    const counts = [...this.#families[4].inUse.values(), ...this.#families[6].inUse.values()];
    return counts.reduce((sum, count) => sum + count, 0);
  }

  #endQuarantine(family: AddressFamily, nowMs: number): void {
    const { quarantine } = this.#families[family];
    for (const [port, untilMs] of quarantine) {
      if (untilMs > nowMs) return;
      quarantine.delete(port);
    }
  }
}

function fits(port: number, shape: PortShape, max: number): boolean {
  if (shape === 'any') return true;
  return port % 2 === 0 && (shape === 'even' || port < max);
}

function noPorts(): FamilyPorts {
  return { inUse: new Map(), quarantine: new Map() };
}
