import { type AddressFamily } from '../../../base/ip.ts';
import { fail, ok } from '../../../base/result.ts';
import { transportAddress, type TransportAddress } from '../../../base/transport-address.ts';
import { type RelayBandwidth } from '../../contract/bandwidth.ts';
import { type ClientPath } from '../../contract/client-path.ts';
import { COUNTERS_PER_RELAY } from '../../contract/counters.ts';
import { type ChannelEntry, type SendOptions } from '../../contract/data-plane.ts';
import { type RelayHandle, type RelayOpening } from '../../contract/relay-handle.ts';
import { FreedPorts } from '../../kernel/freed-ports.ts';
import { type SendTally } from '../../kernel/send-queue.ts';
import { SOCKADDR_WORDS, writeSockaddr } from '../../kernel/sockaddr.ts';
import { UdpSockets } from '../../kernel/udp-sockets.ts';
import { Drop, type DropIndex } from '../shared/drop-counters.ts';
import { type RelayAddress } from '../shared/relay-address.ts';
import { MAX_UDP_PAYLOAD } from '../shared/udp-payload.ts';
import { type BatchListener, type ListenerHost } from './batch-listener.ts';
import { type BatchPlaneOptions, type BatchPlanePorts } from './batch-plane-options.ts';
import { BatchRelay } from './batch-relay.ts';
import { bucketCount, BucketNames } from './bucket-names.ts';
import { ForeignRelays } from './foreign-relays.ts';
import { Legs } from './legs.ts';
import { Listeners, type BatchListenOptions } from './listeners.ts';
import { Numbers } from './numbers.ts';
import { Outgoing } from './outgoing.ts';
import { RelayBuckets } from './relay-buckets.ts';
import { readShardEvent } from './shard-events.ts';
import { bucketsMemory, SharedBuckets } from './shared-buckets.ts';
import { Shards } from './shards.ts';
import { Command } from './shard-words.ts';

/** Owner of what goes to a client, in place of a relay. */
const NO_RELAY = -1;

/**
 * The data plane of UDP clients on Linux whose packets are moved by shards: threads with system calls that take many datagrams. The engine stays on
 * the main thread, and there is one. What it decides is told to each shard as plain data before the client hears of it; what shards cannot
 * decide they tell the main thread. Sockets are opened and closed here at once: each thread of the process may use a descriptor.
 */
export class BatchDataPlane implements ListenerHost, SendTally {
  readonly foreign: ForeignRelays;
  readonly #options: BatchPlaneOptions;
  readonly #ports: BatchPlanePorts;
  readonly #sockets: UdpSockets;
  readonly #freedPorts: FreedPorts;
  readonly #shards: Shards;
  readonly #listeners: Listeners;
  readonly #legs: Legs;
  readonly #outgoing: Outgoing;
  readonly #numbers: Numbers;
  readonly #bucketNumbers: Numbers;
  readonly #bucketNames: BucketNames;
  readonly #buckets: RelayBuckets;
  readonly #relays: (BatchRelay | undefined)[] = [];
  readonly #ownRelays = new Map<string, BatchRelay>();
  readonly #words = new Uint32Array(SOCKADDR_WORDS);

