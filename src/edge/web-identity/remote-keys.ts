import { createPublicKey } from 'node:crypto';
import { type Clock } from '../../base/clock.ts';
import { type Outcome } from '../../base/outcome.ts';
import { fail, ok, type Result } from '../../base/result.ts';
import {
  type KeyFailure,
  type KeySource,
  type SigningAlgorithm,
  type SigningKey,
} from '../../credentials/signing-keys.ts';
import { parseJson, type WebFetch } from './web-fetch.ts';

/** Milliseconds for which keys are used without asking again: a withdrawn key is accepted for no longer. */
const FRESH_MS = 300_000;
/** Milliseconds for which keys are used while the authorization server does not answer. */
const STALE_MS = 3_600_000;
/** Shortest time between two requests for keys, in milliseconds, because anybody can make up key names in tokens. */
const PAUSE_MS = 10_000;
const MAX_KEYS = 32;
const MAX_RSA_BITS = 4096;
const MIN_RSA_BITS = 2048;

export interface RemoteKeysContext {
  readonly uri: string;
  readonly fetch: WebFetch;
  readonly clock: Clock;
}

type Found = Result<SigningKey, KeyFailure>;

/** The keys that an authorization server publishes (RFC 7517 §5): asked for when they are needed, and seldom. */
export class RemoteKeys implements KeySource {
  readonly #context: RemoteKeysContext;
  #keys: ReadonlyMap<string, SigningKey> = new Map();
  #readAtMs = -Infinity;
  #askedAtMs = -Infinity;
  #asking: Promise<void> | undefined;

  constructor(context: RemoteKeysContext) {
    this.#context = context;
  }

  find(kid: string): Outcome<Found> {
    const { monotonicMs } = this.#context.clock.now();
    const known = this.#keys.get(kid);
    const ageMs = monotonicMs - this.#readAtMs;
    if (known && ageMs < FRESH_MS) return ok(known);
    if (!this.#asking && monotonicMs - this.#askedAtMs < PAUSE_MS) return this.#knownAt(kid, monotonicMs);
    return {
      later: (settle) => {
        const end = (): void => {
          settle(this.#knownAt(kid, this.#context.clock.now().monotonicMs));
        };
        void this.#ask().then(end, end);
      },
    };
  }

  /** `unknown-key` only of a server that has said so of late. */
  #knownAt(kid: string, nowMs: number): Found {
    const ageMs = nowMs - this.#readAtMs;
    if (ageMs >= STALE_MS) return fail('unavailable');
    const known = this.#keys.get(kid);
    return known ? ok(known) : fail(ageMs < FRESH_MS ? 'unknown-key' : 'unavailable');
  }

  /** Asks for the keys. There is one request at a time, for all that wait. */
  #ask(): Promise<void> {
    this.#asking ??= this.#read().finally(() => {
      this.#asking = undefined;
    });
    return this.#asking;
  }

  async #read(): Promise<void> {
    const { uri, fetch, clock } = this.#context;
    this.#askedAtMs = clock.now().monotonicMs;
    const { status, body } = await fetch({ url: uri });
    const keys = status === 200 ? readKeySet(parseJson(body)) : undefined;
    if (!keys) return;
    this.#keys = keys;
    this.#readAtMs = clock.now().monotonicMs;
  }
}

/** By `kid`, the keys of a key set that tokens may be signed with; all others are left out. `undefined` when it is none. Never throws. */
export function readKeySet(value: unknown): ReadonlyMap<string, SigningKey> | undefined {
  const list: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, 'keys') : undefined;
  if (!Array.isArray(list)) return undefined;
  const keys = new Map<string, SigningKey>();
  for (const entry of list.slice(0, MAX_KEYS) as readonly unknown[]) {
    const jwk =
      typeof entry === 'object' && entry !== null ? new Map<string, unknown>(Object.entries(entry)) : undefined;
    const kid = jwk?.get('kid');
    const key = jwk && readKey(jwk);
    if (typeof kid === 'string' && key && !keys.has(kid)) keys.set(kid, key);
  }
  return keys;
}

function readKey(jwk: ReadonlyMap<string, unknown>): SigningKey | undefined {
  const algorithm = algorithmOf(jwk);
  const isForSignatures = (jwk.get('use') ?? 'sig') === 'sig' && (jwk.get('alg') ?? algorithm) === algorithm;
  if (!algorithm || !isForSignatures) return undefined;
  try {
    const { kty, crv, x, y, n, e } = Object.fromEntries(jwk);
    const given = algorithm === 'ES256' ? { kty, crv, x, y } : { kty, n, e };
    const key = createPublicKey({ key: given as Record<string, string>, format: 'jwk' });
    const bits = key.asymmetricKeyDetails?.modulusLength ?? MIN_RSA_BITS;
    return bits >= MIN_RSA_BITS && bits <= MAX_RSA_BITS ? { algorithm, key } : undefined;
  } catch {
    return undefined;
  }
}

function algorithmOf(jwk: ReadonlyMap<string, unknown>): SigningAlgorithm | undefined {
  if (jwk.get('kty') === 'RSA') return 'RS256';
  return jwk.get('kty') === 'EC' && jwk.get('crv') === 'P-256' ? 'ES256' : undefined;
}
