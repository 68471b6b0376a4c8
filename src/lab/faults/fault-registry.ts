import { BoundedMap } from '../../base/bounded-map.ts';
import { type Clock } from '../../base/clock.ts';
import { EpcscfTurnError } from '../../base/errors.ts';
import {
  ActiveFault,
  type Fault,
  type FaultEnded,
  type FaultFired,
  type FaultStatus,
  type FaultTarget,
} from './active-fault.ts';
import { type FaultKind, type FaultRequest, type FaultSpec } from './fault.ts';
import { parseFault } from './parse-fault.ts';

const MAX_ACTIVE = 1000;
/** Ended ones that can still be asked for. */
const REMEMBERED = 1000;

export interface FaultRegistryPorts {
  readonly fired: (event: FaultFired) => void;
  readonly ended: (event: FaultEnded) => void;
  /** Names of the lab's users, against slips in `user`; any name is taken when absent. */
  readonly users?: readonly string[];
  /** Whether a name that is none of these stands for somebody all the same: a guest. */
  readonly knows?: (user: string) => boolean;
  /** Throws for a fault that could hit nothing. */
  readonly checkNeeds?: (spec: FaultSpec) => void;
  readonly clock: Clock;
}

/** What a test can do with the faults of its lab. */
export interface Faults {
  /**
   * From now on until it is cleared, or its `times` or `forMs` are over. One that acts on what is there, such as `server-restart`, has ended
   * when this returns. Throws ERR_INVALID_ARGUMENT, which tells what is wrong with the request, and ERR_INVALID_STATE when there are 1000, or
   * the lab has nothing that such a fault could hit.
   *
   * @example
   * using fault = lab.faults.add({ kind: 'sip-answer', status: 503, retryAfterSec: 2, user: 'alice', times: 1 });
   */
  add(request: FaultRequest): Fault;
  /** The active ones as plain data, in the order in which they came. */
  list(): readonly FaultStatus[];
  /** One fault by its id: active, or among the last 1000 that have ended. */
  get(id: string): Fault | undefined;
  /** Ends all faults. */
  clear(): void;
}

/** The faults of one lab. Tests add them here; the parts that cause them look them up here. */
export class FaultRegistry implements Faults {
  readonly #ports: FaultRegistryPorts;
  readonly #clock: Clock;
  readonly #active = new Map<string, ActiveFault>();
  readonly #ended = new BoundedMap<ActiveFault>(REMEMBERED);
  readonly #instant = new Map<FaultKind, (fault: ActiveFault) => void>();
  readonly #listeners = new Set<() => void>();
  #count = 0;

  constructor(ports: FaultRegistryPorts) {
    this.#ports = ports;
    this.#clock = ports.clock;
  }

  add(request: FaultRequest): Fault {
    const spec = parseFault(request);
    this.#check(spec);
    const fault: ActiveFault = new ActiveFault(`f${(this.#count += 1)}`, spec, {
      nowMs: () => this.#clock.now().monotonicMs,
      fired: this.#ports.fired,
      ended: (cause) => {
        this.#active.delete(fault.id);
        this.#ended.set(fault.id, fault);
        this.#ports.ended({ faultId: fault.id, kind: spec.kind, cause });
        this.#changed();
      },
    });
    this.#active.set(fault.id, fault);
    const act = isInstant(spec) ? this.#instant.get(spec.kind) : undefined;
    if (act) {
      act(fault);
      fault.end('times');
    } else this.#changed();
    return fault;
  }

  list(): readonly FaultStatus[] {
    return this.#current().map(({ status }) => status);
  }

  get(id: string): ActiveFault | undefined {
    return this.#active.get(id) ?? this.#ended.get(id);
  }

  clear(): void {
    for (const fault of [...this.#active.values()]) fault.clear();
  }

  /** The first active fault of these kinds that hits there, counted and told. */
  take<Kind extends FaultKind>(kinds: readonly Kind[], target: FaultTarget): ActiveFault<Kind> | undefined {
    const fault = this.find(kinds, target);
    fault?.fire(target);
    return fault;
  }

  /** Finds a fault like `take`, but neither counts nor tells it: the caller does that with `fire` once it has hit. */
  find<Kind extends FaultKind>(
    kinds: readonly Kind[],
    target: FaultTarget,
    meets: (spec: FaultSpec<Kind>) => boolean = () => true,
  ): ActiveFault<Kind> | undefined {
    // Hardly ever is there one, and this is asked for each message.
    if (this.isQuiet) return undefined;
    return this.active(kinds).find((fault) => fault.hits(target) && meets(fault.spec));
  }

  /** Whether no fault is active. */
  get isQuiet(): boolean {
    return this.#active.size === 0;
  }

  /** All active faults of these kinds, whomever they are aimed at. */
  active<Kind extends FaultKind>(kinds: readonly Kind[]): ActiveFault<Kind>[] {
    return this.#current().filter((fault) => fault.isOf(kinds));
  }

  /** Runs after each fault that comes or ends. */
  onChange(run: () => void): void {
    this.#listeners.add(run);
  }

  /**
   * What a fault of this kind does at once, to all that is there and that it `hits`: `run` calls `fire` for each while the fault is
   * `active`. It has ended afterwards.
   */
  actAtOnce<Kind extends FaultKind>(kind: Kind, run: (fault: ActiveFault<Kind>) => void): void {
    this.#instant.set(kind, (fault) => {
      if (fault.isOf([kind])) run(fault);
    });
  }

  #current(): ActiveFault[] {
    return [...this.#active.values()].filter(({ active }) => active);
  }

  #check(spec: FaultSpec): void {
    const { user } = spec;
    const { knows = () => false, checkNeeds } = this.#ports;
    const { users } = this.#ports;
    if (user !== undefined && users && !users.includes(user) && !knows(user)) {
      const names = users.join(', ');
      throw new EpcscfTurnError('ERR_INVALID_ARGUMENT', `faults.add: user: expected one of ${names}, got "${user}"`);
    }
    if (this.#current().length >= MAX_ACTIVE) {
      throw new EpcscfTurnError('ERR_INVALID_STATE', `faults.add: ${MAX_ACTIVE} faults are active; clear some first`);
    }
    checkNeeds?.(spec);
  }

  #changed(): void {
    for (const run of this.#listeners) run();
  }
}

/** Whether it acts on what is there now, in place of on what comes. */
function isInstant(spec: FaultSpec): boolean {
  switch (spec.kind) {
    case 'server-restart':
    case 'allocation-ended':
    case 'credential-revoked':
      return true;
    case 'flow-closed':
    case 'flow-cut':
      return spec.method === undefined;
    default:
      return false;
  }
}
