import { DELIVERY_FAILURES } from '../../credentials/delivered/delivery-words.ts';
import {
  AUTHENTICATION_FAILURES,
  CORE_DOWN_CAUSES,
  CREDENTIAL_REFUSALS,
  FLOW_CLOSE_CAUSES,
  FLOW_REFUSALS,
  type FlowCloseCause,
  LIMIT_CAUSES,
  REG_EVENT_ENDS,
  REG_EVENT_ORDERS,
  type RegEventEnd,
  type RegEventOrder,
} from '../../edge/edge-words.ts';
import { SIGN_IN_REFUSALS, TOKEN_REFUSALS } from '../../oauth/oauth-words.ts';
import {
  ALLOCATION_END_CAUSES,
  type AllocationEndCause,
  AUTHENTICATION_CAUSES,
  type AuthenticationCause,
  PEER_DENIALS,
  REFUSAL_CAUSES,
} from '../../turn/engine/observe/turn-words.ts';
import { FAULT_WORDS } from './fault-words.ts';
import { turnMethodName } from './turn-method-name.ts';

/** An event of the lab, as its stream tells it. */
export type ToldEvent = Readonly<Record<string, unknown>> & { readonly type: string };

interface Explanation {
  /** What failed. */
  readonly what: (event: ToldEvent) => string;
  /** Why, and what to do next, by this field of the event. */
  readonly field: 'cause' | 'kind';
  readonly words: ReadonlyMap<unknown, string>;
}

/** Causes that are no failure, by the event: the client goes on by itself, or wished it so. */
const ROUTINE: ReadonlyMap<string, ReadonlySet<unknown>> = new Map<string, ReadonlySet<unknown>>([
  ['authentication-refused', new Set<AuthenticationCause>(['no-credentials', 'stale-nonce'])],
  ['flow-closed', new Set<FlowCloseCause>(['client', 'stopped'])],
  ['reg-event-ended', new Set<RegEventEnd>(['unneeded'])],
  ['reg-event-obeyed', new Set<RegEventOrder>(['identities'])],
  ['allocation-ended', new Set<AllocationEndCause>(['deleted-by-client', 'client-closed', 'stopped'])],
]);

/** What a lab puts in the place of the server's own cause. */
const BY_FAULT = {
  fault: 'A fault was asked for, and this is it. Take the fault away to see the healthy exchange.',
} as const;

const EXPLANATIONS: ReadonlyMap<string, Explanation> = new Map([
  ['authentication-refused', explanation(authenticationRefused, { ...AUTHENTICATION_CAUSES, ...BY_FAULT })],
  ['request-refused', explanation(requestRefused, { ...REFUSAL_CAUSES, ...BY_FAULT })],
  ['peer-denied', explanation(peerDenied, PEER_DENIALS)],
  ['allocation-ended', explanation((event) => `${of(event)} allocation ended`, ALLOCATION_END_CAUSES)],
  ['authentication-failed', explanation((event) => `The edge refused ${of(event)} login`, AUTHENTICATION_FAILURES)],
  ['credential-refused', explanation(credentialRefused, CREDENTIAL_REFUSALS)],
  ['flow-refused', explanation(() => 'The edge refused a WebSocket', FLOW_REFUSALS)],
  ['flow-closed', explanation((event) => `${of(event)} WebSocket ended`, FLOW_CLOSE_CAUSES)],
  ['limited', explanation((event) => `The edge limits ${text(event.user) ?? 'a client'}`, LIMIT_CAUSES)],
  ['core-down', explanation((event) => `The core at ${text(event.core) ?? 'an address'} is down`, CORE_DOWN_CAUSES)],
  ['reg-event-ended', explanation((event) => `The watch over ${of(event)} registrations ended`, REG_EVENT_ENDS)],
  ['reg-event-obeyed', explanation((event) => `The core changed ${of(event)} registration`, REG_EVENT_ORDERS)],
  ['sign-in-refused', explanation((event) => `Signing in at the ${serverName(event.at)} failed`, SIGN_IN_REFUSALS)],
  ['token-refused', explanation(tokenRefused, TOKEN_REFUSALS)],
  ['delivery-failed', explanation((event) => `${of(event)} TURN credential was not delivered`, DELIVERY_FAILURES)],
  ['fault-fired', explanation(faultFired, FAULT_WORDS, 'kind')],
]);

/** What failed, why, and what to do next, in plain words. `undefined` for an event that is no failure. */
export function explainLabEvent(event: ToldEvent): string | undefined {
  const found = EXPLANATIONS.get(event.type);
  if (!found || ROUTINE.get(event.type)?.has(event.cause)) return undefined;
  const why = found.words.get(event[found.field]);
  return why === undefined ? undefined : capital(`${found.what(event)}: ${lower(why)}`);
}

function explanation(
  what: Explanation['what'],
  words: Readonly<Record<string, string>>,
  field: Explanation['field'] = 'cause',
): Explanation {
  return { what, field, words: new Map(Object.entries(words)) };
}

function authenticationRefused(event: ToldEvent): string {
  const code = new Map<unknown, number>([
    ['incomplete-credentials', 400],
    ['malformed-integrity', 400],
    ['bid-down', 400],
    ['foreign-nonce', 438],
  ]).get(event.cause);
  return `The TURN server refused ${of(event)} ${turnMethodName(event.method)} (${code ?? 401})`;
}

function requestRefused(event: ToldEvent): string {
  const code = typeof event.code === 'number' ? ` (${event.code})` : '';
  return `The TURN server refused ${of(event)} ${turnMethodName(event.method)}${code}`;
}

function peerDenied(event: ToldEvent): string {
  return `The relay does not carry ${of(event)} media to ${addressText(event.peer)}`;
}

function credentialRefused(event: ToldEvent): string {
  return `The edge gave ${text(event.user) ?? 'a client'} no TURN credential`;
}

function serverName(at: unknown): string {
  return at === 'waf' ? 'authorization server' : 'web server';
}

function tokenRefused(event: ToldEvent): string {
  return `The authorization server gave ${text(event.client) ?? 'a client'} no token`;
}

function faultFired(event: ToldEvent): string {
  const method = text(event.method);
  const where = [text(event.user), method].filter((word) => word !== undefined).join(', ');
  return `The fault ${text(event.kind) ?? ''} hit${where === '' ? '' : ` (${where})`}`;
}

/** `alice’s`, or `a client’s` of one that is not known. */
function of(event: ToldEvent): string {
  return `${text(event.user) ?? 'a client'}’s`;
}

function addressText(peer: unknown): string {
  if (typeof peer !== 'object' || peer === null) return 'that peer';
  const { address, port } = peer as { address?: unknown; port?: unknown };
  if (typeof address !== 'string' || typeof port !== 'number') return 'that peer';
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function capital(sentence: string): string {
  return sentence.charAt(0).toUpperCase() + sentence.slice(1);
}

/** Only an ordinary word: USERNAME and TURN keep their capitals. */
function lower(sentence: string): string {
  return /^[A-Z][a-z]*\b(?!-)/.test(sentence) ? sentence.charAt(0).toLowerCase() + sentence.slice(1) : sentence;
}
