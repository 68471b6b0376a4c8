import { AgeMap } from '../../../base/age-map.ts';
import { type AddressFamily } from '../../../base/ip.ts';
import { PortSet } from './port-set.ts';

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
  /** Freed ports with the time until which they rest, oldest first. */
  readonly quarantine: AgeMap<number, number>;
  /** Ports that are free on at least one address and do not rest. */
  readonly rested: PortSet;
}

/** Ports looked at for one pair. In a range where two neighbours are hardly ever free, none is found rather than the whole of it searched. */
const MAX_LOOKS = 2048;

/**
 * Which port of the range to try next. Random as RFC 6056 advises, so that relayed addresses are not guessed, and only when none is left
 * those freed a moment ago, longest ago first. Finding one costs the same whether the range is empty, full or all in quarantine, so that a
 * client that opens and closes in a hurry slows down nobody. Knows what this engine took, not what others on the host did: the plane finds
 * out.
 */
export class RelayPorts {
  readonly #options: RelayPortsOptions;
  readonly #randomInt: (below: number) => number;
  readonly #families: Readonly<Record<AddressFamily, FamilyPorts>>;
  #taken = 0;

  constructor(options: RelayPortsOptions, randomInt: (below: number) => number) {
    this.#options = options;
    this.#randomInt = randomInt;
    this.#families = { 4: allPorts(options, 4), 6: allPorts(options, 6) };
  }

  /** Ports worth a bind, best first, each at most once. Nothing may be taken or freed while it is walked. */
  *candidates(family: AddressFamily, shape: PortShape, nowMs: number): Generator<number, void, undefined> {
    this.#endQuarantine(family, nowMs);
    let looks = 0;
    for (const port of this.#bestFirst(family, shape)) {
      if (this.#fits(family, port, shape)) yield port;
      else if (++looks === MAX_LOOKS) return;
    }
  }

  take(family: AddressFamily, port: number): void {
    const { inUse, rested, quarantine } = this.#families[family];
    inUse.set(port, (inUse.get(port) ?? 0) + 1);
    this.#taken += 1;
    if (this.#isFree(family, port)) return;
    rested.delete(port);
    quarantine.delete(port);
  }

  free(family: AddressFamily, port: number, nowMs: number): void {
    const { inUse, quarantine, rested } = this.#families[family];
    const left = (inUse.get(port) ?? 0) - 1;
    if (left > 0) inUse.set(port, left);
    else inUse.delete(port);
    this.#taken -= 1;
    rested.delete(port);
    quarantine.set(port, nowMs + this.#options.quarantineMs);
  }

  /** A port that another program has is tried again after all others: it would cost each further request a bind in vain. */
  rest(family: AddressFamily, port: number, nowMs: number): void {
    if (!this.#isFree(family, port)) return;
    const { quarantine, rested } = this.#families[family];
    rested.delete(port);
    quarantine.set(port, nowMs + this.#options.quarantineMs);
  }

  /** How many ports are in use, counted once for each relayed address that has them. */
  get taken(): number {
    return this.#taken;
  }

  /** A pair of which one half is in quarantine comes last, as does one of which both are. */
  *#bestFirst(family: AddressFamily, shape: PortShape): Generator<number, void, undefined> {
    const { rested, quarantine } = this.#families[family];
    const isPair = shape === 'even-pair';
    for (const port of rested.shuffled(shape === 'any' ? 'any' : 'even', this.#randomInt)) {
      if (!isPair || !quarantine.has(port + 1)) yield port;
    }
    for (const { key: port } of quarantine.entries()) {
      yield port;
      if (isPair && rested.has(port - 1)) yield port - 1;
    }
  }

  #fits(family: AddressFamily, port: number, shape: PortShape): boolean {
    if (!this.#isFree(family, port)) return false;
    if (shape === 'any') return true;
    return port % 2 === 0 && (shape === 'even' || this.#isFree(family, port + 1));
  }

  #isFree(family: AddressFamily, port: number): boolean {
    const { max, excluded, addresses } = this.#options;
    if (port > max || excluded.has(port)) return false;
    return (this.#families[family].inUse.get(port) ?? 0) < addresses[family];
  }

  #endQuarantine(family: AddressFamily, nowMs: number): void {
    const { quarantine, rested } = this.#families[family];
    for (const { key: port, value: untilMs } of quarantine.entries()) {
      if (untilMs > nowMs) return;
      quarantine.delete(port);
      if (this.#isFree(family, port)) rested.add(port);
    }
  }
}

function allPorts({ min, max, excluded, addresses }: RelayPortsOptions, family: AddressFamily): FamilyPorts {
  const rested = new PortSet();
  for (let port = min; addresses[family] > 0 && port <= max; port++) if (!excluded.has(port)) rested.add(port);
  return { inUse: new Map(), quarantine: new AgeMap(), rested };
}
