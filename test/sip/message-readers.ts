import { parseContacts } from '../../src/sip/contact.ts';
import { parseCSeq } from '../../src/sip/cseq.ts';
import { parseNameAddr, type NameAddr } from '../../src/sip/name-addr.ts';
import { parseParamValue } from '../../src/sip/params.ts';
import { parseVia } from '../../src/sip/via.ts';
import { unwrap } from '../support/unwrap.ts';
import { type Meaning, type MeantAddress } from './message-grammar.ts';
import { limits, require } from './sample-messages.ts';
import { parseText } from './message-text.ts';
import { bodyText } from '../../src/sip/body-text.ts';

/** What a parser makes of a message; `undefined` when it refuses it. */
export type Reader = (text: string) => Partial<Meaning> | undefined;

type OracleParams = Readonly<Record<string, string | null | undefined>> | undefined;

interface SipAddress {
  readonly name?: string;
  readonly uri: string;
  readonly params: OracleParams;
}
interface SipPackageMessage {
  readonly method?: string;
  readonly uri: string;
  readonly status: number;
  readonly reason: string;
  readonly content: string;
  readonly headers: {
    readonly via: readonly { protocol: string; host: string; port?: number; params: OracleParams }[];
    readonly from: SipAddress;
    readonly to: SipAddress;
    readonly contact: readonly SipAddress[];
    readonly cseq: { readonly seq: number; readonly method: string };
    readonly 'call-id': string;
    readonly subject: string;
  };
}

interface JsSipAddress {
  readonly _display_name?: string;
  readonly _uri: { toString(): string };
  readonly _parameters: OracleParams;
}
interface JsSipMessage {
  readonly method: string;
  readonly ruri?: { toString(): string };
  readonly status_code?: number;
  readonly reason_phrase: string;
  readonly via: { transport: string; host: string; port?: number; branch: string };
  readonly from: JsSipAddress;
  readonly to: JsSipAddress;
  readonly cseq: number;
  readonly call_id: string;
  readonly body: string;
  getHeader(name: string): string | undefined;
  getHeaders(name: string): string[];
  parseHeader(name: string, index?: number): unknown;
}

const sipPackage = require('sip') as { parse(text: string): SipPackageMessage | undefined };
const jsSip = require('jssip/lib/Parser') as { parseMessage(text: string, ua: object): JsSipMessage | undefined };

/** §7.3.1: the fold and the blanks around it mean one space. The oracles leave them in. */
function unfolded(text: string): string {
  return text.replace(/[ \t\r\n]+/g, ' ');
}

function paramsOf(params: OracleParams): Record<string, string | null> {
  const plain = (value: string): string => parseParamValue(value) ?? value;
  return Object.fromEntries(
    Object.entries(params ?? {}).map(([name, value]) => [name, typeof value === 'string' ? plain(value) : null]),
  );
}

export const readBySipPackage: Reader = (text) => {
  const message = sipPackage.parse(text);
  if (!message) return undefined;
  const { headers } = message;
  const address = ({ name = '', uri, params }: SipAddress): MeantAddress => {
    return { name: (name.startsWith('"') ? parseParamValue(name) : name) ?? name, uri, params: paramsOf(params) };
  };
  return {
    start: message.method === undefined ? [message.status, message.reason] : [message.method, message.uri],
    vias: headers.via.map(({ protocol, host, port, params }) => {
      return { transport: protocol, host: host.toLowerCase(), port, params: paramsOf(params) };
    }),
    from: address(headers.from),
    to: address(headers.to),
    contacts: headers.contact.map(address),
    cseq: [headers.cseq.seq, headers.cseq.method],
    callId: headers['call-id'],
    subject: unfolded(headers.subject),
    body: message.content,
  };
};

/** It throws on some messages. */
function parseByJsSip(text: string): JsSipMessage | undefined {
  try {
    return jsSip.parseMessage(text, {});
  } catch {
    return undefined;
  }
}

/** Of the Vias it reads the topmost, and of that the parts that stand here. It writes URIs in a form of its own, equal by §19.1.4: see `sameForm`. */
export const readByJsSip: Reader = (text) => {
  const message = parseByJsSip(text);
  if (!message) return undefined;
  const address = ({ _display_name, _uri, _parameters }: JsSipAddress): MeantAddress => {
    return { name: _display_name ?? '', uri: _uri.toString(), params: paramsOf(_parameters) };
  };
  const { transport, host, port, branch } = message.via;
  const { ruri } = message;
  return sameForm({
    start: ruri ? [message.method, ruri.toString()] : [message.status_code ?? 0, message.reason_phrase],
    vias: [{ transport, host: host.toLowerCase(), port, params: { branch } }],
    from: address(message.from),
    to: address(message.to),
    contacts: message.getHeaders('contact').map((_, i) => address(message.parseHeader('contact', i) as JsSipAddress)),
    cseq: [message.cseq, (message.parseHeader('cseq') as { method: string }).method],
    callId: message.call_id,
    // It knows no compact form of a field that it does not use.
    subject: unfolded(message.getHeader('subject') ?? message.getHeader('s') ?? ''),
    body: message.body,
  });
};

/** URIs in one form, whatever is written in escapes or capitals; no more of the Vias than JsSIP reads. */
export function sameForm(meaning: Meaning): Meaning {
  const one = (uri: string): string => decodeURIComponent(uri).toLowerCase();
  const address = (all: MeantAddress): MeantAddress => ({ ...all, uri: one(all.uri) });
  const { start, vias } = meaning;
  return {
    ...meaning,
    start: typeof start[0] === 'string' ? [start[0], one(start[1])] : start,
    vias: vias.slice(0, 1).map((via) => ({ ...via, params: { branch: via.params.branch ?? null } })),
    from: address(meaning.from),
    to: address(meaning.to),
    contacts: meaning.contacts.map(address),
  };
}

export const readByUs: Reader = (text) => {
  const parsed = parseText(text, limits);
  if (!parsed.ok) return undefined;
  const message = parsed.value;
  const { headers } = message;
  const params = (all: NameAddr['params']): Record<string, string | null> =>
    Object.fromEntries([...all].map(([name, value]) => [name, value ?? null]));
  const address = ({ displayName = '', uri, params: all }: NameAddr): MeantAddress => {
    return { name: displayName, uri, params: params(all) };
  };
  const contacts = unwrap(parseContacts(headers));
  const cseq = unwrap(parseCSeq(headers.get('CSeq') ?? ''));
  return {
    start: message.kind === 'request' ? [message.method, message.uri] : [message.status, message.reason],
    vias: headers.getList('Via').map((text) => {
      const { transport, sentBy, params: all } = unwrap(parseVia(text));
      return { transport, host: sentBy.host, port: sentBy.port, params: params(all) };
    }),
    from: address(unwrap(parseNameAddr(headers.get('From') ?? ''))),
    to: address(unwrap(parseNameAddr(headers.get('To') ?? ''))),
    contacts: contacts === '*' ? [] : contacts.map(address),
    cseq: [cseq.sequence, cseq.method],
    callId: headers.get('Call-ID') ?? '',
    subject: headers.get('Subject') ?? '',
    body: bodyText(message),
  };
};
