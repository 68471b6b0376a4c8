import { type OwnText } from '../../base/own-text.ts';
import { createIdentity, type Identity, identityKey, MAX_IDENTITIES } from '../registration/identity.ts';
import { isWildcard } from '../registration/wildcard.ts';
import { findContact, type ListedContact, listedContact } from './listed-contact.ts';
import { type Reginfo, type ReginfoContact, type ReginfoRegistration } from './reginfo.ts';

/** A device of a user, as far as documents can name it. */
export interface Device {
  /** `identityKey` of its address-of-record. */
  readonly addressKey: OwnText;
  readonly contactUri: OwnText;
  readonly instanceId: OwnText | undefined;
  readonly regId: number | undefined;
  readonly callId: OwnText;
  readonly cseq: number;
}

/** What a document says of one device. */
export type Verdict =
  /** Nothing. */
  | { readonly kind: 'untold' }
  | { readonly kind: 'active' }
  | { readonly kind: 'shortened'; readonly expiresSec: number }
  /** It would be in there if it were registered. */
  | { readonly kind: 'missing' }
  /** It has ended by what is said of another REGISTER than its last one, which may be older. */
  | { readonly kind: 'doubtful' }
  | { readonly kind: 'terminated' }
  | { readonly kind: 'rejected' };

interface Listed extends Pick<ReginfoRegistration, 'aor' | 'state'> {
  readonly contacts: readonly ListedContact[];
}

const UNTOLD: Verdict = { kind: 'untold' };
/** Schemes of those that a client may speak as. */
const SPOKEN = /^(?:sips?|tel):/i;

/** A document by identity: what it says of any user but those who are asked for comes to nothing. */
export class Document {
  readonly isFull: boolean;
  readonly #byIdentity: ReadonlyMap<string, Listed>;

  constructor({ isFull, registrations }: Reginfo) {
    this.isFull = isFull;
    this.#byIdentity = new Map(
      registrations.map(({ aor, state, contacts }) => [
        identityKey(aor),
        { aor, state, contacts: contacts.map(listedContact) },
      ]),
    );
  }

  /**
   * `defaultKey`: of the identity that was subscribed to. What is said of the device's own address-of-record counts; a registrar that bars that one speaks of
   * the default identity.
   */
  judge(device: Device, defaultKey: string): Verdict {
    const registration = this.#registrationOf(device, defaultKey);
    const absent: Verdict = this.isFull ? { kind: 'missing' } : UNTOLD;
    if (!registration) return absent;
    const contact = findContact(registration.contacts, device);
    // A client that has registered since is another matter than what it did before.
    if (contact && isOlder(contact, device)) return UNTOLD;
    if (registration.state === 'terminated' || contact?.state === 'terminated') {
      return endOf(contact ?? registration.contacts[0]?.contact, device);
    }
    if (!contact) return absent;
    const { event, expiresSec } = contact;
    return event === 'shortened' && expiresSec !== undefined ? { kind: 'shortened', expiresSec } : { kind: 'active' };
  }

  /** Who the client of a device may speak as from here on; the same list if nothing has changed. What the document does not name stays. */
  identitiesOf(device: Device, defaultKey: string, identities: readonly Identity[]): readonly Identity[] {
    const own = this.#registrationOf(device, defaultKey);
    let next = identities;
    for (const [key, registration] of this.#byIdentity) {
      const isListed = next.some((identity) => identity.key === key);
      if (registration.state === 'terminated') {
        if (isListed && registration !== own) next = next.filter((identity) => identity.key !== key);
      } else if (!isListed && next.length < MAX_IDENTITIES && isOf(registration, device)) {
        next = [...next, createIdentity(registration.aor)];
      }
    }
    return next;
  }

  #registrationOf({ addressKey }: Device, defaultKey: string): Listed | undefined {
    return this.#byIdentity.get(addressKey) ?? this.#byIdentity.get(defaultKey);
  }
}

/** `contact`: what the end is told of, if of anything: the device, or another one of the user that was the last. */
function endOf(contact: ReginfoContact | undefined, { callId }: Device): Verdict {
  if (contact?.event === 'rejected') return { kind: 'rejected' };
  const isOfAnotherCall = contact?.callId !== undefined && contact.callId !== callId;
  return { kind: isOfAnotherCall ? 'doubtful' : 'terminated' };
}

/** Whether an identity is registered from this device, and one that a client can speak as. */
function isOf({ aor, contacts }: Listed, device: Device): boolean {
  if (!SPOKEN.test(aor) || isWildcard(aor) || /[<>"\s]/.test(aor)) return false;
  return findContact(contacts, device)?.state === 'active';
}

/** The number of the REGISTER that a document speaks of is lower than that of the last one. */
function isOlder({ callId, cseq }: ReginfoContact, device: Device): boolean {
  return callId === device.callId && cseq !== undefined && cseq < device.cseq;
}
