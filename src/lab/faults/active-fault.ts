import { type FaultKind, type FaultSpec } from './fault.ts';

/** Whom a fault could hit: the lab user, as far as known, and the method of SIP or TURN. */
export interface FaultTarget {
  readonly user: string | undefined;
  readonly method?: string | undefined;
}

/** What a hit did, as plain data. */
export type FaultDetail = Readonly<Record<string, string | number | boolean>>;

export interface FaultFired {
  readonly faultId: string;
  readonly kind: FaultKind;
  /** Whom it hit, as far as known. */
  readonly user: string | undefined;
  /** SIP or TURN method that it hit: REGISTER, Allocate. */
  readonly method: string | undefined;
  readonly detail: FaultDetail;
}

/** How a fault ended. */
export const FAULT_END_CAUSES = {
  times: 'It has hit as often as it was asked to, or all there was to hit.',
  time: 'Its milliseconds are over.',
  cleared: 'Somebody cleared it.',
} as const;
export type FaultEndCause = keyof typeof FAULT_END_CAUSES;

export interface FaultEnded {
  readonly faultId: string;
  readonly kind: FaultKind;
  readonly cause: FaultEndCause;
}

/** One fault, as the test that asked for it holds it. */
export interface Fault extends Disposable {
  readonly id: string;
  readonly spec: FaultSpec;
  /** How often it has hit. */
  readonly fired: number;
  readonly active: boolean;
  /** Ends it; a no-op when it has ended. */
  clear(): void;
}

/** A fault as plain data. */
export type FaultStatus = FaultSpec & { readonly id: string; readonly fired: number; readonly active: boolean };

interface FaultPorts {
  readonly nowMs: () => number;
  readonly fired: (event: FaultFired) => void;
  readonly ended: (cause: FaultEndCause) => void;
}

const NO_DETAIL = new Set(['kind', 'user', 'method', 'times', 'forMs']);

/** A fault as the part that causes it holds it. */
export class ActiveFault<Kind extends FaultKind = FaultKind> implements Fault {
  readonly id: string;
  readonly spec: FaultSpec<Kind>;
  readonly #ports: FaultPorts;
  readonly #endMs: number;
  #timer: NodeJS.Timeout | undefined;
  #fired = 0;
  #active = true;

  constructor(id: string, spec: FaultSpec<Kind>, ports: FaultPorts) {
    this.id = id;
    this.spec = spec;
    this.#ports = ports;
    this.#endMs = spec.forMs === undefined ? Infinity : ports.nowMs() + spec.forMs;
    if (spec.forMs === undefined) return;
    this.#timer = setTimeout(() => {
      this.end('time');
    }, spec.forMs);
    this.#timer.unref();
  }

  get fired(): number {
    return this.#fired;
  }

  /** A busy event loop may be late with the timer: the clock decides. */
  get active(): boolean {
    if (this.#active && this.#ports.nowMs() >= this.#endMs) this.end('time');
    return this.#active;
  }

  get status(): FaultStatus {
    return { id: this.id, ...this.spec, fired: this.fired, active: this.active };
  }

  /** Whether the fault is of one of these kinds. */
  isOf<Wanted extends FaultKind>(kinds: readonly Wanted[]): this is ActiveFault<Wanted> {
    const wanted: readonly FaultKind[] = kinds;
    return wanted.includes(this.spec.kind);
  }

  /** Whether it is aimed there. A fault for one user does not hit when the user is unknown. */
  hits({ user, method }: FaultTarget): boolean {
    const aim: { readonly user?: string | undefined; readonly method?: string | undefined } = this.spec;
    if (aim.user !== undefined && aim.user !== user) return false;
    return aim.method === undefined || aim.method === method;
  }

  /** Counts one hit and tells of it; the last of `times` ends the fault. Without a detail its own figures are told. */
  fire(target: FaultTarget, detail: FaultDetail = this.#figures()): void {
    this.#fired += 1;
    this.tell(target, detail);
    this.#endIfSpent();
  }

  /** Counts one hit of which `tell` will tell later, with others: for packets. */
  count(): void {
    this.#fired += 1;
    this.#endIfSpent();
  }

  tell({ user, method }: FaultTarget, detail: FaultDetail): void {
    this.#ports.fired({ faultId: this.id, kind: this.spec.kind, user, method, detail });
  }

  clear(): void {
    this.end('cleared');
  }

  end(cause: FaultEndCause): void {
    if (!this.#active) return;
    this.#active = false;
    clearTimeout(this.#timer);
    this.#ports.ended(cause);
  }

  [Symbol.dispose](): void {
    this.clear();
  }

  #endIfSpent(): void {
    if (this.#fired >= (this.spec.times ?? Infinity)) this.end('times');
  }

  #figures(): FaultDetail {
    return Object.fromEntries(
      Object.entries(this.spec).filter(([name, value]) => !NO_DETAIL.has(name) && value !== undefined),
    ) as FaultDetail;
  }
}
