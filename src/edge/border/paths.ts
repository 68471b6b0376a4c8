import { ownText } from '../../base/own-text.ts';
import { parseContacts } from '../../sip/contact.ts';
import { HeaderField } from '../../sip/header-field.ts';
import { formatHostPort } from '../../sip/host-port.ts';
import { type SipHeaders } from '../../sip/message.ts';
import { type FlowTokens } from '../flow/flow-token.ts';
import { type HomeDomain } from '../home-domain.ts';
import { type EdgeSide, type Hop } from '../hop.ts';
import { bindingKey, registrationIdOf, supportsOutbound } from '../registration/registration-id.ts';

interface PathsContext {
  readonly home: HomeDomain;
  readonly tokens: FlowTokens;
}

/** The fields that a Path is made of. */
interface PathSource {
  readonly to: string | undefined;
  readonly contact: string | undefined;
  readonly supported: string | undefined;
}

/** What a REGISTER is given. */
interface Path {
  readonly field: HeaderField;
  /** Whether its Supported has `path` already. */
  readonly isSupported: boolean;
}

interface KnownPath extends Path {
  readonly source: PathSource;
  readonly side: EdgeSide;
}

const REQUIRE_PATH = new HeaderField('Require', 'require', 'path');

/** The ways by which requests for registrations come back to their flows (RFC 3327, RFC 5626 §5.1). */
export class Paths {
  readonly #context: PathsContext;
  /** The last one of each flow: a client registers anew with the same fields over and over. */
  readonly #known = new WeakMap<Hop, KnownPath>();

  constructor(context: PathsContext) {
    this.#context = context;
  }

  /** Adds Path to a REGISTER of a client. `side`: the edge as the core knows it. */
  add(headers: SipHeaders, from: Hop, side: EdgeSide): void {
    const source = sourceOf(headers);
    const known = this.#known.get(from);
    if (source && known?.side === side && isSame(source, known.source)) {
      write(headers, known);
      return;
    }
    const path = this.#make(headers, from.id, this.#registrationNamed(headers), side);
    if (source) this.#known.set(from, { ...path, source: owned(source), side });
    write(headers, path);
  }

  /** Adds Path to a REGISTER of the edge itself for a registration on this flow. */
  addFor(headers: SipHeaders, registrationId: string | undefined, flowId: string, side: EdgeSide): void {
    write(headers, this.#make(headers, flowId, registrationId, side));
  }

  #make(headers: SipHeaders, flowId: string, registrationId: string | undefined, side: EdgeSide): Path {
    const authority = `${this.#context.tokens.issue(flowId, registrationId)}@${formatHostPort(side.sentBy)}`;
    const uri = `<sip:${authority};transport=${side.transport};lr${isOutbound(headers) ? ';ob' : ''}>`;
    return { field: new HeaderField('Path', 'path', ownText(uri)), isSupported: hasPathTag(headers, 'Supported') };
  }

  #registrationNamed(headers: SipHeaders): string | undefined {
    const aor = headers.derive(this.#context.home.aorInTo);
    const contacts = parseContacts(headers);
    const [contact] = contacts.ok && contacts.value !== '*' ? contacts.value : [];
    if (aor === undefined || !contact) return undefined;
    return registrationIdOf(aor, bindingKey(contact, supportsOutbound({ headers })));
  }
}

/** `undefined` where there is more of a field than one. */
function sourceOf(headers: SipHeaders): PathSource | undefined {
  if (headers.isRepeated('Contact') || headers.isRepeated('Supported')) return undefined;
  return { to: headers.get('To'), contact: headers.get('Contact'), supported: headers.get('Supported') };
}

function isSame(a: PathSource, b: PathSource): boolean {
  return a.contact === b.contact && a.to === b.to && a.supported === b.supported;
}

function owned({ to, contact, supported }: PathSource): PathSource {
  return { to: own(to), contact: own(contact), supported: own(supported) };
}

function own(text: string | undefined): string | undefined {
  return text === undefined ? undefined : ownText(text);
}

/** TS 24.229 §5.2.2.1: a registrar that would forget the Path must refuse; RFC 3327 §5.2 has one refuse that is not told of `path`. */
function write(headers: SipHeaders, { field, isSupported }: Path): void {
  headers.prependField(field);
  if (!hasPathTag(headers, 'Require')) headers.appendField(REQUIRE_PATH);
  if (!isSupported) headers.append('Supported', 'path');
}

function hasPathTag(headers: SipHeaders, name: 'Require' | 'Supported'): boolean {
  return headers.has(name) && headers.getList(name).some((value) => value.toLowerCase() === 'path');
}

/** RFC 5626 §5.1: `ob` where the client does outbound, so that the registrar may count on this flow. */
function isOutbound(headers: SipHeaders): boolean {
  const contacts = parseContacts(headers);
  const list = contacts.ok && contacts.value !== '*' ? contacts.value : [];
  return (
    supportsOutbound({ headers }) &&
    list.some(({ regId, instanceId }) => regId !== undefined && instanceId !== undefined)
  );
}
