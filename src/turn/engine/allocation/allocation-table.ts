import { type TransportAddress } from '../../../base/transport-address.ts';
import { type AllocatedRelay, type Allocation } from './allocation.ts';
import { type Credential } from '../authentication/authenticate.ts';
import { CountMap } from './count-map.ts';
import { type ClientPath } from '../../contract/client-path.ts';
import { type RelayHandle } from '../../contract/relay-handle.ts';
import { type RelayProtocol } from '../../contract/relay-handle.ts';
import { UserAllocations } from './user-allocations.ts';

/** The live allocations under every key they are looked up by. An allocation is in all of the indexes or in none. */
export class AllocationTable {
  readonly #byClient = new Map<string, Allocation>();
  readonly #byMove = new Map<string, Allocation>();
  readonly #bySlot = new Map<number, Allocation>();
  readonly #byId = new Map<string, Allocation>();
  /** The ports that are relayed, by address. No more addresses than this server has. */
  readonly #relayedPorts: Readonly<Record<RelayProtocol, Map<string, Set<number>>>> = {
    udp: new Map(),
    tcp: new Map(),
  };
  readonly #byUser = new UserAllocations();
  readonly #relaysByPerson = new CountMap();
  readonly #relaysByAddress = new CountMap();

  get size(): number {
    return this.#byId.size;
  }

  /** How many relayed transport addresses all allocations have. */
  get relays(): number {
    return this.#bySlot.size;
  }

  get users(): number {
    return this.#byUser.size;
  }

  add(allocation: Allocation): void {
    this.#byClient.set(allocation.client.key, allocation);
    this.#byId.set(allocation.id, allocation);
    for (const { relay } of allocation.relays) {
      this.#bySlot.set(relay.slot, allocation);
      this.#portsAt(relay.relayed, allocation.protocol).add(relay.relayed.port);
      this.#count(allocation, 1);
    }
    this.#byUser.add(allocation.user, allocation);
  }

  remove(allocation: Allocation): void {
    this.abandon(allocation);
    this.cancelMove(allocation);
    this.#byId.delete(allocation.id);
    for (const one of allocation.relays) this.removeRelay(allocation, one);
    this.#byUser.delete(allocation.user, allocation);
  }

  /** Gives an allocation another credential of its user. */
  setCredential(allocation: Allocation, credential: Credential): void {
    const before = allocation.user;
    allocation.credential = credential;
    if (before === credential.user) return;
    this.#byUser.delete(before, allocation);
    this.#byUser.add(credential.user, allocation);
  }

  /** Forgets one of two relays, whose allocation goes on. */
  removeRelay(allocation: Allocation, { relay }: AllocatedRelay): void {
    this.#bySlot.delete(relay.slot);
    this.#portsAt(relay.relayed, allocation.protocol).delete(relay.relayed.port);
    this.#count(allocation, -1);
  }

  ofClient(clientKey: string): Allocation | undefined {
    return this.#byClient.get(clientKey) ?? this.movingTo(clientKey);
  }

  /** Whether any client is between two paths. */
  get someMove(): boolean {
    return this.#byMove.size > 0;
  }

  /** The allocation whose client has shown its ticket on this 5-tuple, and has not used it yet. */
  movingTo(clientKey: string): Allocation | undefined {
    return this.#byMove.size === 0 ? undefined : this.#byMove.get(clientKey);
  }

  /** Lets an allocation be found by the new 5-tuple too, which no other allocation has. */
  beginMove(allocation: Allocation, client: ClientPath): void {
    allocation.movingTo = client;
    this.#byMove.set(client.key, allocation);
  }

  cancelMove(allocation: Allocation): void {
    if (allocation.movingTo) this.#byMove.delete(allocation.movingTo.key);
    allocation.movingTo = undefined;
  }

  /** Tells the new path; the old one finds it no more. Its share of the quotas stays where it is. */
  completeMove(allocation: Allocation): ClientPath | undefined {
    const { movingTo: client } = allocation;
    if (!client) return undefined;
    this.abandon(allocation);
    this.cancelMove(allocation);
    allocation.client = client;
    allocation.abandoned = false;
    this.#byClient.set(client.key, allocation);
    return client;
  }

  /** Its 5-tuple is no more, and another client may come to have it. */
  abandon(allocation: Allocation): void {
    const { key } = allocation.client;
    if (this.#byClient.get(key) === allocation) this.#byClient.delete(key);
    allocation.abandoned = true;
  }

  ofRelay({ slot }: RelayHandle): Allocation | undefined {
    return this.#bySlot.get(slot);
  }

  ofId(id: string): Allocation | undefined {
    return this.#byId.get(id);
  }

  ofUser(user: string): readonly Allocation[] {
    return this.#byUser.of(user);
  }

  /** How many relayed transport addresses a person has, which the quota of a user bounds. */
  relaysOf(person: string): number {
    return this.#relaysByPerson.of(person);
  }

  /** How many relayed transport addresses the clients of one `sourceKey` have. */
  relaysFrom(source: string): number {
    return this.#relaysByAddress.of(source);
  }

  isRelayed({ address, port }: TransportAddress, protocol: RelayProtocol): boolean {
    return this.#relayedPorts[protocol].get(address)?.has(port) ?? false;
  }

  all(): readonly Allocation[] {
    return [...this.#byId.values()];
  }

  #portsAt({ address }: TransportAddress, protocol: RelayProtocol): Set<number> {
    const known = this.#relayedPorts[protocol].get(address);
    if (known) return known;
    const ports = new Set<number>();
    this.#relayedPorts[protocol].set(address, ports);
    return ports;
  }

  #count({ person, source }: Allocation, change: number): void {
    this.#relaysByPerson.add(person, change);
    this.#relaysByAddress.add(source, change);
  }
}
