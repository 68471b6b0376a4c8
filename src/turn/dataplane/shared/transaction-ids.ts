import { randomFillSync } from 'node:crypto';
import { TRANSACTION_ID_BYTES } from '../../../stun/message-type.ts';

/** Drawn at a time. */
const IDS = 512;

/** Unpredictable transaction ids (RFC 8489 §5), drawn many at a time. */
export class TransactionIds {
  readonly bytes = Buffer.alloc(IDS * TRANSACTION_ID_BYTES);
  #next = IDS;

  /** Where in `bytes` an id begins that was not told before. */
  next(): number {
    if (this.#next === IDS) {
      randomFillSync(this.bytes);
      this.#next = 0;
    }
    return this.#next++ * TRANSACTION_ID_BYTES;
  }
}