  /** Throws, with nothing left open, where the system grants too few descriptors. */
  constructor(options: BatchPlaneOptions, ports: BatchPlanePorts) {
    const { calls, abilities, nowMs } = ports;
    const { relaySlots, seed } = options;
    this.#options = options;
    this.#ports = ports;
    this.#sockets = new UdpSockets(calls);
    const buckets = bucketsMemory(bucketCount(relaySlots));
    const clockOffsetMs = nowMs() - calls.monotonicMs();
    const shard = { relaySlots, seed, buckets, clockOffsetMs, joins: abilities.joins };
    this.#shards = new Shards(options.shards, shard, {
      calls,
      onFailed: ports.onFailed,
      onEvent: (event) => {
        readShardEvent(event, this.#shards.own, { ...parts, ports });
      },
      onEventsRead: () => {
        this.#outgoing.flush();
      },
    });
    const { threads } = this.#shards;
    this.#outgoing = new Outgoing(calls, this, abilities.joins);
    this.#freedPorts = new FreedPorts(calls, this.#shards.at(0).poll.fd);
    this.#listeners = new Listeners(this.#shards, this.#sockets, this.#freedPorts, this);
    this.#legs = new Legs(this.#shards, this.#listeners);
    this.#numbers = new Numbers(threads, relaySlots);
    this.#bucketNumbers = new Numbers(threads, bucketCount(relaySlots));
    const shared = new SharedBuckets(buckets);
    this.#bucketNames = new BucketNames(shared, this.#bucketNumbers);
    this.#buckets = new RelayBuckets(shared);
    this.foreign = new ForeignRelays(this.#shards, this.#numbers);
    const parts = { listeners: this.#listeners, legs: this.#legs, foreign: this.foreign, relays: this.#relays };
  }

  /** Starts the threads. Resolves when all of them serve; throws when one does not, and the plane is to be stopped then. */
  async start(): Promise<void> {
    await this.#shards.start();
  }

  /** Closes what is left open and ends the threads. */
  async stop(): Promise<void> {
    for (const relay of this.#relays) if (relay) this.closeRelay(relay.handle);
    this.#outgoing.flush();
    await this.#shards.stop();
    for (const numbers of [this.#numbers, this.#bucketNumbers, this.#legs]) numbers.close();
    this.#listeners.release();
  }

  /** Throws a system error (`code` EADDRINUSE, EADDRNOTAVAIL, EACCES, …). */
  openListener(local: TransportAddress, options: BatchListenOptions): BatchListener {
    return this.#listeners.open(local, options);
  }

  closeListener(listener: BatchListener): void {
    this.#outgoing.flush();
    this.#listeners.close(listener);
    this.#ports.giveUp(listener);
  }

  openRelay(client: ClientPath, family: AddressFamily, port: number, expiresAtMs: number): RelayOpening {
    const opened = this.#bind(family, port);
    if (opened.ok) this.claimRelay(opened.value, client, expiresAtMs);
    return opened;
  }

  reserveRelay(family: AddressFamily, port: number): RelayOpening {
    return this.#bind(family, port);
  }

  claimRelay(handle: RelayHandle, client: ClientPath, expiresAtMs: number): void {
    const relay = this.#relayOf(handle);
    if (!relay) return;
    relay.leg = this.#legs.join(client);
    this.#shards.tellAll(Command.ClaimRelay, relay.number, relay.leg.number, expiresAtMs);
  }

  moveClient(handle: RelayHandle, client: ClientPath, frame?: Uint8Array): void {
    const leg = this.#relayOf(handle)?.leg;
    if (!leg) return;
    this.#legs.move(leg, client);
    if (frame) this.#shards.at(0).tellNow(Command.Frame, leg.number, undefined, frame);
  }

  setRelayExpiry(handle: RelayHandle, expiresAtMs: number): void {
    this.#shards.tellAll(Command.RelayEnd, BatchRelay.numberOf(handle), 0, expiresAtMs);
  }

  closeRelay(handle: RelayHandle): void {
    const relay = this.#relayOf(handle);
    if (!relay) return;
    const { number, fd, leg, bandwidth } = relay;
    this.#noteKernelDrops(relay);
    this.#outgoing.flush();
    this.#freedPorts.free(fd);
    this.#relays[number] = undefined;
    this.#ownRelays.delete(keyOf(relay.relayed));
    this.#shards.tellAll(Command.CloseRelay, number);
    this.#buckets.clear(number);
    if (bandwidth) this.#bucketNames.close(bandwidth, this.#ports.nowMs());
    if (leg) this.#legs.leave(leg);
    this.#numbers.retire(number, () => {
      this.#sockets.release(fd);
      this.#shards.clear(number);
    });
    this.#ports.sink.onRelayClosed(relay.handle);
  }

  setPermission(handle: RelayHandle, peerAddress: string, expiresAtMs: number, isOpen = false): void {
    const peer = transportAddress(peerAddress, 0);
    if (!peer) return;
    writeSockaddr(this.#words, 0, peer);
    this.#shards.tellAll(Command.Permission, BatchRelay.numberOf(handle), isOpen ? 1 : 0, expiresAtMs, this.#words);
  }

  removePermission(handle: RelayHandle, peerAddress: string): void {
    this.setPermission(handle, peerAddress, 0);
  }

  setGuardedPorts(ports: readonly number[]): void {
    this.#shards.tellAll(Command.GuardedPorts, 0, 0, 0, undefined, new Uint8Array(Uint16Array.from(ports).buffer));
  }

  setChannel(handle: RelayHandle, { channel, peer, expiresAtMs }: ChannelEntry): void {
    writeSockaddr(this.#words, 0, peer);
    this.#shards.tellAll(Command.Channel, BatchRelay.numberOf(handle), channel, expiresAtMs, this.#words);
  }

  removeChannel(handle: RelayHandle, channel: number): void {
    this.#shards.tellAll(Command.Channel, BatchRelay.numberOf(handle), channel);
  }

  setBandwidth(handle: RelayHandle, bandwidth: RelayBandwidth): void {
    const relay = this.#relayOf(handle);
    if (!relay) return;
    relay.bandwidth = bandwidth;
    const buckets = this.#bucketNames.open(bandwidth);
    this.#buckets.set(relay.number, buckets);
    this.#shards.tellAll(Command.Bandwidth, relay.number, 0, 0, undefined, new Uint8Array(buckets.buffer));
  }

  sendToPeer(handle: RelayHandle, peer: TransportAddress, data: Uint8Array, { dontFragment }: SendOptions): void {
    const relay = this.#relayOf(handle);
    if (!relay?.leg) return;
    const tooMuch = this.#buckets.exceededBy(relay.number, 'to-peer', data.length, this.#ports.nowMs());
    if (tooMuch !== undefined) this.#drop(relay, tooMuch);
    else if (this.#toOwnRelay(relay, peer, data)) return;
    else if (peer.port === 0) this.#drop(relay, Drop.BadPeerAddress);
    else if (data.length > MAX_UDP_PAYLOAD[peer.family]) this.#drop(relay, Drop.TooLarge);
    else {
      writeSockaddr(this.#words, 0, peer);
      // The bit is the socket's: what a shard sends from it in that very instant has it too.
      if (dontFragment) this.#outgoing.flush();
      if (dontFragment) this.#sockets.setDontFragment(relay.fd, peer.family, true);
      this.#outgoing.add(relay.fd, relay.number, data, this.#words, 0);
      if (dontFragment) this.#outgoing.flush();
      if (dontFragment) this.#sockets.setDontFragment(relay.fd, peer.family, false);
    }
  }

  /** ChannelData of a client that has a connection on the main thread, for a relay of this plane. False when it has none. */
  forward(client: ClientPath, frame: Uint8Array): boolean {
    const leg = this.#legs.of(client);
    if (leg?.isOnMain !== true) return false;
    const isSaid = this.#shards.at(0).tellNow(Command.Frame, leg.number, undefined, frame);
    if (!isSaid) this.#shards.own.drop(Drop.SendQueueFull);
    return true;
  }

  /** Data of a relay, of another plane perhaps, for the one at `to`. False when none is there. */
  deliver(from: TransportAddress, to: TransportAddress, data: Uint8Array): boolean {
    const relay = this.#ownRelays.get(keyOf(to));
    if (!relay) return false;
    writeSockaddr(this.#words, 0, from);
    if (!this.#shards.at(relay.shard).tellNow(Command.Deliver, relay.number, this.#words, data)) {
      this.#drop(relay, Drop.SendQueueFull);
    }
    return true;
  }

  readCounters(relays: readonly RelayHandle[]): Float64Array {
    const into = new Float64Array(relays.length * COUNTERS_PER_RELAY);
    relays.forEach((handle, i) => {
      this.#shards.read(BatchRelay.numberOf(handle), into, i * COUNTERS_PER_RELAY);
    });
    return into;
  }

  /** Counts what the shards and the kernel have dropped since it was last asked. */
  noteDrops(): void {
    for (const relay of this.#relays) if (relay) this.#noteKernelDrops(relay);
    this.#shards.addDrops(this.#ports.drops);
  }

  takeUp(listener: BatchListener): number {
    return this.#ports.takeUp(listener);
  }

  sendFromListener(listener: number, address: Uint32Array, data: Uint8Array): void {
    const fd = this.#listeners.fdOf(listener, 0);
    if (fd >= 0) this.#outgoing.add(fd, NO_RELAY, data, address, 0);
  }

  receive(client: ClientPath, bytes: Buffer): void {
    this.#ports.sink.onClientMessage(client, bytes);
  }

  sent(owner: number, datagrams: number, bytes: number): void {
    if (owner !== NO_RELAY) this.#shards.own.toPeer(owner, datagrams, bytes);
  }

  notSent(owner: number, datagrams: number, bytes: number): void {
    this.sent(owner, -datagrams, -bytes);
    if (owner === NO_RELAY) this.#shards.own.drop(Drop.SendQueueFull, datagrams);
    else this.#shards.own.dropped(owner, Drop.SendQueueFull, datagrams);
  }

  failed(owner: number): void {
    const relay = this.#relays[owner];
    if (!relay) return;
    for (let error = this.#sockets.readError(relay.fd); error; error = this.#sockets.readError(relay.fd)) {
      if (error === 'other') continue;
      const told = error;
      // Told afterwards: the engine is sending just now, perhaps.
      setImmediate(() => {
        if (this.#relays[owner] === relay) this.#ports.sink.onPeerError(relay.handle, told);
      });
    }
  }

  #toOwnRelay(from: BatchRelay, to: TransportAddress, data: Uint8Array): boolean {
    const isOwn = this.deliver(from.relayed, to, data) || this.foreign.deliver(from.relayed, to, data);
    if (isOwn) this.#shards.own.toPeer(from.number, 1, data.length);
    return isOwn;
  }

  /** Binds the port on the first address of the family that has it free; the search for both ports of an EVEN-PORT pair begins at the same address. */
  #bind(family: AddressFamily, port: number): RelayOpening {
    const addresses = this.#options.addresses.filter((own) => own.family === family);
    let opened: RelayOpening = { ...fail('unavailable'), detail: `no relay address of family IPv${family}` };
    for (let i = 0; i < addresses.length && !opened.ok; i++) {
      const own = addresses[((port >> 1) + i) % addresses.length];
      if (own) opened = this.#open(own, port);
    }
    return opened;
  }

  #open({ family, address, advertised }: RelayAddress, port: number): RelayOpening {
    const bufferBytes = this.#options.relayBufferBytes;
    let fd: number;
    try {
      fd = this.#sockets.open({ local: { family, address, port }, bufferBytes, keepsErrors: true, joinsTrains: true });
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      return { ok: false, reason: code === 'EADDRINUSE' ? 'in-use' : 'unavailable', detail: message };
    }
    const number = this.#numbers.take();
    if (number === undefined) {
      this.#sockets.release(fd);
      return { ok: false, reason: 'unavailable', detail: 'no number for another relay' };
    }
    const relayed = { family, address: advertised, port: port === 0 ? this.#sockets.portOf(fd) : port };
    const shard = number % this.#shards.threads.length;
    try {
      // What comes before the shard knows of the relay waits.
      this.#shards.at(shard).poll.add(fd, number);
    } catch (error) {
      this.#sockets.release(fd);
      this.#numbers.retire(number, () => undefined);
      return { ok: false, reason: 'unavailable', detail: String(error) };
    }
    const relay = new BatchRelay(number, relayed, fd, shard);
    this.#relays[number] = relay;
    this.#ownRelays.set(keyOf(relayed), relay);
    writeSockaddr(this.#words, 0, relayed);
    this.#shards.tellAll(Command.OpenRelay, number, fd, 0, this.#words);
    return ok(relay.handle);
  }

  #relayOf(handle: RelayHandle): BatchRelay | undefined {
    return this.#relays[BatchRelay.numberOf(handle)];
  }

  #noteKernelDrops(relay: BatchRelay): void {
    const drops = this.#sockets.drops(relay.fd);
    const more = drops - relay.kernelDrops;
    if (more <= 0) return;
    relay.kernelDrops = drops;
    this.#shards.own.dropped(relay.number, Drop.KernelBufferFull, more);
  }

  #drop(relay: BatchRelay, reason: DropIndex): void {
    this.#shards.own.dropped(relay.number, reason);
  }
}

function keyOf({ address, port }: TransportAddress): string {
  return `${address} ${port}`;
}
