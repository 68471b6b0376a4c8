import { parseIp } from '../../../src/base/ip.ts';
import { connectionId } from '../../../src/stun/attributes/rfc6062.ts';
import { mobilityTicket } from '../../../src/stun/attributes/rfc8016.ts';
import { reservationToken } from '../../../src/stun/attributes/rfc8656.ts';
import { type StunMessage } from '../../../src/stun/message.ts';
import { type Wish } from './fuzz-steps.ts';
import { peerAttribute } from './granted.ts';
import { type RawAttribute } from './hostile-message.ts';

export const MOBILITY_TICKET = 0x8030;
const TYPE = { token: 0x0022, ticket: MOBILITY_TICKET, connection: 0x002a };
/** For one that was never given. */
const LENGTH = { token: 8, ticket: 40, connection: 4 };

/** What the server gave to anybody, for all to try. */
export class Given {
  readonly #all = { token: [] as Buffer[], ticket: [] as Buffer[], connection: [] as Buffer[] };

  /** From an answer or an indication. */
  note(message: StunMessage): void {
    const token = message.get(reservationToken);
    if (token) this.#all.token.push(Buffer.from(token));
    const ticket = message.get(mobilityTicket);
    if (ticket) this.#all.ticket.push(Buffer.from(ticket));
    const id = message.get(connectionId);
    if (id === undefined) return;
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(id);
    this.#all.connection.push(bytes);
  }

  attributes(wishes: readonly Wish[], transactionId: Buffer): RawAttribute[] {
    return wishes.map((wish) => {
      if (wish.kind === 'bytes') return { type: wish.type, value: Buffer.from(wish.value) };
      if (wish.kind === 'peer')
        return peerAttribute(parseIp(wish.address) ?? Buffer.alloc(4), wish.port, transactionId);
      const { kind, which } = wish;
      return { type: TYPE[kind], value: this.#all[kind].at(-1 - which) ?? Buffer.alloc(LENGTH[kind]) };
    });
  }
}
