import { fail, ok, type Result } from '../base/result.ts';
import { isToken, trimBlanks } from './character-class.ts';
import { formatHostPort, parseHostPort, type HostPort } from './host-port.ts';
import { type SipHeaders } from './message.ts';
import { formatParams, parseParams, type ReadonlyParams } from './params.ts';

/** One Via value (RFC 3261 §20.42). */
export interface Via {
  /** The transport in upper case: `WSS`, `WS`, `TCP`, `UDP`, `TLS`, or another token. */
  readonly transport: string;
  readonly sentBy: HostPort;
  /** `branch`, `received`, `rport` (RFC 3581; a bare `rport` has the value `undefined`), and others. */
  readonly params: ReadonlyParams;
}

const USUAL_START = 'SIP/2.0/';
const BRANCH_PARAM = ';branch=';
const USUAL_TRANSPORTS = ['WSS', 'TCP', 'UDP', 'TLS', 'WS'];

/** One value: split lists with `SipHeaders.getList` first. Blanks around the slashes and the colon are legal. */
export function parseVia(text: string): Result<Via, 'malformed'> {
  const usual = readUsual(text);
  return usual ? ok(usual) : readAny(text);
}

/** As nearly everybody writes it, which takes few parts of the text; `undefined` for any other form. */
function readUsual(text: string): Via | undefined {
  if (!text.startsWith(USUAL_START)) return undefined;
  const space = text.indexOf(' ', USUAL_START.length);
  for (const transport of USUAL_TRANSPORTS) {
    if (space !== USUAL_START.length + transport.length || !text.startsWith(transport, USUAL_START.length)) continue;
    const semicolon = text.indexOf(';', space);
    const end = semicolon < 0 ? text.length : semicolon;
    const sentBy = parseHostPort(text.slice(space + 1, end));
    if (!sentBy) return undefined;
    const params = parseParams(text, end);
    return params.ok ? { transport, sentBy, params: params.value } : undefined;
  }
  return undefined;
}

function readAny(text: string): Result<Via, 'malformed'> {
  const firstSlash = text.indexOf('/');
  const secondSlash = text.indexOf('/', firstSlash + 1);
  if (firstSlash < 0 || secondSlash < 0) return fail('malformed');
  const name = trimBlanks(text, 0, firstSlash).toUpperCase();
  const version = trimBlanks(text, firstSlash + 1, secondSlash);
  const semicolon = text.indexOf(';', secondSlash);
  const end = semicolon < 0 ? text.length : semicolon;
  const rest = trimBlanks(text, secondSlash + 1, end);
  const space = rest.search(/[ \t]/);
  const transport = rest.slice(0, Math.max(0, space)).toUpperCase();
  const sentBy = parseHostPort(withoutBlanksAtColons(trimBlanks(rest, Math.max(0, space))));
  const params = parseParams(text, end);
  if (name !== 'SIP' || version !== '2.0' || !isToken(transport) || !sentBy || !params.ok) return fail('malformed');
  return ok({ transport, sentBy, params: params.value });
}

function withoutBlanksAtColons(text: string): string {
  if (!/[ \t]/.test(text)) return text;
  return text
    .split(':')
    .map((part) => trimBlanks(part))
    .join(':');
}

/** The topmost Via, parsed; `undefined` when there is none or it is malformed. */
export function topVia(headers: SipHeaders): Via | undefined {
  const first = headers.getFirst('Via');
  const via = first === undefined ? undefined : parseVia(first);
  return via?.ok ? via.value : undefined;
}

/** The branch of the topmost Via, for whoever needs no more of it; `undefined` when there is none. */
export function topBranch(headers: SipHeaders): string | undefined {
  return branchOf(headers.getFirst('Via') ?? '');
}

/** The branch in one Via value; `undefined` when there is none, or the value is malformed. */
export function branchOf(text: string): string | undefined {
  const only = onlyBranch(text);
  if (only !== undefined) return only;
  const via = parseVia(text);
  return via.ok ? via.value.params.get('branch') : undefined;
}

/** Where nothing else follows the sent-by, as nearly everybody writes it. */
function onlyBranch(text: string): string | undefined {
  const semicolon = text.indexOf(';');
  if (!text.startsWith(USUAL_START) || !text.startsWith(BRANCH_PARAM, semicolon)) return undefined;
  const branch = text.slice(semicolon + BRANCH_PARAM.length);
  return isToken(branch) ? branch : undefined;
}

export function formatVia({ transport, sentBy, params }: Via): string {
  return `SIP/2.0/${transport} ${formatHostPort(sentBy)}${formatParams(params)}`;
}
