import { type EdgeLimits } from '../edge-options.ts';
import { addressKey } from '../../core/address-key.ts';
import { type Flow } from './flow.ts';

/** The open connections. A flow counts until its socket is gone, so that half-closed ones cannot pile up past the cap. */
export class FlowTable {
  readonly #limits: Pick<EdgeLimits, 'connections' | 'connectionsPerAddress'>;
  readonly #flows = new Map<string, Flow>();
  readonly #perAddress = new Map<string, number>();

  constructor(limits: Pick<EdgeLimits, 'connections' | 'connectionsPerAddress'>) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#flows.size;
  }

  get all(): Iterable<Flow> {
    return this.#flows.values();
  }

  /** Why one more connection from this address is too many, or `undefined`. */
  refuses(remoteAddress: string): 'connections' | 'connections-per-address' | undefined {
    if (this.#flows.size >= this.#limits.connections) return 'connections';
    const count = this.#perAddress.get(addressKey(remoteAddress)) ?? 0;
    return count >= this.#limits.connectionsPerAddress ? 'connections-per-address' : undefined;
  }

  add(flow: Flow): void {
    this.#flows.set(flow.id, flow);
    const key = addressKey(flow.facts.remoteAddress);
    this.#perAddress.set(key, (this.#perAddress.get(key) ?? 0) + 1);
  }

  delete(flow: Flow): void {
    if (!this.#flows.delete(flow.id)) return;
    const key = addressKey(flow.facts.remoteAddress);
    const left = (this.#perAddress.get(key) ?? 1) - 1;
    if (left === 0) this.#perAddress.delete(key);
    else this.#perAddress.set(key, left);
  }

  /** The flow while it can still carry messages. */
  findOpen(id: string): Flow | undefined {
    const flow = this.#flows.get(id);
    return flow?.isOpen ? flow : undefined;
  }
}
