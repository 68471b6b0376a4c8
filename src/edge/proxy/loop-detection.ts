import { hash, randomBytes } from 'node:crypto';
import { type SipRequest } from '../../sip/message.ts';
import { newBranch } from '../../sip/token.ts';
import { branchOf } from '../../sip/via.ts';

const HASH_LENGTH = 16;
/** Via fields that are looked at: as many hops as Max-Forwards lets a request make (RFC 3261 §20.22). */
const MAX_VIAS = 256;
/** Further fields that decide where a request goes, in an order of their own. */
const ROUTING: ReadonlySet<string> = new Set(['route', 'proxy-require', 'proxy-authorization']);

/**
 * RFC 5393 §4.2: the branch this proxy writes ends in a hash over all that decides where a request goes. The same request coming back
 * under the same hash has looped; with another it has spiralled, which is allowed.
 */
export class LoopDetection {
  /** Before what is hashed. Of the hash too little is shown for anybody to go on from it, so that this keys it as well as an HMAC. */
  readonly #key = randomBytes(32).toString('base64url');
  #latest: { readonly request: SipRequest; readonly hash: string } | undefined;

  /** A branch for one forwarded copy of the request as it was received; unique for each (RFC 3261 §16.6 step 8). */
  branch(received: SipRequest): string {
    return `${newBranch()}.${this.#hashOf(received)}`;
  }

  /**
   * Most requests come straight from their sender; one that has passed here before has our Via below the sender's, under whatever name this
   * edge is known on the side it left by.
   */
  hasLooped(received: SipRequest): boolean {
    const { headers } = received;
    if (!headers.isRepeated('Via') && headers.get('Via')?.includes(',') !== true) return false;
    const vias = headers.getList('Via', MAX_VIAS);
    for (let i = 1; i < vias.length; i++) {
      const branch = branchOf(vias[i] ?? '') ?? '';
      const hashAt = branch.length - HASH_LENGTH;
      if (branch.charAt(hashAt - 1) === '.' && branch.startsWith(this.#hashOf(received), hashAt)) return true;
    }
    return false;
  }

  /** Of the request that was asked for last it is known: one that is looked for is forwarded next. */
  #hashOf(request: SipRequest): string {
    if (this.#latest?.request !== request) this.#latest = { request, hash: this.#hash(request) };
    return this.#latest.hash;
  }

  #hash(request: SipRequest): string {
    const { headers } = request;
    const [from, to] = [headers.get('From') ?? '', headers.get('To') ?? ''];
    let text = `${this.#key}\n${request.uri}\n${from}\n${to}\n${headers.get('Call-ID') ?? ''}\n${headers.get('CSeq') ?? ''}`;
    if (headers.hasAny(ROUTING)) {
      for (const name of ROUTING) for (const value of headers.getAll(name)) text += `\n${value}`;
    }
    return hash('sha256', text, 'base64url').slice(0, HASH_LENGTH);
  }
}
