import { type FakeRelay } from '../engine/fake-plane.ts';
import { type TestClient } from '../engine/world.ts';

interface Owner {
  /** Name of the login that the allocation was made with. */
  readonly user: string;
  at: TestClient;
  /** Has shown the ticket, and nothing came from there since. */
  movingTo: TestClient | undefined;
  /** In hex, those that serve. A retransmission is answered with one more for the same move. */
  tickets: Set<string>;
  /** Transaction of the last move, in hex. */
  movedBy: string | undefined;
}

interface Move {
  readonly client: TestClient;
  readonly user: string;
  readonly transaction: string;
  readonly shown: string;
  /** Absent when the allocation was deleted. */
  readonly given: string | undefined;
  readonly open: Iterable<FakeRelay>;
}

/** To which clients relays belong, by what was said on the wire alone: allocations, tickets and where they were shown. */
export class Owners {
  readonly #byRelay = new WeakMap<FakeRelay, Owner>();
  readonly #byTicket = new Map<string, Owner>();

  made(relays: readonly FakeRelay[], client: TestClient, user: string, ticket: string | undefined): void {
    const known = relays[0] && this.#byRelay.get(relays[0]);
    if (known && known.at !== client) throw new Error('an allocation was told to who does not own it');
    const tickets = new Set<string>();
    const owner = known ?? { user, at: client, movingTo: undefined, tickets, movedBy: undefined };
    for (const relay of relays) this.#byRelay.set(relay, owner);
    if (ticket !== undefined) this.#give(owner, ticket);
  }

  /** A Refresh with a ticket that succeeded. */
  moved({ client, user, transaction, shown, given, open }: Move): void {
    const owner = this.#byTicket.get(shown);
    if (!owner) throw new Error('moved by a ticket that nobody was given');
    if (owner.user !== user) throw new Error('moved by the ticket of another user');
    if (owner.movedBy !== transaction) {
      if (!owner.tickets.has(shown)) throw new Error('a ticket served twice');
      const others = [...open].map((relay) => this.#byRelay.get(relay)).filter((other) => other !== owner);
      if (others.some((other) => other?.at === client || other?.movingTo === client)) {
        throw new Error('moved to where its client has another allocation');
      }
      if (given === shown) throw new Error('the same ticket again');
      if (given === undefined) return;
      owner.movedBy = transaction;
      owner.tickets = new Set();
      owner.movingTo = owner.at === client ? undefined : client;
    }
    if (given !== undefined) this.#give(owner, given);
  }

  /** Whether something from this client takes an allocation there. */
  isAwaited(client: TestClient, relays: Iterable<FakeRelay>): boolean {
    return [...relays].some((relay) => this.#byRelay.get(relay)?.movingTo === client);
  }

  /** The relays are where their owner is. `heard`: the client that sent in this step; `gone`: the one whose connection closed. */
  check(relays: readonly FakeRelay[], heard: TestClient | undefined, gone: TestClient | undefined): void {
    for (const relay of relays) {
      const owner = this.#byRelay.get(relay);
      if ((relay.client === undefined) !== (owner === undefined))
        throw new Error('a relay that its client was not told of');
      if (!owner) continue;
      if (relay.client !== owner.at) move(relay, owner, heard, gone);
      if (gone && owner.at === gone && owner.tickets.size === 0) throw new Error('kept for nobody');
      if (gone && owner.movingTo === gone) owner.movingTo = undefined;
    }
  }

  #give(owner: Owner, ticket: string): void {
    owner.tickets.add(ticket);
    this.#byTicket.set(ticket, owner);
  }
}

function move(relay: FakeRelay, owner: Owner, heard: TestClient | undefined, gone: TestClient | undefined): void {
  const { at, movingTo } = owner;
  if (!movingTo || relay.client !== movingTo) throw new Error('a relay is where its owner is not');
  if (heard !== movingTo && gone !== at) throw new Error('moved before its client was there');
  owner.at = movingTo;
  owner.movingTo = undefined;
}
