import { type SipHeaders } from '../../sip/message.ts';
import { createAuthParamFilter } from './auth-param-filter.ts';

const CREDENTIALS = ['Authorization', 'Proxy-Authorization'] as const;
const CHALLENGES = ['WWW-Authenticate', 'Proxy-Authenticate'] as const;

const DIGEST = /^digest[ \t]/i;

/**
 * Parameters with which an edge speaks to the core, so that a client that wrote them would vouch for itself, and the token of a Bearer field that
 * hides behind another scheme. `authorization-entity` names the WAF whose token the edge has checked (TS 24.371,
 * draft-holmberg-sipcore-auth-id): with digest there is none, so the edge has none to name.
 */
const withoutEdgeParams = createAuthParamFilter(
  ['integrity-protected', 'authorization-entity', 'access_token'],
  /integrity-protected|authorization-entity|access_token|(?:^(?:digest[ \t])?|,)[ \t]*bearer(?![^ \t])/i,
);

/** Keys of IMS AKA, which a core writes for its P-CSCF; a client makes its own (TS 24.229 §5.2.2.2). */
const withoutKeys = createAuthParamFilter(['ck', 'ik'], /(?<![\w+/.-])[ci]k[ \t]*=/i);

/**
 * What a client proves itself with may go on if it is a digest. A Bearer token (RFC 8898, TS 24.371 §7.2.1) is for the edge alone, whose word the core
 * takes for it; Basic has no place in SIP (RFC 3261 §22); whatever has no scheme may be a token whose scheme was forgotten.
 */
export function limitCredentials(headers: SipHeaders): void {
  for (const name of CREDENTIALS) {
    if (headers.has(name))
      replaceAll(headers, name, (value) => (DIGEST.test(value) ? withoutEdgeParams(value) : undefined));
  }
}

/** Takes the keys of IMS AKA off the challenges of a response to a client. */
export function withholdKeys(headers: SipHeaders): void {
  for (const name of CHALLENGES) {
    if (headers.has(name)) replaceAll(headers, name, withoutKeys);
  }
}

/**
 * Leaves one field of credentials: one that is `wanted`, else the first. RFC 3261 §22.3 lets a client send one for each realm, but a core that is sent
 * two may prove one of them and believe the other.
 */
export function keepOneCredential(
  headers: SipHeaders,
  isWanted: (name: CredentialField, value: string) => boolean,
): void {
  const all = CREDENTIALS.flatMap((name) => headers.getAll(name).map((value) => ({ name, value })));
  if (all.length < 2) return;
  const kept = all.find(({ name, value }) => isWanted(name, value)) ?? all[0];
  for (const name of CREDENTIALS) headers.remove(name);
  if (kept) headers.append(kept.name, kept.value);
}

export type CredentialField = (typeof CREDENTIALS)[number];

function replaceAll(headers: SipHeaders, name: string, change: (value: string) => string | undefined): void {
  const values = headers.getAll(name);
  const changed = values.map(change);
  if (changed.every((value, index) => value === values[index])) return;
  headers.remove(name);
  for (const value of changed) {
    if (value !== undefined) headers.append(name, value);
  }
}
