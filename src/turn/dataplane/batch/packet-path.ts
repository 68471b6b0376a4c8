import { ReceiveBatch } from '../../kernel/receive-batch.ts';
import { SendQueue, type SendTally } from '../../kernel/send-queue.ts';
import { portAt, SOCKADDR_WORDS } from '../../kernel/sockaddr.ts';
import { type SystemCalls } from '../../kernel/system-calls.ts';
import {
  CHANNEL_DATA_HEADER_BYTES,
  channelDataLength,
  channelDataNumber,
  isChannelData,
  isStun,
} from '../../../stun/channel-data.ts';
import { DATA_HEADROOM_BYTES, DATA_TAILROOM_BYTES } from '../../../stun/indications-in-place.ts';
import { type RelayDirection } from '../../contract/bandwidth.ts';
import { Drop } from '../shared/drop-counters.ts';
import { type MailboxReader } from './mailbox.ts';
import { type PathPorts } from './path-ports.ts';
import { NO_CHANNEL, PeerChains } from './peer-chains.ts';
import { SendRoutes } from './send-routes.ts';
import { type ShardCounters } from './shard-counters.ts';
import { ELSEWHERE, NONE, type ShardTables } from './shard-tables.ts';
import { type RelayBuckets } from './relay-buckets.ts';
import { TO_CLIENT, ToClients } from './to-clients.ts';
import { ShardEvent } from './shard-words.ts';

/** Datagrams of clients taken by one system call. */
const CLIENT_PLACES = 64;
/** Place of what the main thread sends here: nothing is received into it. */
const MAIL_PLACE = CLIENT_PLACES;
/** Datagrams of peers that may lie here before they are sent. */
const PEER_PLACES = 128;
/** Datagrams taken of a relay in a round in which it had several the last time, and else. */
const MANY = 16;
const FEW = 2;
/** Room before a datagram for the header under which it goes to a client. */
const HEADROOM_BYTES = 64;

/** What the path works on. */
export interface PathParts {
  readonly calls: SystemCalls;
  readonly tables: ShardTables;
  readonly counters: ShardCounters;
  readonly buckets: RelayBuckets;
  /** Whether datagrams may leave joined. */
  readonly joins: boolean;
}

/**
 * The way of a packet through a shard. Data leaves from where it was received: towards the peer without its header, towards the client
 * with one written into the room before it. Nothing is allocated for a packet, and the clock is read once for a round.
 */
export class PacketPath implements SendTally {
  /** Monotonic milliseconds, of the round. */
  nowMs = 0;
  readonly #tables: ShardTables;
  readonly #counters: ShardCounters;
  readonly #buckets: RelayBuckets;
  readonly #ports: PathPorts;
  readonly #clients: ReceiveBatch;
  readonly #peers: ReceiveBatch;
  readonly #toPeers: SendQueue;
  readonly #toClients: ToClients;
  readonly #chains = new PeerChains();
  readonly #sends: SendRoutes;
  /** The datagram of a client that is served came in a train: what is before and behind it is not sent yet. */
  #isInTrain = false;
  #peerPlace = 0;
  /** Trains of peers, moved apart: they come without room between them. */
  readonly #spread: ReceiveBatch['memory'];
  #spreadAt = 0;
  #bursts = new Uint8Array(1024);

  constructor({ calls, tables, counters, buckets, joins }: PathParts, ports: PathPorts) {
    this.#tables = tables;
    this.#counters = counters;
    this.#buckets = buckets;
    this.#ports = ports;
    this.#clients = new ReceiveBatch(calls, CLIENT_PLACES + 1, HEADROOM_BYTES);
    this.#peers = new ReceiveBatch(calls, PEER_PLACES, HEADROOM_BYTES);
    this.#spread = calls.memory(SPREAD_BYTES);
    this.#sends = new SendRoutes(tables);
    this.#toPeers = new SendQueue(calls, this, joins);
    this.#toClients = new ToClients(tables, counters, ports, new SendQueue(calls, this, joins));
  }

