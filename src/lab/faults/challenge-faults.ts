import { BoundedMap } from '../../base/bounded-map.ts';
import { parseAuthFields } from '../../sip/auth-params.ts';
import { type SipHeaders, type SipMessage, type SipRequest, type SipResponse } from '../../sip/message.ts';
import { quote } from '../../sip/params.ts';
import { type Hop } from '../../edge/hop.ts';
import { type FaultTarget } from './active-fault.ts';
import { type FaultRegistry } from './fault-registry.ts';
import { rewriteHeader } from './rewrite-header.ts';

/** Requests that wait for their challenge, and nonces that wait for their use, at most. */
const REMEMBERED = 1000;
const CHALLENGES = ['WWW-Authenticate', 'Proxy-Authenticate'];
const STALE = /,\s*stale=[^,]*/i;
const REALM = /\brealm="(?:[^"\\]|\\.)*"/i;

/** Digest challenges that are not what a client hopes for: a nonce said to be stale, a realm that is another's. */
export class ChallengeFaults {
  readonly #faults: FaultRegistry;
  /** Requests whose challenge shall say stale=true. */
  readonly #stale = new BoundedMap<true>(REMEMBERED);
  /** What such a challenge offered: a client that takes it has done what it should, and passes. */
  readonly #fresh = new BoundedMap<true>(REMEMBERED);

  constructor(faults: FaultRegistry) {
    this.#faults = faults;
  }

  /** Takes the proof off, so that the core challenges anew. */
  request(request: SipRequest, target: FaultTarget, hop: Hop): void {
    const { headers } = request;
    if (!headers.has('Authorization') || !this.#faults.find(['sip-stale-nonce'], target)) return;
    const nonces = noncesOf(headers, 'Authorization');
    if (nonces.some((nonce) => this.#fresh.get(nonce))) {
      for (const nonce of nonces) this.#fresh.delete(nonce);
      return;
    }
    this.#faults.take(['sip-stale-nonce'], target);
    headers.remove('Authorization');
    this.#stale.set(exchangeOf(request, hop), true);
  }

  response(response: SipResponse, target: FaultTarget, hop: Hop): void {
    const { headers, status } = response;
    if (status !== 401 && status !== 407) return;
    const exchange = exchangeOf(response, hop);
    if (this.#stale.get(exchange)) {
      this.#stale.delete(exchange);
      for (const name of CHALLENGES) {
        rewriteHeader(headers, name, (value) => `${value.replace(STALE, '')}, stale=true`);
        for (const nonce of noncesOf(headers, name)) this.#fresh.set(nonce, true);
      }
    }
    if (!CHALLENGES.some((name) => headers.has(name))) return;
    const wrongRealm = this.#faults.take(['sip-wrong-realm'], target);
    if (!wrongRealm) return;
    const realm = `realm=${quote(wrongRealm.spec.realm)}`;
    for (const name of CHALLENGES) rewriteHeader(headers, name, (value) => value.replace(REALM, () => realm));
  }
}

function noncesOf(headers: SipHeaders, name: string): string[] {
  return headers.getAll(name).flatMap((value) => parseAuthFields(value)?.params?.get('nonce') ?? []);
}

function exchangeOf({ headers }: SipMessage, hop: Hop): string {
  return `${hop.id} ${headers.get('CSeq') ?? ''} ${headers.get('Call-ID') ?? ''}`;
}
