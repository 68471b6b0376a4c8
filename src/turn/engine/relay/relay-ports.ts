import { type AddressFamily } from '../../../base/ip.ts';
import { PortQueue } from './port-queue.ts';
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

/** The ports of one family, in arrays of numbers: a range has some ten thousand. */
interface FamilyPorts {
  /** On how many addresses each port is taken, by its distance from the first. */
  readonly inUse: Uint16Array;
  /** Freed ports with the time until which they rest, oldest first. */
  readonly quarantine: PortQueue;
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
  readonly #families: Record<AddressFamily, FamilyPorts | undefined> = { 4: undefined, 6: undefined };
  #taken = 0;

  constructor(options: RelayPortsOptions, randomInt: (below: number) => number) {
    this.#options = options;
    this.#randomInt = randomInt;
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
    const { rested, quarantine } = this.#of(family);
    this.#count(family, port, 1);
    if (this.#isFree(family, port)) return;
    rested.delete(port);
    quarantine.delete(port);
  }

  free(family: AddressFamily, port: number, nowMs: number): void {
    const { quarantine, rested } = this.#of(family);
    this.#count(family, port, -1);
    rested.delete(port);
    quarantine.set(port, nowMs + this.#options.quarantineMs);
  }

  /** A port that another program has is tried again after all others: it would cost each further request a bind in vain. */
  rest(family: AddressFamily, port: number, nowMs: number): void {
    if (!this.#isFree(family, port)) return;
    const { quarantine, rested } = this.#of(family);
    rested.delete(port);
    quarantine.set(port, nowMs + this.#options.quarantineMs);
  }

  /** How many ports are in use, counted once for each relayed address that has them. */
  get taken(): number {
    return this.#taken;
  }

  /** A pair of which one half is in quarantine comes last, as does one of which both are. */
  *#bestFirst(family: AddressFamily, shape: PortShape): Generator<number, void, undefined> {
    const { rested, quarantine } = this.#of(family);
    const isPair = shape === 'even-pair';
    for (const port of rested.shuffled(shape === 'any' ? 'any' : 'even', this.#randomInt)) {
      if (!isPair || !quarantine.has(port + 1)) yield port;
    }
    for (const port of quarantine.ports()) {
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
    const { min, max, excluded, addresses } = this.#options;
    if (port > max || excluded.has(port)) return false;
    return (this.#of(family).inUse[port - min] ?? 0) < addresses[family];
  }

  #endQuarantine(family: AddressFamily, nowMs: number): void {
    const { quarantine, rested } = this.#of(family);
    for (const port of quarantine.ports()) {
      if (quarantine.untilMs(port) > nowMs) return;
      quarantine.delete(port);
      if (this.#isFree(family, port)) rested.add(port);
    }
  }

  #count(family: AddressFamily, port: number, change: 1 | -1): void {
    const { inUse } = this.#of(family);
    const at = port - this.#options.min;
    inUse[at] = (inUse[at] ?? 0) + change;
    this.#taken += change;
  }

  /** Made when a port of the family is first asked for. */
  #of(family: AddressFamily): FamilyPorts {
    return (this.#families[family] ??= allPorts(this.#options, family));
  }
}

function allPorts({ min, max, excluded, addresses }: RelayPortsOptions, family: AddressFamily): FamilyPorts {
  const rested = new PortSet(min, max);
  for (let port = min; addresses[family] > 0 && port <= max; port++) if (!excluded.has(port)) rested.add(port);
  return { inUse: new Uint16Array(max - min + 1), quarantine: new PortQueue(min, max), rested };
}
