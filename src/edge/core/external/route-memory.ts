import { AgeMap } from '../../../core/age-map.ts';
import { formatHostPort } from '../../../sip/host-port.ts';
import { isInDialog } from '../../../sip/in-dialog.ts';
import { type SipHeaders, type SipRequest, type SipResponse } from '../../../sip/message.ts';
import { parseNameAddr } from '../../../sip/name-addr.ts';
import { parseSipUri, type SipUri } from '../../../sip/uri.ts';

const MAX_PLACES = 4096;
/** Where RFC 3261 §19.1.2 has SIP listen. */
const SIP_PORTS: ReadonlySet<number | undefined> = new Set([undefined, 5060, 5061]);
/** Entries of this edge in each Record-Route: one for either side. */
const OWN_ENTRIES = 2;

/**
 * The places that the core has named where requests of a client are to go first, by host and port. A client is free in what it writes into a
 * request in a dialog; a port of a core's machine that the core has never named may belong to anything. Only what stands next to this edge is
 * of the core: all others of a Route set, and the Contact behind it, anybody may have written, another client among them.
 */
export class RouteMemory {
  readonly #places = new AgeMap<true>();

  /** `configured`: URIs of the core. */
  constructor(configured: readonly SipUri[]) {
    for (const uri of configured) this.#places.set(formatHostPort(uri), true);
  }

  /** Of a request to a client, without our own Record-Route yet. */
  learnFromRequest(headers: SipHeaders): void {
    const [nearest] = headers.getList('Record-Route');
    if (nearest !== undefined) this.#learn(nearest);
    else if (!isInDialog({ headers })) this.#learn(headers.get('Contact'));
  }

  /** Of a response to a client. */
  learnFromResponse({ headers, status }: SipResponse, { method }: SipRequest): void {
    if (method === 'REGISTER') {
      this.#learn(headers.getList('Service-Route')[0]);
      return;
    }
    const entries = headers.getList('Record-Route');
    if (status > 299 || entries.length < OWN_ENTRIES) return;
    this.#learn(entries.at(-OWN_ENTRIES - 1) ?? headers.get('Contact'));
  }

  knows(uri: SipUri): boolean {
    return SIP_PORTS.has(uri.port) || this.#isNamed(uri);
  }

  /** Whether a URI that is known may be followed to a port: anybody can have SRV records that lead to a machine of the core. */
  mayLeadTo(uri: SipUri, port: number): boolean {
    return SIP_PORTS.has(port) || this.#isNamed(uri);
  }

  #isNamed(uri: SipUri): boolean {
    return this.#places.has(formatHostPort(uri));
  }

  #learn(text: string | undefined): void {
    const route = parseNameAddr(text ?? '');
    const uri = route.ok ? parseSipUri(route.value.uri) : undefined;
    if (!uri?.ok) return;
    this.#places.set(formatHostPort(uri.value), true);
    if (this.#places.size > MAX_PLACES && this.#places.oldest) this.#places.delete(this.#places.oldest.key);
  }
}
