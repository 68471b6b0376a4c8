import { createCipheriv, createDecipheriv } from 'node:crypto';

const CIPHER = 'aes-256-gcm';
const IV_BYTES = 12;
const TAG_BYTES = 16;
const ID_BYTES = 8;
const SERIAL_BYTES = 4;
const TICKET_BYTES = IV_BYTES + ID_BYTES + SERIAL_BYTES + TAG_BYTES;

/** What a ticket says: of which allocation it is, and which of the tickets of that one. */
export interface MobilityTicketContent {
  /** Id of the allocation, 16 hexadecimal digits. */
  readonly allocationId: string;
  readonly serial: number;
}

/**
 * Values of MOBILITY-TICKET (RFC 8016 §3.3): the name of an allocation under a key of this process, so that nobody makes one and nobody reads
 * one. That a ticket serves once is the allocation's to know, by the serial; whose it is, by the allocation's user.
 */
export class MobilityTickets {
  readonly #key: Buffer;
  readonly #randomBytes: (count: number) => Buffer;

  /** `key`: 32 random bytes of this process. */
  constructor(key: Buffer, randomBytes: (count: number) => Buffer) {
    this.#key = key;
    this.#randomBytes = randomBytes;
  }

  /** Seals a ticket of 40 bytes. */
  seal({ allocationId, serial }: MobilityTicketContent): Buffer {
    const iv = this.#randomBytes(IV_BYTES);
    const cipher = createCipheriv(CIPHER, this.#key, iv, { authTagLength: TAG_BYTES });
    const plain = Buffer.alloc(ID_BYTES + SERIAL_BYTES);
    plain.write(allocationId, 'hex');
    plain.writeUInt32BE(serial, ID_BYTES);
    return Buffer.concat([iv, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
  }

  /** Opens a ticket; `undefined` when this process did not seal it. */
  open(ticket: Buffer): MobilityTicketContent | undefined {
    if (ticket.length !== TICKET_BYTES) return undefined;
    const decipher = createDecipheriv(CIPHER, this.#key, ticket.subarray(0, IV_BYTES), { authTagLength: TAG_BYTES });
    decipher.setAuthTag(ticket.subarray(-TAG_BYTES));
    const plain = decipher.update(ticket.subarray(IV_BYTES, -TAG_BYTES));
    try {
      decipher.final();
    } catch {
      return undefined;
    }
    return { allocationId: plain.toString('hex', 0, ID_BYTES), serial: plain.readUInt32BE(ID_BYTES) };
  }
}
