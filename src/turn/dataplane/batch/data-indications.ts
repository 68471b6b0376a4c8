import { ADDRESS_AT, familyAt, portAt, SOCKADDR_WORDS } from '../../kernel/sockaddr.ts';
import { dataHeaderBytes, writeDataIndication, type DataSource } from '../../../stun/indications-in-place.ts';
import { TransactionIds } from '../shared/transaction-ids.ts';

/** Makes Data indications of what peers at addresses of the kernel have sent. */
export class DataIndications {
  readonly #ids = new TransactionIds();
  readonly #peer = new Uint32Array(SOCKADDR_WORDS);
  readonly #source: DataSource = {
    family: 4,
    port: 0,
    address: new Uint8Array(this.#peer.buffer),
    addressAt: 0,
    ids: this.#ids.bytes,
    idAt: 0,
  };

  headerBytes(words: Uint32Array, at: number): number {
    return dataHeaderBytes(familyAt(words, at) ?? 4);
  }

  /** Writes header and padding around the payload, and returns the bytes of all. `words[at]`: the peer. */
  write(bytes: Buffer, dataAt: number, length: number, words: Uint32Array, at: number): number {
    for (let i = 0; i < SOCKADDR_WORDS; i++) this.#peer[i] = words[at + i] ?? 0;
    const source = this.#source;
    source.family = familyAt(words, at) ?? 4;
    source.port = portAt(words, at);
    source.addressAt = ADDRESS_AT[source.family];
    source.idAt = this.#ids.next();
    return writeDataIndication(bytes, dataAt, length, source);
  }
}