  /** Serves what waits at a listener, `most` datagrams or a few more. How many that were. */
  serveListener(listener: number, most: number): number {
    const fd = this.#tables.listenerFds[listener] ?? NONE;
    if (fd < 0) return 0;
    let served = 0;
    while (served < most) {
      const came = this.#clients.receive(fd, 0, CLIENT_PLACES);
      if (came <= 0) break;
      for (let place = 0; place < came; place++) this.#fromClient(listener, place);
      this.#sendChains();
      this.#toClients.flush();
      served += came;
      if (came < CLIENT_PLACES) break;
    }
    return served;
  }

  /** Serves what waits at a relay, a part of it when it has much. It leaves with `flush`. How many datagrams that were. */
  serveRelay(relay: number): number {
    const fd = this.#tables.relayFds[relay] ?? NONE;
    if (fd < 0) return 0;
    const wanted = this.#bursts[relay] === 1 ? MANY : FEW;
    if (this.#peerPlace + wanted > PEER_PLACES) this.flush();
    const first = this.#peerPlace;
    const came = this.#peers.receive(fd, first, wanted);
    if (came <= 0) {
      this.#ports.failed(relay);
      return 0;
    }
    if (relay >= this.#bursts.length) this.#growBursts(relay);
    this.#bursts[relay] = came === wanted ? 1 : 0;
    this.#peerPlace += came;
    for (let place = first; place < first + came; place++) this.#fromPeer(relay, place);
    return came;
  }

  flush(): void {
    this.#toClients.flush();
    this.#peerPlace = 0;
    this.#spreadAt = 0;
  }

  /** Data of a relay that another plane serves, for one of this plane: what `mail` holds. */
  deliver(mail: MailboxReader): void {
    const dataAt = this.#clients.dataAt(MAIL_PLACE);
    mail.copyInto(this.#clients.memory.bytes, dataAt);
    this.#toClient(mail.first, mail.words, mail.addressAt, this.#clients.memory, dataAt, mail.length);
    this.#toClients.flush();
  }

  /** ChannelData of a leg: what `mail` holds. */
  frame(mail: MailboxReader): void {
    const { memory } = this.#clients;
    const start = this.#clients.dataAt(MAIL_PLACE);
    mail.copyInto(memory.bytes, start);
    const channel = this.#tables.channelOfNumber(mail.first, channelDataNumber(memory.bytes, start));
    if (channel === NONE) return;
    this.#onChannel(channel, start, mail.length);
    this.#sendChains();
    this.#toClients.flush();
  }

  sent(owner: number, datagrams: number, bytes: number): void {
    if ((owner & 1) === TO_CLIENT) this.#counters.toClient(owner >> 1, datagrams, bytes);
    else this.#counters.toPeer(owner >> 1, datagrams, bytes);
  }

  notSent(owner: number, datagrams: number, bytes: number): void {
    this.sent(owner, -datagrams, -bytes);
    this.#counters.dropped(owner >> 1, Drop.SendQueueFull, datagrams);
  }

  failed(owner: number): void {
    if ((owner & 1) !== TO_CLIENT) this.#ports.failed(owner >> 1);
  }

  /** Applies what was decided since the round began; false when that is nothing. What is under way leaves as it was decided before. */
  #catchUp(): boolean {
    if (!this.#ports.hasNews()) return false;
    this.#sendChains();
    this.#ports.catchUp();
    return true;
  }

  #fromClient(listener: number, place: number): void {
    const batch = this.#clients;
    const length = batch.lengthOf(place);
    const nameAt = batch.nameWordAt(place);
    const start = batch.dataAt(place);
    const segment = batch.segmentBytesOf(place);
    if (segment === 0 || segment >= length) this.#clientDatagram(listener, nameAt, start, length);
    else {
      this.#isInTrain = true;
      for (let done = 0; done < length; done += segment) {
        this.#clientDatagram(listener, nameAt, start + done, Math.min(segment, length - done));
      }
      this.#isInTrain = false;
    }
  }

  #clientDatagram(listener: number, nameAt: number, start: number, length: number): void {
    const { bytes, uint32 } = this.#clients.memory;
    const firstByte = length > 0 ? (bytes[start] ?? 0xff) : 0xff;
    if (isChannelData(firstByte)) {
      if (length >= CHANNEL_DATA_HEADER_BYTES) {
        const number = channelDataNumber(bytes, start);
        let channel = this.#channelOf(listener, nameAt, number);
        // Bound in this very moment, perhaps.
        if (channel === NONE && this.#catchUp()) channel = this.#channelOf(listener, nameAt, number);
        if (channel !== NONE) {
          this.#onChannel(channel, start, length);
          return;
        }
      }
    } else if (!isStun(firstByte)) {
      this.#counters.drop(Drop.UnknownFirstByte);
      return;
    } else if (this.#sends.find(listener, this.#clients.memory, nameAt, start, length, this.nowMs)) {
      const { relay, peer, dataAt, dataBytes, keepsWhole } = this.#sends;
      // The bit is the socket's: what came before leaves without it, and in its place.
      if (keepsWhole) this.#keepWhole(relay, true);
      this.#toPeer(relay, NO_CHANNEL, peer, 0, dataAt, dataBytes);
      if (keepsWhole) this.#keepWhole(relay, false);
      return;
    }
    if (portAt(uint32, nameAt) === 0) this.#counters.drop(Drop.BadPeerAddress);
    else this.#ports.tell(ShardEvent.ClientMessage, listener, 0, 0, uint32, nameAt, bytes, start, length);
  }

  #channelOf(listener: number, nameAt: number, number: number): number {
    const leg = this.#tables.legOf(listener, this.#clients.memory.uint32, nameAt);
    return leg === NONE ? NONE : this.#tables.channelOfNumber(leg, number);
  }

  #onChannel(channel: number, start: number, length: number): void {
    const tables = this.#tables;
    const { channels } = tables;
    const relay = channels.relays[channel] ?? 0;
    const payload = channelDataLength(this.#clients.memory.bytes, start, length);
    const peerAt = channel * SOCKADDR_WORDS;
    // RFC 8656 §12.6: a bound channel relays, permission or none; that is for what peers send (§9).
    if (payload < 0) this.#counters.dropped(relay, Drop.Malformed);
    else if (this.nowMs >= (channels.ends[channel] ?? 0) || this.nowMs >= (tables.relayEnds[relay] ?? 0)) {
      this.#counters.dropped(relay, Drop.Expired);
    } else this.#toPeer(relay, channel, channels.addresses, peerAt, start + CHANNEL_DATA_HEADER_BYTES, payload);
  }

  /** Whether what a relay sends from here on has the DF bit. */
  #keepWhole(relay: number, isSet: boolean): void {
    this.#sendChains();
    this.#ports.setDontFragment(this.#tables.relayFds[relay] ?? NONE, isSet);
  }

