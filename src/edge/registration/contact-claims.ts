import { type OwnMap, type OwnText } from '../../core/own-text.ts';

/** What a claim needs of a registration, standing or lapsed. */
export interface Claimant {
  readonly registrationId: OwnText;
  readonly aor: OwnText;
  readonly contactKey: OwnText;
}

/** Who has registered which Contact, in the order in which they first did. Several users may have registered the same. */
export class ContactClaims {
  /** Address-of-record by registration id, by `contactKey`. */
  readonly #byContact: OwnMap<OwnMap<OwnText>> = new Map<string, OwnMap<OwnText>>();

  /** Oldest first. */
  of(contactKey: string): Iterable<[registrationId: string, aor: OwnText]> {
    return this.#byContact.get(contactKey) ?? [];
  }

  /** `before` is the same device until now: its claim keeps its place if the Contact is still the same. */
  add({ registrationId, aor, contactKey }: Claimant, before: Claimant | undefined): void {
    if (before && before.contactKey !== contactKey) this.delete(before);
    const claims: OwnMap<OwnText> = this.#byContact.get(contactKey) ?? new Map<string, OwnText>();
    this.#byContact.set(contactKey, claims.set(registrationId, aor));
  }

  delete({ registrationId, contactKey }: Claimant): void {
    const claims = this.#byContact.get(contactKey);
    claims?.delete(registrationId);
    if (claims?.size === 0) this.#byContact.delete(contactKey);
  }
}
