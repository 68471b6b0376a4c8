import { type OwnText } from '../../base/own-text.ts';
import { parseSipUri } from '../../sip/uri.ts';
import { sipUriKey } from '../../sip/uri-equality.ts';
import { createIdentity, type Identity, identityKey, MAX_IDENTITIES } from '../registration/identity.ts';
import { contactKey } from '../registration/register-answer.ts';
import { isWildcard } from '../registration/wildcard.ts';
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
  /** It has ended by what is said of another REGISTER than its last one, which may be older or newer. */
  | { readonly kind: 'doubtful' }
  | { readonly kind: 'terminated' }
  | { readonly kind: 'rejected' };

const UNTOLD: Verdict = { kind: 'untold' };
/** Schemes of those that a client may speak as. */
const SPOKEN = /^(?:sips?|tel):/i;

/** A document by identity: what it says of any user but those who are asked for comes to nothing. */
export class Document {
  readonly isFull: boolean;
  readonly #byIdentity: ReadonlyMap<string, ReginfoRegistration>;

  constructor({ isFull, registrations }: Reginfo) {
    this.isFull = isFull;
    this.#byIdentity = new Map(registrations.map((registration) => [identityKey(registration.aor), registration]));
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
    if (registration.state === 'terminated' && !contact) return { kind: endOf(registration.contacts[0]) };
    if (contact && (registration.state === 'terminated' || contact.state === 'terminated')) {
      const isOfAnotherCall = contact.callId !== undefined && contact.callId !== device.callId;
      const end = endOf(contact);
      return isOfAnotherCall && end === 'terminated' ? { kind: 'doubtful' } : { kind: end };
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

  #registrationOf({ addressKey }: Device, defaultKey: string): ReginfoRegistration | undefined {
    return this.#byIdentity.get(addressKey) ?? this.#byIdentity.get(defaultKey);
  }
}

function endOf(contact: ReginfoContact | undefined): 'rejected' | 'terminated' {
  return contact?.event === 'rejected' ? 'rejected' : 'terminated';
}

/** Whether an identity is registered from this device, and one that a client can speak as. */
function isOf({ aor, contacts }: ReginfoRegistration, device: Device): boolean {
  if (!SPOKEN.test(aor) || isWildcard(aor) || /[<>"\s]/.test(aor)) return false;
  return findContact(contacts, device)?.state === 'active';
}

/**
 * By flow of the instance (RFC 5626 §6), else by URI, else by what is only one Contact's: user and host of it, since some registrars write the URI anew, or
 * the Call-ID. One that has ended and one that was made since may stand side by side.
 */
function findContact(contacts: readonly ReginfoContact[], device: Device): ReginfoContact | undefined {
  const isKnown = device.instanceId !== undefined && device.regId !== undefined;
  const ofFlow = isKnown
    ? latest(
        contacts.filter((contact) => isSameFlow(contact, device)),
        device,
      )
    : undefined;
  if (ofFlow) return ofFlow;
  const others = contacts.filter((contact) => !isOfAnother(contact, device));
  const key = uriKey(device.contactUri);
  const ofUri = latest(
    others.filter(({ uri }) => uri === device.contactUri || uriKey(uri) === key),
    device,
  );
  if (ofUri) return ofUri;
  const address = contactKey(device.contactUri);
  return (
    only(others.filter(({ uri }) => contactKey(uri) === address)) ??
    only(others.filter(({ callId }) => callId === device.callId))
  );
}

function only([first, ...more]: readonly ReginfoContact[]): ReginfoContact | undefined {
  return more.length === 0 ? first : undefined;
}

/** An active one before one that has ended, then one of the same Call-ID before others. */
function latest(contacts: readonly ReginfoContact[], { callId }: Device): ReginfoContact | undefined {
  const active = contacts.filter(({ state }) => state === 'active');
  const candidates = active.length > 0 ? active : contacts;
  return candidates.find((contact) => contact.callId === callId) ?? candidates[0];
}

function isSameFlow({ instanceId, regId }: ReginfoContact, device: Device): boolean {
  return instanceId?.toLowerCase() === device.instanceId?.toLowerCase() && regId === device.regId;
}

function isOfAnother({ instanceId, regId }: ReginfoContact, device: Device): boolean {
  if (instanceId === undefined || device.instanceId === undefined) return false;
  if (instanceId.toLowerCase() !== device.instanceId.toLowerCase()) return true;
  return regId !== undefined && device.regId !== undefined && regId !== device.regId;
}

/** The number of the REGISTER that a document speaks of is lower than that of the last one. */
function isOlder({ callId, cseq }: ReginfoContact, device: Device): boolean {
  return callId === device.callId && cseq !== undefined && cseq < device.cseq;
}

function uriKey(text: string): string {
  const uri = parseSipUri(text);
  return uri.ok ? sipUriKey(uri.value) : text;
}