  /** Data of a client for the peer at `words[at]`, which nothing but a limit keeps back any more. */
  #toPeer(relay: number, channel: number, words: Uint32Array, at: number, dataAt: number, length: number): void {
    if (this.#isTooMuch(relay, 'to-peer', length)) return;
    const tables = this.#tables;
    const other = tables.relayAt(words, at);
    if (other !== NONE) {
      this.#counters.toPeer(relay, 1, length);
      this.#toClient(other, tables.relayAddresses, relay * SOCKADDR_WORDS, this.#clients.memory, dataAt, length);
    } else if (portAt(words, at) === 0) this.#counters.dropped(relay, Drop.BadPeerAddress);
    else {
      if (this.#chains.isFull) this.#sendChains();
      this.#chains.add(relay, channel, words, at, dataAt, length);
    }
  }

  /** What one relay sends leaves together, from its socket. */
  #sendChains(): void {
    const { relayFds, channels } = this.#tables;
    const chains = this.#chains;
    const { address } = this.#clients.memory;
    for (let i = 0; i < chains.relayCount; i++) {
      const relay = chains.relayAt(i);
      const fd = relayFds[relay] ?? NONE;
      for (let entry = chains.firstOf(relay); entry !== NONE && fd >= 0; entry = chains.nextOf(entry)) {
        const channel = chains.channels[entry] ?? 0;
        const dataAt = chains.offsets[entry] ?? 0;
        const length = chains.lengths[entry] ?? 0;
        const addresses = channel <= NO_CHANNEL ? chains.addresses : channels.addresses;
        const at = (channel <= NO_CHANNEL ? entry : channel) * SOCKADDR_WORDS;
        this.#toPeers.add(fd, relay << 1, channel, address + dataAt, length, 0, addresses, at);
      }
      this.#toPeers.flush();
    }
    chains.clear();
  }

