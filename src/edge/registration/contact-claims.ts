import { type OwnMap, type OwnText } from '../../base/own-text.ts';

/** That a device of a user has registered a Contact, whether it is connected or lapsed. */
export interface Claim {
  readonly registrationId: OwnText;
  readonly aor: OwnText;
  readonly contactKey: OwnText;
  /** Private user identity that has been proven, and whether by a web token. */
  readonly impi: OwnText | undefined;
  readonly webIdentity: boolean;
}

/** Nearly every Contact is one device's, and a map for each would be most of what is kept of a lapsed one. */
type Claims = Claim | OwnMap<Claim>;

/** Who has registered which Contact, in the order in which they first did. Several users may have registered the same. */
export class ContactClaims {
  readonly #byContact: OwnMap<Claims> = new Map<string, Claims>();

  /** The claims on a Contact, oldest first. */
  of(contactKey: string): Iterable<Claim> {
    const claims = this.#byContact.get(contactKey);
    if (claims === undefined) return [];
    return claims instanceof Map ? claims.values() : [claims];
  }

  /** `before` is the same device's until now: its claim keeps its place if the Contact is still the same. */
  add(claim: Claim, before: Claim | undefined): void {
    if (before && before.contactKey !== claim.contactKey) this.delete(before);
    const claims = this.#byContact.get(claim.contactKey);
    if (claims instanceof Map) claims.set(claim.registrationId, claim);
    else if (!claims || claims.registrationId === claim.registrationId) this.#byContact.set(claim.contactKey, claim);
    else this.#byContact.set(claim.contactKey, new Map([claims, claim].map((one) => [one.registrationId, one])));
  }

  delete({ registrationId, contactKey }: Claim): void {
    const claims = this.#byContact.get(contactKey);
    if (claims instanceof Map) claims.delete(registrationId);
    const isEmpty = claims instanceof Map ? claims.size === 0 : claims?.registrationId === registrationId;
    if (isEmpty) this.#byContact.delete(contactKey);
  }
}
