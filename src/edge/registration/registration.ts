import { type OwnText, ownText } from '../../base/own-text.ts';
import { type Contact } from '../../sip/contact.ts';
import { parseCSeq } from '../../sip/cseq.ts';
import { type SipRequest, type SipResponse } from '../../sip/message.ts';
import { parseNameAddr } from '../../sip/name-addr.ts';
import { type Hop } from '../hop.ts';
import { type Claim } from './contact-claims.ts';
import { addressInTo, identitiesOf, type Identity } from './identity.ts';
import { type DigestLogin } from './passed-challenges.ts';
import { contactKey } from './register-answer.ts';
import { supportsOutbound } from './registration-id.ts';
import { type WebLogin } from './web-login.ts';

/** One device of one user, as the edge learnt it from a successful REGISTER. Nothing in it holds the messages it was read from. */
export interface Registration {
  readonly registrationId: OwnText;
  readonly aor: OwnText;
  /** The address-of-record as it may be sent; `aor` is a key for maps. */
  readonly address: OwnText;
  readonly contactUri: OwnText;
  /** What remains of the registration when its flow is gone. */
  readonly claim: Claim;
  /** `+sip.instance` of the Contact and its reg-id. */
  readonly instanceId: OwnText | undefined;
  readonly regId: number | undefined;
  /** Whether the client did outbound (RFC 5626). */
  readonly outbound: boolean;
  /** Who the client may speak as; the default identity first. */
  readonly identities: readonly Identity<OwnText>[];
  /** URIs of wildcarded identities (TS 23.003 §13.5), for whatever they match. */
  readonly wildcards: readonly OwnText[];
  /** Route set of its requests outside dialogs (RFC 3608), as the registrar gave it. */
  readonly serviceRoute: readonly OwnText[];
  /** This edge in the Path that the registrar has echoed, the last of it; by that URI the client knows it (RFC 3327 §5). */
  readonly edgeUri: OwnText | undefined;
  /** Whom the client has proven to be, on this flow and for this user; absent where the registrar asked for no digest. */
  readonly login: DigestLogin<OwnText> | undefined;
  /** Whom a web token has proven the client to be; `login` is absent then. */
  readonly webLogin: WebLogin | undefined;
  /** Call-ID of the REGISTER that made or refreshed the registration. */
  readonly callId: OwnText;
  readonly cseq: number;
  readonly hop: Hop;
  /** When the registration ends, in monotonic milliseconds. */
  readonly expiresAtMs: number;
  /** Seconds the registrar granted. */
  readonly grantedExpiresSec: number;
}

/** What a REGISTER and its 2xx say of all their Contacts. */
export interface RegisterFacts {
  readonly aor: string;
  readonly address: string;
  readonly outbound: boolean;
  readonly identities: readonly Identity[];
  readonly wildcards: readonly string[];
  readonly serviceRoute: readonly string[];
  readonly edgeUri: string | undefined;
  readonly login: DigestLogin | undefined;
  readonly webLogin: WebLogin | undefined;
  readonly callId: string;
  readonly cseq: number;
  readonly hop: Hop;
}

/** What a REGISTER and its 2xx say of one Contact. */
export interface ContactFacts {
  readonly registrationId: string;
  readonly contact: Contact;
  readonly grantedExpiresSec: number;
  readonly expiresAtMs: number;
}

/** How many entries of a Service-Route are kept. A real one has one or two. */
const MAX_SERVICE_ROUTE = 16;
const NONE: readonly OwnText[] = [];

