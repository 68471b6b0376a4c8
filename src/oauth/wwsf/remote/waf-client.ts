import { type Clock, type Now } from '../../../base/clock.ts';
import { OAUTH_ERRORS, type OAuthError, type WafFault } from '../../oauth-words.ts';
import { BackOff } from './back-off.ts';
import { type ClientSigner } from './client-signer.ts';
import { type EndpointFinder, type WafEndpoints } from './waf-endpoints.ts';
import { parseMembers, type WafAnswer, type WafFetch } from './waf-fetch.ts';

export interface WafClientParts {
  readonly signer: ClientSigner;
  readonly endpoints: EndpointFinder;
  readonly fetch: WafFetch;
  readonly clock: Clock;
  readonly pause: (ms: number) => Promise<void>;
  /** Hears why there was no token. */
  readonly report: (fault: WafFault, now: Now) => void;
}

/** The body of an answer of 200, or why there is none: it makes no such token, or cannot be asked for so many seconds. */
export type WafWord =
  | { readonly kind: 'said'; readonly body: string; readonly endpoints: WafEndpoints }
  | { readonly kind: 'refused'; readonly error: OAuthError }
  | { readonly kind: 'unavailable'; readonly retryAfterSec: number };

/** The parameters of one try: a proof or an assertion is good once. */
export type MakeFields = (now: Now) => Readonly<Record<string, string>>;

/** A connection that was kept may have been closed at the other end just now; a server that starts again takes a moment. */
const PAUSES_MS: readonly number[] = [200, 600];
/** After so long no other try begins. A try is bounded by itself. */
const LAST_TRY_MS = 2000;
/** Requests under way at a time. */
const MAX_WAITING = 200;
const FULL_SEC = 1;

/** The token endpoint of an authorization server (WAF) on another machine, as its client uses it. Never rejects. */
export class WafClient {
  readonly #parts: WafClientParts;
  readonly #backOff = new BackOff();
  #waiting = 0;

  constructor(parts: WafClientParts) {
    this.#parts = parts;
  }

  async ask(fields: MakeFields, now: Now): Promise<WafWord> {
    const waitSec = this.#backOff.waitSec(now);
    if (waitSec > 0) return { kind: 'unavailable', retryAfterSec: waitSec };
    if (this.#waiting >= MAX_WAITING) return { kind: 'unavailable', retryAfterSec: FULL_SEC };
    this.#waiting += 1;
    try {
      return await this.#askNow(fields, now);
    } finally {
      this.#waiting -= 1;
    }
  }

  async #askNow(fields: MakeFields, askedAt: Now): Promise<WafWord> {
    const { endpoints } = this.#parts;
    const found = await endpoints.find();
    if (!found.ok) return this.#away(found.reason, askedAt);
    const answer = await this.#post(found.value.tokenEndpoint, fields, askedAt);
    if (!answer) return this.#away('no-answer', askedAt);
    const { status, body, retryAfter } = answer;
    if (status === 200) {
      this.#backOff.succeeded();
      return { kind: 'said', body, endpoints: found.value };
    }
    if (status === 429) return this.#away('too-many-requests', askedAt, retryAfter);
    if (status >= 500) return this.#away('server-error', askedAt, retryAfter);
    const error = errorOf(body);
    if (error === undefined) return this.#away('malformed-answer', askedAt);
    if (error === 'invalid_client') return this.#away('client-not-believed', askedAt);
    this.#backOff.succeeded();
    this.#parts.report('token-refused', this.#now);
    return { kind: 'refused', error };
  }

  /** Tries again where nothing came back, which a token request does not mind: each try has proofs of its own. */
  async #post(url: string, fields: MakeFields, askedAt: Now): Promise<WafAnswer | undefined> {
    const { signer, fetch, pause } = this.#parts;
    for (const pauseMs of [0, ...PAUSES_MS]) {
      if (this.#now.monotonicMs - askedAt.monotonicMs + pauseMs > LAST_TRY_MS) return undefined;
      if (pauseMs > 0) await pause(pauseMs);
      const proof = signer.prove(this.#now);
      const body = new URLSearchParams({ ...fields(this.#now), ...proof.fields }).toString();
      const headers = { ...proof.headers, accept: 'application/json', 'content-type': FORM_TYPE };
      try {
        return await fetch({ url, headers, body });
      } catch {
        continue;
      }
    }
    return undefined;
  }

  #away(fault: WafFault, askedAt: Now, retryAfter?: string): WafWord {
    this.#parts.report(fault, this.#now);
    return { kind: 'unavailable', retryAfterSec: this.#backOff.failed(askedAt, this.#now, retryAfter) };
  }

  get #now(): Now {
    return this.#parts.clock.now();
  }
}

const FORM_TYPE = 'application/x-www-form-urlencoded';

/** RFC 6749 §5.2; an error that is not known here is one of the request. */
function errorOf(body: string): OAuthError | undefined {
  const error = parseMembers(body)?.get('error');
  if (typeof error !== 'string') return undefined;
  return Object.hasOwn(OAUTH_ERRORS, error) ? (error as OAuthError) : 'invalid_request';
}
