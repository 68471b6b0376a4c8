import { familyAt, portAt, SOCKADDR_WORDS } from '../../kernel/sockaddr.ts';
import { AddressTable, hostOf } from './address-table.ts';
import { EntryTable } from './entry-table.ts';
import { grownDoubles, grownInts, grownWords } from './grown.ts';
import { ON_MAIN } from './shard-words.ts';

export const NONE = -1;
/** Descriptor of a relay that another plane serves, on the main thread. */
export const ELSEWHERE = -2;
const FIRST_CAPACITY = 64;
const NO_ADDRESS = new Uint32Array(SOCKADDR_WORDS);

/**
 * What a shard knows of clients, relays, permissions and channels: all of the server's, not only its own, so that the straight path is the same to
 * each of them. Everything is a number or stands in an array of numbers.
 */
export class ShardTables {
  /** Descriptor of each listener's socket of this shard. */
  listenerFds = new Int32Array(FIRST_CAPACITY).fill(NONE);
  legListeners = new Int32Array(FIRST_CAPACITY).fill(NONE);
  /** Eight words for each leg: the client. */
  legAddresses = new Uint32Array(FIRST_CAPACITY * SOCKADDR_WORDS);
  relayFds = new Int32Array(FIRST_CAPACITY).fill(NONE);
  /** The client's side of each relay; -1 while it is only reserved. */
  relayLegs = new Int32Array(FIRST_CAPACITY).fill(NONE);
  /** Two for each leg: its relay of IPv4 and that of IPv6. */
  legRelays = new Int32Array(FIRST_CAPACITY).fill(NONE);
  /** Monotonic milliseconds. */
  relayEnds = new Float64Array(FIRST_CAPACITY);
  /** Eight words for each relay: the relayed transport address as peers see it. */
  relayAddresses = new Uint32Array(FIRST_CAPACITY * SOCKADDR_WORDS);
  readonly permissions = new EntryTable();
  readonly channels = new EntryTable();
  readonly #guardedPorts = new Uint8Array(0x1_0000);
  readonly #clients: AddressTable;
  readonly #ownRelays: AddressTable;
  readonly #permissionsByPeer: AddressTable;
  readonly #channelsByPeer: AddressTable;
  readonly #channelsByNumber: AddressTable;

  constructor(seed: number) {
    this.#clients = new AddressTable(seed);
    this.#ownRelays = new AddressTable(seed);
    this.#permissionsByPeer = new AddressTable(seed);
    this.#channelsByPeer = new AddressTable(seed);
    this.#channelsByNumber = new AddressTable(seed);
  }

  /** The leg of a client of a listener, or -1. */
  legOf(listener: number, words: Uint32Array, at: number): number {
    return this.#clients.find(listener, words[at] ?? 0, words, at);
  }

  /** The relay at a transport address as peers see it, or -1. */
  relayAt(words: Uint32Array, at: number): number {
    return this.#ownRelays.find(0, words[at] ?? 0, words, at);
  }

  permissionOf(relay: number, words: Uint32Array, at: number): number {
    return this.#permissionsByPeer.find(relay, hostOf(words[at] ?? 0), words, at);
  }

  channelOf(relay: number, words: Uint32Array, at: number): number {
    return this.#channelsByPeer.find(relay, words[at] ?? 0, words, at);
  }

  channelOfNumber(leg: number, number: number): number {
    return this.#channelsByNumber.find(leg, number, NO_ADDRESS, 0);
  }

  /** The relay of a leg that reaches the family of an address, or -1. */
  relayTo(leg: number, words: Uint32Array, at: number): number {
    return this.legRelays[relayPlace(leg, words, at)] ?? NONE;
  }

  /** Whether data to and from a transport address passes under its permission without a word of the engine. */
  isOpen(permission: number, words: Uint32Array, at: number): boolean {
    const port = portAt(words, at);
    return this.permissions.numbers[permission] === 1 && port !== 0 && this.#guardedPorts[port] === 0;
  }

  setGuardedPorts(ports: Uint16Array): void {
    this.#guardedPorts.fill(0);
    for (const port of ports) this.#guardedPorts[port] = 1;
  }

  setListener(listener: number, fd: number): void {
    this.listenerFds = grownInts(this.listenerFds, listener + 1, NONE);
    this.listenerFds[listener] = fd;
  }

  /** Makes a leg, or moves it to another place of its client. */
  setLeg(leg: number, listener: number, words: Uint32Array, at: number): void {
    this.legListeners = grownInts(this.legListeners, leg + 1, NONE);
    this.legAddresses = grownWords(this.legAddresses, (leg + 1) * SOCKADDR_WORDS);
    this.endLeg(leg);
    this.legListeners[leg] = listener;
    for (let i = 0; i < SOCKADDR_WORDS; i++) this.legAddresses[leg * SOCKADDR_WORDS + i] = words[at + i] ?? 0;
    if (listener !== ON_MAIN) this.#clients.set(listener, words[at] ?? 0, words, at, leg);
  }