export function readFacts(
  request: SipRequest,
  response: SipResponse,
  { aor, hop, login, webLogin }: Pick<RegisterFacts, 'aor' | 'hop' | 'login' | 'webLogin'>,
): RegisterFacts {
  const address = request.headers.derive(addressInTo);
  const path = response.headers.has('Path') ? parseNameAddr(response.headers.getList('Path').at(-1) ?? '') : undefined;
  const { identities, wildcards } = identitiesOf(address, response.headers);
  return {
    aor,
    hop,
    login,
    webLogin,
    address,
    outbound: supportsOutbound(request),
    identities,
    wildcards,
    serviceRoute: response.headers.getList('Service-Route', MAX_SERVICE_ROUTE),
    edgeUri: path?.ok ? path.value.uri : undefined,
    callId: request.headers.get('Call-ID') ?? '',
    cseq: cseqOf(request),
  };
}

export function cseqOf({ headers }: SipRequest): number {
  const cseq = parseCSeq(headers.get('CSeq') ?? '');
  return cseq.ok ? cseq.value.sequence : 0;
}

/** Makes a registration to be stored. Texts that a refresh repeats are taken from `before` instead of being copied again. */
export function createRegistration(
  facts: RegisterFacts,
  { registrationId, contact, grantedExpiresSec, expiresAtMs }: ContactFacts,
  before: Registration | undefined,
): Registration {
  const { identities, wildcards, serviceRoute, edgeUri, login, webLogin, outbound, cseq, hop } = facts;
  const claim = claimOf(facts, registrationId, contact.uri, before);
  return {
    registrationId: claim.registrationId,
    aor: claim.aor,
    claim,
    address: ownText(facts.address, before?.address),
    contactUri: ownText(contact.uri, before?.contactUri),
    instanceId: contact.instanceId === undefined ? undefined : ownText(contact.instanceId, before?.instanceId),
    regId: contact.regId,
    outbound,
    identities: ownIdentities(identities, before?.identities),
    wildcards: ownTexts(wildcards, before?.wildcards),
    serviceRoute: ownTexts(serviceRoute, before?.serviceRoute),
    edgeUri: edgeUri === undefined ? undefined : ownText(edgeUri, before?.edgeUri),
    login: login && {
      username: ownText(login.username, before?.login?.username),
      realm: ownText(login.realm, before?.login?.realm),
    },
    webLogin,
    callId: ownText(facts.callId, before?.callId),
    cseq,
    hop,
    expiresAtMs,
    grantedExpiresSec,
  };
}

function ownTexts(texts: readonly string[], known: readonly OwnText[] = NONE): readonly OwnText[] {
  const isSame = texts.length === known.length && texts.every((text, index) => text === known[index]);
  return isSame ? known : texts.map((text, index) => ownText(text, known[index]));
}

function ownIdentities(
  identities: readonly Identity[],
  known: readonly Identity<OwnText>[] = [],
): readonly Identity<OwnText>[] {
  const isSame =
    identities.length === known.length && identities.every((one, index) => one.value === known[index]?.value);
  return isSame ? known : identities.map((one, index) => ownIdentity(one, known[index]));
}

/** The number of a telephone URI is its key, and kept once. */
function ownIdentity({ key, value, number }: Identity, known: Identity<OwnText> | undefined): Identity<OwnText> {
  const ownKey = ownText(key, known?.key);
  const ownNumber = number === undefined ? undefined : number === key ? ownKey : ownText(number, known?.number);
  return { key: ownKey, value: ownText(value, known?.value), number: ownNumber };
}

function claimOf(
  { aor, login, webLogin }: RegisterFacts,
  registrationId: string,
  contactUri: string,
  before: Registration | undefined,
): Claim {
  const impi = webLogin?.impi ?? login?.username;
  const webIdentity = webLogin !== undefined;
  const known = before?.claim;
  const isSame = before?.contactUri === contactUri && known?.impi === impi && known?.webIdentity === webIdentity;
  if (known && isSame) return known;
  return {
    registrationId: ownText(registrationId, known?.registrationId),
    aor: ownText(aor, known?.aor),
    contactKey: ownText(contactKey(contactUri)),
    impi: impi === undefined ? undefined : ownText(impi, known?.impi),
    webIdentity,
  };
}
