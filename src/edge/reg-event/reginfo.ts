import { fail, ok, type Result } from '../../base/result.ts';
import { type Mutable } from '../../base/mutable.ts';
import { parseDecimal } from '../../sip/character-class.ts';
import { parseXml, type XmlDefect, type XmlElement } from './xml.ts';

export const REGINFO_TYPE = 'application/reginfo+xml';

/** What has last happened to a contact (RFC 3680 §5.1). */
const CONTACT_EVENTS = [
  'registered',
  'created',
  'refreshed',
  'shortened',
  'expired',
  'deactivated',
  'probation',
  'unregistered',
  'rejected',
] as const;
export type ContactEvent = (typeof CONTACT_EVENTS)[number];

export interface ReginfoContact {
  readonly uri: string;
  readonly state: 'active' | 'terminated';
  /** Absent for one that RFC 3680 does not know. */
  readonly event?: ContactEvent;
  /** Seconds until the binding ends. */
  readonly expiresSec?: number;
  /** Call-ID of the REGISTER that has last changed the binding. */
  readonly callId?: string;
  readonly cseq?: number;
  /** `+sip.instance` without its angle brackets. */
  readonly instanceId?: string;
  readonly regId?: number;
}

/** What is registered under one address-of-record. */
export interface ReginfoRegistration {
  readonly aor: string;
  readonly state: 'init' | 'active' | 'terminated';
  readonly contacts: readonly ReginfoContact[];
}

/** A registration information document (RFC 3680 §5). */
export interface Reginfo {
  readonly version: number;
  /** Whether it is all there is to know, and not only what has changed. */
  readonly isFull: boolean;
  readonly registrations: readonly ReginfoRegistration[];
}

/** `not-reginfo`: XML of something else. `invalid`: what must be there is missing, or is not what it may be. */
export type ReginfoDefect = XmlDefect | 'not-reginfo' | 'invalid';

const NAMESPACE = 'urn:ietf:params:xml:ns:reginfo';
const MAX_VERSION = 0xffff_ffff;
const MAX_SECONDS = 0xffff_ffff;

/** Never throws; what it takes is bounded by `parseXml`. */
export function parseReginfo(bytes: Uint8Array): Result<Reginfo, ReginfoDefect> {
  const xml = parseXml(bytes);
  if (!xml.ok) return xml;
  const { namespace, name, attributes } = xml.value;
  if (namespace !== NAMESPACE || name !== 'reginfo') return fail('not-reginfo');
  const version = parseDecimal(attributes.get('version') ?? '', MAX_VERSION);
  const state = attributes.get('state');
  if (version === undefined || (state !== 'full' && state !== 'partial')) return fail('invalid');
  const registrations: ReginfoRegistration[] = [];
  for (const element of childrenOf(xml.value, 'registration')) {
    const registration = readRegistration(element);
    if (!registration) return fail('invalid');
    registrations.push(registration);
  }
  return ok({ version, isFull: state === 'full', registrations });
}

function childrenOf({ children }: XmlElement, name: string): XmlElement[] {
  return children.filter((child) => child.namespace === NAMESPACE && child.name === name);
}

function readRegistration(element: XmlElement): ReginfoRegistration | undefined {
  const aor = element.attributes.get('aor')?.trim() ?? '';
  const state = element.attributes.get('state');
  if (aor === '' || (state !== 'init' && state !== 'active' && state !== 'terminated')) return undefined;
  const contacts: ReginfoContact[] = [];
  for (const child of childrenOf(element, 'contact')) {
    const contact = readContact(child);
    if (!contact) return undefined;
    contacts.push(contact);
  }
  return { aor, state, contacts };
}

function readContact(element: XmlElement): ReginfoContact | undefined {
  const { attributes } = element;
  const uri = childrenOf(element, 'uri')[0]?.text.trim() ?? '';
  const state = attributes.get('state');
  if (uri === '' || (state !== 'active' && state !== 'terminated')) return undefined;
  const contact: Mutable<ReginfoContact> = { uri, state };
  const event = CONTACT_EVENTS.find((known) => known === attributes.get('event'));
  if (event) contact.event = event;
  const expiresSec = parseDecimal(attributes.get('expires') ?? '', MAX_SECONDS);
  if (expiresSec !== undefined) contact.expiresSec = expiresSec;
  const callId = attributes.get('callid');
  if (callId !== undefined) contact.callId = callId;
  const cseq = parseDecimal(attributes.get('cseq') ?? '', 0x7fff_ffff);
  if (cseq !== undefined) contact.cseq = cseq;
  const params = new Map(
    childrenOf(element, 'unknown-param').map((param) => [param.attributes.get('name')?.toLowerCase(), param.text]),
  );
  const instance = unwrapped(params.get('+sip.instance'));
  if (instance !== undefined) contact.instanceId = instance;
  const regId = parseDecimal(unwrapped(params.get('reg-id')) ?? '', 0x7fff_ffff);
  if (regId !== undefined) contact.regId = regId;
  return contact;
}

/** The value of a parameter without the quotes and angle brackets that it may have in a Contact. */
function unwrapped(text: string | undefined): string | undefined {
  return text
    ?.trim()
    .replace(/^"(.*)"$/s, '$1')
    .replace(/^<(.*)>$/s, '$1');
}
