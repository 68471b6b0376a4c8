import { headerKey } from '../../sip/header-names.ts';
import { type SipHeaders, type SipRequest, type SipResponse } from '../../sip/message.ts';
import { limitCredentials, withholdKeys } from './credential-fields.ts';
import { dropCallbackClaim, dropLocationSource, limitEarlyMedia } from './field-rules.ts';
import { dropClaims, withoutClaimsOrPort } from './identity-claims.ts';
import { withholdPrivate } from './privacy.ts';
import { stripFromAnswer, stripFromClient, stripToClient } from './trust-domain-headers.ts';

/*
 * What no client may say and none is told, whatever core is behind the edge: the core inside asserts nothing, so that what a client asserted would reach
 * another client as if somebody had.
 */

/** Fields with rules of their own. Most messages have none of them, and need one look. */
const RULED_IN = keysOf('P-Early-Media', 'Priority', 'Geolocation');
const RULED_OUT = keysOf('Geolocation', 'Privacy', 'History-Info', 'Diversion');

/** Takes off a client's request, on its way in, what no client may say. */
export function cleanRequest({ method, headers }: SipRequest): void {
  limitCredentials(headers);
  // What a client sends over and over is looked at once.
  if (headers.areRepeated && headers.derive(isClean)) return;
  cleanRepeated(method, headers);
}

/** Whether a REGISTER has nothing that is to be taken off. */
function isClean(headers: SipHeaders): boolean {
  const cleaned = headers.clone();
  cleanRepeated('REGISTER', cleaned);
  return cleaned.formatLines(0) === headers.formatLines(0);
}

function cleanRepeated(method: string, headers: SipHeaders): void {
  stripFromClient(headers);
  // A client is the end of each dialog; what it writes here would send the other side, or another client, where it likes.
  headers.remove('Record-Route');
  if (headers.hasAny(RULED_IN)) {
    limitEarlyMedia(headers);
    dropCallbackClaim(headers);
    dropLocationSource(headers);
  }
  dropClaims(headers, 'Contact');
  limitIdentity(headers, 'From');
  if (method === 'REGISTER') limitIdentity(headers, 'To');
}

/** Takes off a client's response what no client may say. `request`: what it answers, as it was sent to the client. */
export function cleanResponse({ headers }: SipResponse, request: SipRequest): void {
  stripFromAnswer(headers);
  dropLocationSource(headers);
  dropClaims(headers, 'Contact');
  // RFC 3261 §12.1.1: as it was sent.
  if (headers.has('Record-Route')) headers.takeFrom(request.headers, 'Record-Route');
  // RFC 3261 §8.2.6.2: who is calling whom is not for an answer to change. The tag of To is the answer's own.
  const [from, to] = [request.headers.get('From') ?? '', headers.get('To') ?? ''];
  if (headers.get('From') !== from) headers.set('From', from);
  if (!to.startsWith(request.headers.get('To') ?? '')) limitIdentity(headers, 'To');
}

/** Takes off a request, on its way to a client, what no client may see. */
export function cleanForClient(headers: SipHeaders): void {
  stripToClient(headers);
  if (!headers.hasAny(RULED_OUT)) return;
  dropLocationSource(headers);
  withholdPrivate(headers);
}

/** Takes off a response, on its way to a client, what no client may see. `request`: what it answers, as the client sent it. */
export function cleanAnswerForClient({ headers }: SipResponse, request: SipRequest): void {
  cleanForClient(headers);
  withholdKeys(headers);
  // It is told of its From as it wrote it, without which some clients do not know their own request.
  const [from, asked] = [headers.get('From'), request.headers.get('From') ?? ''];
  if (from !== asked && from === withoutClaimsOrPort(asked)) headers.set('From', asked);
}

function limitIdentity(headers: SipHeaders, name: string): void {
  const value = headers.get(name) ?? '';
  const limited = withoutClaimsOrPort(value);
  if (limited !== undefined && limited !== value) headers.set(name, limited);
}

function keysOf(...names: string[]): ReadonlySet<string> {
  return new Set(names.map(headerKey));
}
