import { type NativeMemory } from '../../kernel/native-memory.ts';
import { type SendQueue } from '../../kernel/send-queue.ts';
import { familyAt, SOCKADDR_WORDS } from '../../kernel/sockaddr.ts';
import { CHANNEL_DATA_HEADER_BYTES, writeChannelDataHeader } from '../../../stun/channel-data.ts';
import { DATA_TAILROOM_BYTES } from '../../../stun/indications-in-place.ts';
import { Drop } from '../shared/drop-counters.ts';
import { MAX_UDP_PAYLOAD } from '../shared/udp-payload.ts';
import { DataIndications } from './data-indications.ts';
import { type PathPorts } from './path-ports.ts';
import { type ShardCounters } from './shard-counters.ts';
import { NONE, type ShardTables } from './shard-tables.ts';
import { ON_MAIN, ShardEvent } from './shard-words.ts';

/** Least bit of an owner in a `SendQueue`: the datagram goes to the client of the relay that the other bits name. */
export const TO_CLIENT = 1;

/** The last of the way to a client: data gets its header in the room before it. Data for clients of the main thread is told that. */
export class ToClients {
  readonly #tables: ShardTables;
  readonly #counters: ShardCounters;
  readonly #ports: Pick<PathPorts, 'tell'>;
  readonly #queue: SendQueue;
  readonly #indications = new DataIndications();

  constructor(tables: ShardTables, counters: ShardCounters, ports: Pick<PathPorts, 'tell'>, queue: SendQueue) {
    this.#tables = tables;
    this.#counters = counters;
    this.#ports = ports;
    this.#queue = queue;
  }

  flush(): void {
    this.#queue.flush();
  }

  /** `memory.bytes[dataAt, dataAt + length)` on channel `number`. */
  onChannel(relay: number, leg: number, number: number, memory: NativeMemory, dataAt: number, length: number): void {
    const { legListeners, legAddresses } = this.#tables;
    if (legListeners[leg] === ON_MAIN) {
      const at = leg * SOCKADDR_WORDS;
      this.#ports.tell(ShardEvent.LegData, relay, number, leg, legAddresses, at, memory.bytes, dataAt, length);
      return;
    }
    const frameAt = dataAt - CHANNEL_DATA_HEADER_BYTES;
    const bytes = length + CHANNEL_DATA_HEADER_BYTES;
    if (!this.#fits(relay, leg, bytes)) return;
    writeChannelDataHeader(memory.bytes, frameAt, number, length);
    this.#add(relay, leg, memory.address + frameAt, bytes, CHANNEL_DATA_HEADER_BYTES);
  }

  /** Data of the peer at `words[at]` as a Data indication (RFC 8656 §11.3), made here (`isHere`: there is room, and no need to ask) or by the engine. */
  indicate(
    relay: number,
    leg: number,
    isHere: boolean,
    words: Uint32Array,
    at: number,
    memory: NativeMemory,
    dataAt: number,
    length: number,
  ): void {
    if (!isHere || this.#tables.legListeners[leg] === ON_MAIN) {
      this.#counters.toClient(relay, 1, length);
      this.#ports.tell(ShardEvent.PeerData, relay, 0, 0, words, at, memory.bytes, dataAt, length);
      return;
    }
    const headerBytes = this.#indications.headerBytes(words, at);
    if (!this.#fits(relay, leg, headerBytes + length + DATA_TAILROOM_BYTES)) return;
    const bytes = this.#indications.write(memory.bytes, dataAt, length, words, at);
    this.#add(relay, leg, memory.address + dataAt - headerBytes, bytes, bytes - length);
  }

  /** Whether a datagram is no larger than one may be. */
  #fits(relay: number, leg: number, bytes: number): boolean {
    const family = familyAt(this.#tables.legAddresses, leg * SOCKADDR_WORDS) ?? 4;
    if (bytes <= MAX_UDP_PAYLOAD[family]) return true;
    this.#counters.dropped(relay, Drop.TooLarge);
    return false;
  }

  #add(relay: number, leg: number, dataAddress: number, bytes: number, headerBytes: number): void {
    const { legListeners, legAddresses, listenerFds } = this.#tables;
    const fd = listenerFds[legListeners[leg] ?? NONE] ?? NONE;
    if (fd < 0) return;
    const owner = (relay << 1) | TO_CLIENT;
    this.#queue.add(fd, owner, leg, dataAddress, bytes, headerBytes, legAddresses, leg * SOCKADDR_WORDS);
  }
}