  endLeg(leg: number): void {
    const listener = this.legListeners[leg] ?? NONE;
    if (listener === NONE) return;
    const at = leg * SOCKADDR_WORDS;
    if (listener !== ON_MAIN) this.#clients.delete(listener, this.legAddresses[at] ?? 0, this.legAddresses, at);
    this.legListeners[leg] = NONE;
  }

  openRelay(relay: number, fd: number, words: Uint32Array, at: number): void {
    this.relayFds = grownInts(this.relayFds, relay + 1, NONE);
    this.relayLegs = grownInts(this.relayLegs, relay + 1, NONE);
    this.relayEnds = grownDoubles(this.relayEnds, relay + 1);
    this.relayAddresses = grownWords(this.relayAddresses, (relay + 1) * SOCKADDR_WORDS);
    this.relayFds[relay] = fd;
    this.relayLegs[relay] = NONE;
    this.relayEnds[relay] = 0;
    for (let i = 0; i < SOCKADDR_WORDS; i++) this.relayAddresses[relay * SOCKADDR_WORDS + i] = words[at + i] ?? 0;
    this.#ownRelays.set(0, words[at] ?? 0, words, at, relay);
  }

  claimRelay(relay: number, leg: number, endMs: number): void {
    this.relayLegs[relay] = leg;
    this.relayEnds[relay] = endMs;
    this.legRelays = grownInts(this.legRelays, (leg + 1) * 2, NONE);
    this.legRelays[relayPlace(leg, this.relayAddresses, relay * SOCKADDR_WORDS)] = relay;
  }

  closeRelay(relay: number): void {
    for (let id = this.channels.firstOf(relay); id !== NONE; id = this.channels.firstOf(relay)) this.#removeChannel(id);
    for (let id = this.permissions.firstOf(relay); id !== NONE; id = this.permissions.firstOf(relay)) {
      this.#removePermission(id);
    }
    const at = relay * SOCKADDR_WORDS;
    this.#ownRelays.delete(0, this.relayAddresses[at] ?? 0, this.relayAddresses, at);
    const leg = this.relayLegs[relay] ?? NONE;
    const place = relayPlace(leg, this.relayAddresses, at);
    if (leg !== NONE && this.legRelays[place] === relay) this.legRelays[place] = NONE;
    this.relayFds[relay] = NONE;
    this.relayLegs[relay] = NONE;
  }

  /** `endMs` of 0 removes it. */
  setPermission(relay: number, endMs: number, isOpen: boolean, words: Uint32Array, at: number): void {
    const id = this.permissionOf(relay, words, at);
    if (endMs === 0) {
      if (id !== NONE) this.#removePermission(id);
      return;
    }
    const number = isOpen ? 1 : 0;
    if (id === NONE) {
      const added = this.permissions.add(relay, number, endMs, words, at);
      this.#permissionsByPeer.set(relay, hostOf(words[at] ?? 0), words, at, added);
      return;
    }
    this.permissions.numbers[id] = number;
    this.permissions.ends[id] = endMs;
  }

  /** `endMs` of 0 removes it. */
  setChannel(relay: number, number: number, endMs: number, words: Uint32Array, at: number): void {
    const leg = this.relayLegs[relay] ?? NONE;
    if (leg === NONE) return;
    const ofNumber = this.channelOfNumber(leg, number);
    if (endMs === 0) {
      if (ofNumber !== NONE && this.channels.relays[ofNumber] === relay) this.#removeChannel(ofNumber);
      return;
    }
    const ofPeer = this.channelOf(relay, words, at);
    if (ofNumber !== NONE && ofNumber === ofPeer) {
      this.channels.ends[ofNumber] = endMs;
      return;
    }
    if (ofNumber !== NONE) this.#removeChannel(ofNumber);
    if (ofPeer !== NONE) this.#removeChannel(ofPeer);
    const added = this.channels.add(relay, number, endMs, words, at);
    this.#channelsByPeer.set(relay, words[at] ?? 0, words, at, added);
    this.#channelsByNumber.set(leg, number, NO_ADDRESS, 0, added);
  }

  #removePermission(id: number): void {
    const { addresses, relays } = this.permissions;
    const at = id * SOCKADDR_WORDS;
    this.#permissionsByPeer.delete(relays[id] ?? 0, hostOf(addresses[at] ?? 0), addresses, at);
    this.permissions.remove(id);
  }

  #removeChannel(id: number): void {
    const { addresses, relays, numbers } = this.channels;
    const at = id * SOCKADDR_WORDS;
    const relay = relays[id] ?? 0;
    this.#channelsByPeer.delete(relay, addresses[at] ?? 0, addresses, at);
    this.#channelsByNumber.delete(this.relayLegs[relay] ?? 0, numbers[id] ?? 0, NO_ADDRESS, 0);
    this.channels.remove(id);
  }
}

function relayPlace(leg: number, words: Uint32Array, at: number): number {
  return leg * 2 + (familyAt(words, at) === 6 ? 1 : 0);
}
