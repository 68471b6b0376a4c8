import { AF } from '../../kernel/linux.ts';
import { type NativeMemory } from '../../kernel/native-memory.ts';
import { ADDRESS_AT, familyAt, SOCKADDR_WORDS } from '../../kernel/sockaddr.ts';
import { SendReader } from '../../../stun/indications-in-place.ts';
import { NONE, type ShardTables } from './shard-tables.ts';

/**
 * Finds where a Send indication goes (RFC 8656 §11.2). Only what is in order is found; all else is for the engine, which knows why it is to be
 * dropped.
 */
export class SendRoutes {
  /** Of the indication that was found. */
  relay = NONE;
  readonly peer = new Uint32Array(SOCKADDR_WORDS);
  readonly #peerBytes = new Uint8Array(this.peer.buffer);
  readonly #tables: ShardTables;
  readonly #reader = new SendReader();
  #isClientIpv4 = false;

  constructor(tables: ShardTables) {
    this.#tables = tables;
  }

  get dataAt(): number {
    return this.#reader.dataAt;
  }

  get dataBytes(): number {
    return this.#reader.dataBytes;
  }

  /** Whether it is to have the DF bit (RFC 8656 §13.1 to §13.3: not where either side is IPv6). */
  get keepsWhole(): boolean {
    return this.#reader.dontFragment && this.#reader.family === 4 && this.#isClientIpv4;
  }

  /** False where the engine is to have the datagram in `bytes[start, start + length)`, which came from the client at `uint32[nameAt]`. */
  find(
    listener: number,
    { bytes, uint32 }: NativeMemory,
    nameAt: number,
    start: number,
    length: number,
    nowMs: number,
  ): boolean {
    if (!this.#reader.read(bytes, start, length)) return false;
    const tables = this.#tables;
    const leg = tables.legOf(listener, uint32, nameAt);
    if (leg === NONE) return false;
    this.#isClientIpv4 = familyAt(uint32, nameAt) === 4;
    this.#copyPeer(bytes);
    this.relay = tables.relayTo(leg, this.peer, 0);
    if (this.relay === NONE || nowMs >= (tables.relayEnds[this.relay] ?? 0)) return false;
    const permission = tables.permissionOf(this.relay, this.peer, 0);
    if (permission === NONE || nowMs >= (tables.permissions.ends[permission] ?? 0)) return false;
    return tables.isOpen(permission, this.peer, 0);
  }

  #copyPeer(bytes: Buffer): void {
    const { family, port } = this.#reader;
    this.peer.fill(0);
    this.#peerBytes[0] = AF[family];
    this.#peerBytes[2] = port >> 8;
    this.#peerBytes[3] = port & 0xff;
    this.#reader.copyAddress(bytes, this.#peerBytes, ADDRESS_AT[family]);
  }
}
