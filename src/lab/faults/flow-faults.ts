import { type FaultTarget, type ActiveFault } from './active-fault.ts';
import { type FaultRegistry } from './fault-registry.ts';

type FlowFault = ActiveFault<'flow-closed' | 'flow-cut'>;

export interface FlowPorts {
  /** The open WebSockets and whose they are, as far as known. */
  readonly flows: () => readonly { readonly id: string; readonly user: string | undefined }[];
  /** With a close frame of this code, or without a word. False when it is gone. */
  readonly closeFlow: (flowId: string, how: { readonly code: number } | 'cut') => boolean;
}

/** WebSockets that end, at once or when a request of some method comes. */
export class FlowFaults {
  readonly #faults: FaultRegistry;
  readonly #ports: FlowPorts;

  constructor(faults: FaultRegistry, ports: FlowPorts) {
    this.#faults = faults;
    this.#ports = ports;
    for (const kind of ['flow-closed', 'flow-cut'] as const) {
      faults.actAtOnce(kind, (fault) => {
        this.#closeAll(fault);
      });
    }
  }

  /** True when the flow was ended in place of taking the request. */
  request(target: FaultTarget, flowId: string): boolean {
    const fault = this.#faults.find(['flow-closed', 'flow-cut'], target);
    return fault !== undefined && this.#close(fault, target, flowId);
  }

  #closeAll(fault: FlowFault): void {
    for (const { id, user } of this.#ports.flows()) {
      if (fault.active && fault.hits({ user })) this.#close(fault, { user }, id);
    }
  }

  #close(fault: FlowFault, target: FaultTarget, flowId: string): boolean {
    const { spec } = fault;
    const closed = this.#ports.closeFlow(flowId, spec.kind === 'flow-cut' ? 'cut' : { code: spec.code });
    if (closed) fault.fire(target, { flowId, ...(spec.kind === 'flow-closed' && { code: spec.code }) });
    return closed;
  }
}
