import { type EdgeLimits } from '../edge-options.ts';
import { addressKey } from '../../base/address-key.ts';
import { SpareConnections } from '../../base/spare-connections.ts';
import { type ConnectionLimit, type Flow } from './flow.ts';

/**
 * The open connections. A flow counts until its socket is gone, so that half-closed ones cannot pile up past the cap. Where no place is left,
 * a flow without a registration makes room for a newcomer; one with a registration, or in a call, never does.
 */
export class FlowTable {
  readonly #limits: Pick<EdgeLimits, 'connections' | 'connectionsPerAddress'>;
  readonly #flows = new Map<string, Flow>();
  readonly #perAddress = new Map<string, number>();
  /** The flows without a registration: when places run out, one of them makes room. */
  readonly #spares = new SpareConnections<Flow>();

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
  refuses(remoteAddress: string): ConnectionLimit | undefined {
    const source = addressKey(remoteAddress);
    const limit = this.#reached(source);
    return limit && !this.#spare(limit, source) ? limit : undefined;
  }

  /** Past a limit another flow is closed for it, which `refuses` has found to be there. */
  add(flow: Flow): void {
    const { source } = flow;
    const limit = this.#reached(source);
    const spare = limit && this.#spare(limit, source);
    if (spare) {
      this.delete(spare);
      spare.makeRoom(limit);
    }
    this.#flows.set(flow.id, flow);
    this.#perAddress.set(source, (this.#perAddress.get(source) ?? 0) + 1);
    this.#spares.add(source, flow);
  }

  delete(flow: Flow): void {
    if (!this.#flows.delete(flow.id)) return;
    const { source } = flow;
    this.#spares.delete(source, flow);
    const left = (this.#perAddress.get(source) ?? 1) - 1;
    if (left === 0) this.#perAddress.delete(source);
    else this.#perAddress.set(source, left);
  }

  /** The flow while it can still carry messages. */
  findOpen(id: string): Flow | undefined {
    const flow = this.#flows.get(id);
    return flow?.isOpen ? flow : undefined;
  }

  setRegistered(flow: Flow, registered: boolean): void {
    flow.setRegistered(registered);
    if (registered) this.#spares.delete(flow.source, flow);
    else this.#spares.add(flow.source, flow);
  }

  /** The limit of the address first: room that is made there is room among all. */
  #reached(source: string): ConnectionLimit | undefined {
    const { connections, connectionsPerAddress } = this.#limits;
    if ((this.#perAddress.get(source) ?? 0) >= connectionsPerAddress) return 'connections-per-address';
    return this.#flows.size >= connections ? 'connections' : undefined;
  }

  /** One that is in a call is looked at once: it ends by its own time when the call does. */
  #spare(limit: ConnectionLimit, source: string): Flow | undefined {
    const within = limit === 'connections' ? undefined : source;
    let flow = this.#spares.first(within);
    while (flow?.isInCall) {
      this.#spares.delete(flow.source, flow);
      flow = this.#spares.first(within);
    }
    return flow;
  }
}