  #fromPeer(relay: number, place: number): void {
    const batch = this.#peers;
    const length = batch.lengthOf(place);
    const nameAt = batch.nameWordAt(place);
    const start = batch.dataAt(place);
    const segment = batch.segmentBytesOf(place);
    const { memory } = batch;
    if (segment === 0 || segment >= length) this.#toClient(relay, memory.uint32, nameAt, memory, start, length);
    else this.#trainFromPeer(relay, nameAt, start, length, segment);
  }

  /** Datagrams without room between them are moved apart, which costs a copy. */
  #trainFromPeer(relay: number, nameAt: number, start: number, length: number, segment: number): void {
    const { bytes, uint32 } = this.#peers.memory;
    for (let done = 0; done < length; done += segment) {
      const size = Math.min(segment, length - done);
      if (this.#spreadAt + size + DATA_HEADROOM_BYTES + DATA_TAILROOM_BYTES > SPREAD_BYTES) {
        this.#toClients.flush();
        this.#spreadAt = 0;
      }
      const at = this.#spreadAt + DATA_HEADROOM_BYTES;
      bytes.copy(this.#spread.bytes, at, start + done, start + done + size);
      this.#spreadAt = at + size + DATA_TAILROOM_BYTES;
      this.#toClient(relay, uint32, nameAt, this.#spread, at, size);
    }
  }

  /** Data of a peer, at `words[at]`, for the client of a relay. There is room for a header before it. */
  #toClient(
    relay: number,
    words: Uint32Array,
    at: number,
    memory: ReceiveBatch['memory'],
    dataAt: number,
    length: number,
  ): void {
    const tables = this.#tables;
    const counters = this.#counters;
    if (tables.relayFds[relay] === ELSEWHERE) {
      this.#ports.tell(ShardEvent.OwnRelayData, relay, 0, 0, words, at, memory.bytes, dataAt, length);
      return;
    }
    const leg = tables.relayLegs[relay] ?? NONE;
    if (leg === NONE) {
      counters.dropped(relay, Drop.ReservedRelay);
      return;
    }
    let permission = tables.permissionOf(relay, words, at);
    if (permission === NONE && this.#catchUp()) permission = tables.permissionOf(relay, words, at);
    const { nowMs } = this;
    if (permission === NONE) counters.dropped(relay, Drop.NoPermission);
    else if (nowMs >= (tables.relayEnds[relay] ?? 0) || nowMs >= (tables.permissions.ends[permission] ?? 0)) {
      counters.dropped(relay, Drop.Expired);
    } else if (!this.#isTooMuch(relay, 'to-client', length)) {
      const channel = tables.channelOf(relay, words, at);
      if (channel === NONE || nowMs >= (tables.channels.ends[channel] ?? 0)) {
        const isHere = !this.#isInTrain && tables.isOpen(permission, words, at);
        if (portAt(words, at) !== 0) this.#toClients.indicate(relay, leg, isHere, words, at, memory, dataAt, length);
      } else this.#toClients.onChannel(relay, leg, tables.channels.numbers[channel] ?? 0, memory, dataAt, length);
    }
  }

  #isTooMuch(relay: number, direction: RelayDirection, bytes: number): boolean {
    const reason = this.#buckets.exceededBy(relay, direction, bytes, this.nowMs);
    if (reason !== undefined) this.#counters.dropped(relay, reason);
    return reason !== undefined;
  }

  #growBursts(relay: number): void {
    const larger = new Uint8Array(relay * 2);
    larger.set(this.#bursts);
    this.#bursts = larger;
  }
}

/** Room for trains of a round. */
const SPREAD_BYTES = 4 * 1024 * 1024;
