import { hash } from 'node:crypto';
import { readAuthFields } from '../../sip/auth-params.ts';
import { type SipHeaders, type SipRequest, type SipResponse } from '../../sip/message.ts';
import { type Hop } from '../hop.ts';

/** Whom a digest proof is of: a private user identity (IMPI) and the realm it is known in. */
export interface DigestLogin<Text extends string = string> {
  readonly username: Text;
  readonly realm: Text;
}

export function isSameLogin(a: DigestLogin | undefined, b: DigestLogin | undefined): boolean {
  return a?.username === b?.username && a?.realm === b?.realm;
}

/** A flow has one client, with a handful of users at most; a challenge may be answered again while its nonce lasts. */
const MAX_PER_FLOW = 16;
/** How many challenges of one response are remembered. A real response has one or two, by algorithm. */
const MAX_PER_RESPONSE = 4;
/** Characters kept of a hash in base64url: 96 bits. */
const KEY_CHARACTERS = 16;

const FIELDS = { Authorization: 'WWW-Authenticate', 'Proxy-Authorization': 'Proxy-Authenticate' } as const;
const CREDENTIALS = Object.keys(FIELDS) as (keyof typeof FIELDS)[];

/**
 * Challenges to REGISTER that a core has sent through the edge, by flow and by address-of-record. A proof that answers one of them, and that the core
 * accepts, is the client's own: what a client writes besides, in fields that the core did not ask for, says nothing of who it is. Of a challenge
 * a short hash is kept, and no longer than its flow.
 */
export class PassedChallenges {
  readonly #flows = new WeakMap<Hop, Set<string>>();

  /** Notes a response to a REGISTER on its way to the flow that sent `request`. `aor`: the address-of-record in its To. */
  note(response: SipResponse, request: SipRequest, aor: string, hop: Hop): void {
    const { headers, status } = response;
    for (const name of CREDENTIALS) {
      for (const value of headers.getAll(FIELDS[name]).slice(0, MAX_PER_RESPONSE)) {
        const params = digestParams(value);
        if (params?.has('nonce')) this.#add(keyOf(name, aor, params), hop);
      }
    }
    if (status >= 200 && status <= 299) this.#noteNext(headers, request, aor, hop);
  }

  /** Whether this value of a field of credentials answers a challenge that was passed for this address-of-record on this flow. */
  isAnsweredBy(name: keyof typeof FIELDS, value: string, aor: string, hop: Hop): boolean {
    return this.#loginIn(name, value, aor, hop) !== undefined;
  }

  /** Who has answered a challenge in this REGISTER. */
  loginOf({ headers }: SipRequest, aor: string, hop: Hop): DigestLogin | undefined {
    if (!this.#flows.has(hop)) return undefined;
    for (const name of CREDENTIALS) {
      for (const value of headers.getAll(name).slice(0, MAX_PER_RESPONSE)) {
        const login = this.#loginIn(name, value, aor, hop);
        if (login) return login;
      }
    }
    return undefined;
  }

  /** Whether the credentials of this REGISTER, if it has any, are all in the name of this login. */
  namesNobodyBut(login: DigestLogin, { headers }: SipRequest): boolean {
    return CREDENTIALS.every((name) =>
      headers.getAll(name).every((value) => {
        const params = digestParams(value);
        return params?.get('username') === login.username && params.get('realm') === login.realm;
      }),
    );
  }

  #loginIn(name: keyof typeof FIELDS, value: string, aor: string, hop: Hop): DigestLogin | undefined {
    const passed = this.#flows.get(hop);
    if (!passed) return undefined;
    const params = digestParams(value);
    const username = params?.get('username');
    if (!params?.get('response') || username === undefined || !passed.has(keyOf(name, aor, params))) return undefined;
    return { username, realm: params.get('realm') ?? '' };
  }

  /** RFC 7616 §3.5: a core may name the nonce of the next proof in the answer to this one. */
  #noteNext(headers: SipHeaders, request: SipRequest, aor: string, hop: Hop): void {
    const info = headers.get('Authentication-Info');
    // The scheme is for the parser alone.
    const nonce = info === undefined ? undefined : digestParams(`Digest ${info}`)?.get('nextnonce');
    const login = nonce === undefined ? undefined : this.loginOf(request, aor, hop);
    if (nonce === undefined || !login) return;
    const next = new Map([
      ['realm', login.realm],
      ['nonce', nonce],
    ]);
    this.#add(keyOf('Authorization', aor, next), hop);
  }

  #add(key: string, hop: Hop): void {
    const passed = this.#flows.get(hop) ?? new Set();
    passed.delete(key);
    passed.add(key);
    const [oldest] = passed;
    if (passed.size > MAX_PER_FLOW && oldest !== undefined) passed.delete(oldest);
    this.#flows.set(hop, passed);
  }
}

/** Whether a request has credentials that may be found wrong. TS 24.229 §5.1.1.2.2: an IMS client names itself first, with an empty `response`. */
export function triesProof({ headers }: SipRequest): boolean {
  return CREDENTIALS.some((name) => headers.getAll(name).some((value) => digestParams(value)?.get('response') !== ''));
}

/** Whom the first digest credentials of a REGISTER name, proven or not. */
export function digestUsername({ headers }: SipRequest): string | undefined {
  for (const name of CREDENTIALS) {
    const username = digestParams(headers.get(name) ?? '')?.get('username');
    if (username !== undefined) return username;
  }
  return undefined;
}

function digestParams(value: string): ReadonlyMap<string, string> | undefined {
  const fields = readAuthFields(value);
  return fields?.scheme === 'digest' ? fields.params : undefined;
}

/** A client, and a core, choose how long these are; a hash has one length, and is no part of a message. */
function keyOf(name: string, aor: string, params: ReadonlyMap<string, string>): string {
  // No part has a line break.
  const text = `${name}\n${aor}\n${params.get('realm') ?? ''}\n${params.get('nonce') ?? ''}`;
  return hash('sha256', text, 'base64url').slice(0, KEY_CHARACTERS);
}
