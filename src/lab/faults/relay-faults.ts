import { type Server } from '../../server/server.ts';
import { type RelayDirection } from '../../turn/contract/bandwidth.ts';
import { type AllocationInfo } from '../../turn/engine/observe/turn-events.ts';
import { type ActiveFault } from './active-fault.ts';
import { type FaultRegistry } from './fault-registry.ts';
import { LOST, type Impairment } from './impairment.ts';
import { createRelayStage, RELAY_FAULT_KINDS, type RelayFaultKind, type RelayStage } from './relay-stage.ts';

/** Packets are told together, so that a lossy call does not flood the events. */
const TELL_EVERY_MS = 1000;

export interface RelayFaultPorts {
  readonly faults: FaultRegistry;
  readonly server: Pick<Server, 'on' | 'snapshot' | 'endAllocation' | 'revokeName'>;
  /** Puts what passes the allocation's relays at the mercy of an impairment, or lets it pass again. */
  readonly impair: (allocation: AllocationInfo, impairment: Impairment | undefined) => void;
  /** The lab user behind a TURN name, as far as known. */
  readonly userOf: (turnName: string) => string | undefined;
  /** TURN names that a user was given; of everybody when absent. */
  readonly namesOf: (user: string | undefined) => readonly string[];
  /** A random number from 0 to below 1; `Math.random` when absent. */
  readonly random?: () => number;
}

interface Stage {
  readonly fault: ActiveFault<RelayFaultKind>;
  readonly run: RelayStage;
}

interface Untold {
  packets: number;
  toldAtMs: number;
}

/** Causes what happens to allocations and to the packets on them: `allocation-ended`, `credential-revoked` and the faults named `relay-…`. */
export function causeRelayFaults(ports: RelayFaultPorts): void {
  new RelayFaults(ports).attach();
}

class RelayFaults {
  readonly #ports: RelayFaultPorts;
  /** By allocation id. A stage keeps its state while other faults come and go. */
  readonly #stages = new Map<string, readonly Stage[]>();
  readonly #untold = new WeakMap<ActiveFault<RelayFaultKind>, Untold>();

  constructor(ports: RelayFaultPorts) {
    this.#ports = ports;
  }

  attach(): void {
    const { faults, server } = this.#ports;
    faults.onChange(() => {
      this.#applyToAll();
    });
    faults.actAtOnce('allocation-ended', (fault) => {
      this.#endAllocations(fault);
    });
    faults.actAtOnce('credential-revoked', (fault) => {
      this.#revoke(fault);
    });
    server.on('allocation-created', (allocation) => {
      this.#apply(allocation, this.#activeFaults());
    });
    server.on('allocation-ended', ({ allocationId }) => {
      this.#stages.delete(allocationId);
    });
  }

  #applyToAll(): void {
    const active = this.#activeFaults();
    if (active.length === 0 && this.#stages.size === 0) return;
    for (const allocation of this.#ports.server.snapshot().allocations) this.#apply(allocation, active);
  }

  #apply(allocation: AllocationInfo, active: readonly ActiveFault<RelayFaultKind>[]): void {
    const { allocationId } = allocation;
    const user = this.#ports.userOf(allocation.user);
    const before = this.#stages.get(allocationId) ?? [];
    const stages = active
      .filter((fault) => fault.hits({ user }))
      .map((fault) => before.find((stage) => stage.fault === fault) ?? this.#stageOf(fault));
    if (stages.length === before.length && stages.every((stage, at) => stage === before[at])) return;
    if (stages.length === 0) this.#stages.delete(allocationId);
    else this.#stages.set(allocationId, stages);
    this.#ports.impair(allocation, stages.length === 0 ? undefined : this.#impairment(stages, user));
  }

  #activeFaults(): ActiveFault<RelayFaultKind>[] {
    return RELAY_FAULT_KINDS.flatMap((kind) => this.#ports.faults.active<RelayFaultKind>([kind]));
  }

  #stageOf(fault: ActiveFault<RelayFaultKind>): Stage {
    return { fault, run: createRelayStage(fault.spec, this.#ports.random ?? Math.random) };
  }

  /** Each stage takes the datagram when the one before it lets it go. */
  #impairment(stages: readonly Stage[], user: string | undefined): Impairment {
    return (direction, bytes, nowMs) => {
      let atMs = nowMs;
      for (const { fault, run } of stages) {
        if (!fault.active || !concerns(fault, direction)) continue;
        const waitMs = run(direction, bytes, atMs);
        if (waitMs === 0) continue;
        this.#hit(fault, user, nowMs);
        if (waitMs === LOST) return LOST;
        atMs += waitMs;
      }
      return atMs - nowMs;
    };
  }

  #hit(fault: ActiveFault<RelayFaultKind>, user: string | undefined, nowMs: number): void {
    const untold = this.#untold.get(fault) ?? { packets: 0, toldAtMs: -Infinity };
    untold.packets += 1;
    const isLast = fault.fired + 1 >= (fault.spec.times ?? Infinity);
    if (isLast || nowMs - untold.toldAtMs >= TELL_EVERY_MS) {
      fault.tell({ user }, { packets: untold.packets });
      untold.packets = 0;
      untold.toldAtMs = nowMs;
    }
    this.#untold.set(fault, untold);
    fault.count();
  }

  #revoke(fault: ActiveFault<'credential-revoked'>): void {
    const { server, userOf, namesOf } = this.#ports;
    for (const turnName of namesOf(fault.spec.user)) {
      if (!fault.active) return;
      server.revokeName(turnName);
      fault.fire({ user: userOf(turnName) }, { turnName });
    }
  }

  #endAllocations(fault: ActiveFault<'allocation-ended'>): void {
    const { server, userOf } = this.#ports;
    for (const { allocationId, user: turnName } of server.snapshot().allocations) {
      const user = userOf(turnName);
      if (!fault.active || !fault.hits({ user }) || !server.endAllocation(allocationId)) continue;
      fault.fire({ user }, { allocationId });
    }
  }
}

function concerns({ spec }: ActiveFault<RelayFaultKind>, direction: RelayDirection): boolean {
  return spec.direction === 'both' || spec.direction === direction;
}
