import { BoundedMap } from '../../../base/bounded-map.ts';
import { TextMemo } from '../../../base/text-memo.ts';
import { formatHostPort, type HostPort } from '../../../sip/host-port.ts';
import { type SipHeaders, type SipRequest, type SipResponse } from '../../../sip/message.ts';
import { parseNameAddr } from '../../../sip/name-addr.ts';
import { parseSipUri, type SipUri } from '../../../sip/uri.ts';
import { topVia } from '../../../sip/via.ts';
import { type Hop } from '../../hop.ts';
import { isSameHostPort } from './destination-key.ts';

const MAX_PLACES = 4096;
const MEMO_CAPACITY = 256;
/** Default ports of SIP (RFC 3261 §19.1.2). */
const SIP_PORTS: ReadonlySet<number | undefined> = new Set([undefined, 5060, 5061]);
/** Entries of this edge in each Record-Route: one for either side. */
const OWN_ENTRIES = 2;

/**
 * The destinations that the core has named where requests of a client are to go first. A client is free in what it writes into a request in a
 * dialog; a port of a core's machine that the core has never named may belong to anything. Only the entry of Service-Route or Record-Route
 * that stands next to this edge is of the core: anybody may have written all others, and the Contact behind them. A Contact counts where it
 * is the destination of the core that the message has come from, which is then one end of the dialog itself.
 */
export class RouteMemory {
  /** The configured destinations, which are never forgotten. */
  readonly #configured: ReadonlySet<string>;
  /** Apart from the others, so that no number of calls pushes out where registered users are served. */
  readonly #serviceRoutes = new BoundedMap<true>(MAX_PLACES);
  readonly #dialogs = new BoundedMap<true>(MAX_PLACES);
  readonly #contacts = new BoundedMap<true>(MAX_PLACES);
  /** By entry of a Route set, of which a core has few: the key of its URI, `null` where it has none. */
  readonly #keys = new TextMemo(MEMO_CAPACITY, (text) => {
    const uri = uriOf(text);
    return uri ? keyOf(uri) : null;
  });

  /** `configured`: the URIs of the core. */
  constructor(configured: readonly SipUri[]) {
    this.#configured = new Set(configured.map(keyOf));
  }

  /** Learns from a request of the core to a client where a Route of that client may lead. Our own Record-Route and Via are not added yet; `from`: the core. */
  learnFromRequest(headers: SipHeaders, from: Hop): void {
    const nearest = headers.getFirst('Record-Route');
    if (nearest === undefined) this.#learnContact(headers, from, topVia(headers)?.sentBy);
    else this.#learn(this.#dialogs, nearest);
  }

  /** Learns from a response of the core to a client where a Route of that client may lead. `from`: the core. */
  learnFromResponse({ headers, status }: SipResponse, { method }: SipRequest, from: Hop): void {
    if (status > 299) return;
    if (method === 'REGISTER') {
      this.#learn(this.#serviceRoutes, headers.getFirst('Service-Route'));
      return;
    }
    const entries = headers.getList('Record-Route');
    if (entries.length < OWN_ENTRIES) return;
    const nearest = entries.at(-OWN_ENTRIES - 1);
    if (nearest === undefined) this.#learnContact(headers, from);
    else this.#learn(this.#dialogs, nearest);
  }

  knows(uri: SipUri): boolean {
    return SIP_PORTS.has(uri.port) || this.isNamed(uri);
  }

  /** Whether a URI that is known may be followed to a port: anybody can have SRV records that lead to a machine of the core. */
  mayLeadTo(uri: SipUri, port: number): boolean {
    return SIP_PORTS.has(port) || this.isNamed(uri);
  }

  /** Whether it is the core, and no client, that speaks of this destination. */
  isNamed(uri: SipUri): boolean {
    const key = keyOf(uri);
    return this.#isEnd(key) || this.#serviceRoutes.has(key) || this.#dialogs.has(key);
  }

  /** Whether a machine of the core is known to be one end of dialogs there itself: a back-to-back user agent. */
  isEnd(uri: SipUri): boolean {
    return this.#isEnd(keyOf(uri));
  }

  #isEnd(key: string): boolean {
    return this.#configured.has(key) || this.#contacts.has(key);
  }

  /** Learns the Contact of a core's machine. `sentBy`: the one in the core's own Via. */
  #learnContact(headers: SipHeaders, { remoteAddress, remotePort }: Hop, sentBy?: HostPort): void {
    const uri = uriOf(headers.get('Contact'));
    const isSource = uri !== undefined && isSameHostPort(uri, { host: remoteAddress, port: remotePort });
    if (isSource || (uri && sentBy && isSameHostPort(uri, sentBy))) this.#contacts.set(keyOf(uri), true);
  }

  #learn(learned: BoundedMap<true>, text: string | undefined): void {
    const key = text === undefined ? null : this.#keys.get(text);
    if (key !== null) learned.set(key, true);
  }
}

function uriOf(text: string | undefined): SipUri | undefined {
  const nameAddr = parseNameAddr(text ?? '');
  const uri = nameAddr.ok ? parseSipUri(nameAddr.value.uri) : undefined;
  return uri?.ok ? uri.value : undefined;
}

/** RFC 3263 §4: `maddr` stands in for the host, so another one is another destination. */
function keyOf(uri: SipUri): string {
  return `${formatHostPort(uri)};${uri.params.get('maddr')?.toLowerCase() ?? ''}`;
}
