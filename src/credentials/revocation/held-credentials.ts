import { AgeMap } from '../../base/age-map.ts';
import { type Now } from '../../base/clock.ts';
import { type OwnText, ownText } from '../../base/own-text.ts';
import { SetMap } from '../../base/set-map.ts';
import { type IssueRequest } from '../credential.ts';
import { type Revocation } from './revocation.ts';

/** A TURN name that was handed out and is still good. */
export interface HeldCredential extends Revocation {
  /** The registration for which the credential was issued. */
  readonly registrationId: string;
  /** The user for whom the credential was issued, by the name that the issuer was told. */
  readonly person: string;
  /** The client that asked for the credential, by the name that the issuer was told; absent at the edge. */
  readonly client?: string | undefined;
}

interface Entry extends HeldCredential {
  readonly person: OwnText;
  untilSec: number;
}

type HolderOfRequest = Pick<IssueRequest, 'registrationId' | 'person' | 'client'>;

/**
 * Which TURN names were handed out to whom, for an operator that knows a user and no TURN name. The end of a registration changes nothing here: its
 * credentials may outlive it.
 */
export class HeldCredentials {
  readonly #max: number;
  /** The name whose latest credential is oldest comes first. */
  readonly #byName = new AgeMap<Entry>();
  readonly #byPerson = new SetMap<string, Entry>();

  /**
   * `max`: how many TURN names are kept. Beyond it the oldest is forgotten: its user then no longer leads to it, and it ends when its lifetime
   * ends.
   */
  constructor(max: number) {
    this.#max = max;
  }

  /** Names remembered, those included whose end has passed. */
  get size(): number {
    return this.#byName.size;
  }

  /** A credential was handed out. Of several under one name the longest counts. */
  note({ registrationId, person, client }: HolderOfRequest, held: Revocation): void {
    const { user, untilSec } = held;
    const known = this.#byName.get(user);
    const entry = known ?? { user: ownText(user), untilSec, registrationId, person: ownText(person), client };
    entry.untilSec = Math.max(entry.untilSec, untilSec);
    this.#byName.set(entry.user, entry);
    if (known) return;
    this.#byPerson.add(entry.person, entry);
    const { oldest } = this.#byName;
    if (oldest && this.#byName.size > this.#max) this.#forget(oldest.value);
  }

  /** What a person holds that is still good. */
  of(person: string, now: Now): readonly HeldCredential[] {
    for (const entry of this.#byPerson.get(person)) if (hasEnded(entry, now)) this.#forget(entry);
    return [...this.#byPerson.get(person)];
  }

  /** What a client of the authorization server was handed that is still good. Looks at every name: for an operator, not for clients. */
  ofClient(client: string, now: Now): readonly HeldCredential[] {
    return [...this.#byName.entries()].flatMap(({ value }) =>
      value.client === client && !hasEnded(value, now) ? [value] : [],
    );
  }

  /** Who holds a name, as far as known. */
  find(user: string, now: Now): HeldCredential | undefined {
    const entry = this.#byName.get(user);
    return entry && !hasEnded(entry, now) ? entry : undefined;
  }

  /** The name is no longer good. */
  forget(user: string): void {
    const entry = this.#byName.get(user);
    if (entry) this.#forget(entry);
  }

  #forget(entry: Entry): void {
    this.#byName.delete(entry.user);
    this.#byPerson.delete(entry.person, entry);
  }
}

function hasEnded({ untilSec }: Revocation, { unixMs }: Now): boolean {
  return untilSec * 1000 <= unixMs;
}
