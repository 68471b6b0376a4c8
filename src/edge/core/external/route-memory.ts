import { AgeMap } from '../../../core/age-map.ts';
import { formatHostPort } from '../../../sip/host-port.ts';
import { type SipHeaders } from '../../../sip/message.ts';
import { parseNameAddr } from '../../../sip/name-addr.ts';
import { parseSipUri, type SipUri } from '../../../sip/uri.ts';

const MAX_PLACES = 4096;
/** Where RFC 3261 §19.1.2 has SIP listen. */
const SIP_PORTS: ReadonlySet<number | undefined> = new Set([undefined, 5060, 5061]);
const FIELDS = ['Record-Route', 'Service-Route', 'Contact'];

/**
 * The places that the core has named where requests of a dialog are to go, by host and port. A client is free in what it writes into a request
 * in a dialog; a port of a core's machine that the core has never named may belong to anything.
 */
export class RouteMemory {
  readonly #places = new AgeMap<true>();

  /** `configured`: URIs of the core. */
  constructor(configured: readonly SipUri[]) {
    for (const uri of configured) this.#places.set(formatHostPort(uri), true);
  }

  /** Of a message of the core. */
  learn(headers: SipHeaders): void {
    for (const text of FIELDS.flatMap((name) => headers.getList(name))) {
      const route = parseNameAddr(text);
      const uri = route.ok ? parseSipUri(route.value.uri) : undefined;
      if (!uri?.ok || SIP_PORTS.has(uri.value.port)) continue;
      this.#places.set(formatHostPort(uri.value), true);
      if (this.#places.size > MAX_PLACES && this.#places.oldest) this.#places.delete(this.#places.oldest.key);
    }
  }

  knows(uri: SipUri): boolean {
    return SIP_PORTS.has(uri.port) || this.#places.has(formatHostPort(uri));
  }
}
