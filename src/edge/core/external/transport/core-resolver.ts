import { boundedKey } from '../../../../base/bounded-key.ts';
import { BoundedMap } from '../../../../base/bounded-map.ts';
import { type Clock } from '../../../../base/clock.ts';
import { type OwnMap, ownText } from '../../../../base/own-text.ts';
import { type SipUri } from '../../../../sip/uri.ts';
import { type CoreDestination } from '../../core-destination.ts';
import { createDnsClient, type DnsClient } from './dns-client.ts';
import { locate, type Located, type LocatedHost, numericHost, targetOf } from './locate.ts';
import { orderByPriority } from './srv-order.ts';

export interface CoreResolverOptions {
  /** `address`, `address:port` or `[address]:port` of DNS servers; the system's when empty. */
  readonly servers: readonly string[];
  readonly clock: Clock;
  /** How long one question to one server waits for its answer. Each server is asked twice. */
  readonly timeoutMs?: number;
  /** A random number from 0 to below 1. */
  readonly random?: () => number;
  readonly dns?: DnsClient;
}

interface Entry {
  readonly located: Located;
  readonly freshUntilMs: number;
}

const TIMEOUT_MS = 1000;
/** Answers of node:dns come without the TTL of SRV and NAPTR, so this stands for it. */
const FRESH_MS = 30_000;
const NEGATIVE_MS = 5_000;
/** How many names are remembered: names also come in Route, which clients write. */
const MAX_ENTRIES = 1000;
const MAX_ASKED = 200;

/** RFC 3263: where a SIP URI leads, in the order to be tried. */
export class CoreResolver {
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #dns: DnsClient;
  readonly #entries = new BoundedMap<Entry>(MAX_ENTRIES);
  readonly #asked: OwnMap<Promise<Located>> = new Map<string, Promise<Located>>();

  constructor({ servers, clock, timeoutMs = TIMEOUT_MS, random = Math.random, dns }: CoreResolverOptions) {
    this.#clock = clock;
    this.#random = random;
    this.#dns = dns ?? createDnsClient({ servers, timeoutMs });
  }

  /**
   * Never rejects. Empty: nowhere, or nobody could say. While DNS does not answer, what was found before goes on to hold. Places of equal
   * priority come in an order that is drawn anew with each call.
   */
  async resolve(uri: SipUri): Promise<readonly CoreDestination[]> {
    const { sets } = await this.#located(uri);
    const hosts = sets.flatMap((set) => orderByPriority(set, this.#random));
    return distinct(hosts.flatMap((host) => destinationsOf(host, uri)));
  }

  /** Ends the lookups that are under way. */
  close(): void {
    this.#dns.close();
  }

  #located(uri: SipUri): Promise<Located> | Located {
    if (numericHost(targetOf(uri)) !== undefined) return locate(uri, this.#dns);
    const key = keyOf(uri);
    const known = this.#entries.get(key);
    if (known && this.#clock.now().monotonicMs < known.freshUntilMs) return known.located;
    const asked = this.#asked.get(key);
    if (asked) return asked;
    if (this.#asked.size >= MAX_ASKED) return known?.located ?? { sets: [], isComplete: false };
    const asking = locate(uri, this.#dns)
      .then((located) => this.#keep(key, located))
      .finally(() => this.#asked.delete(key));
    this.#asked.set(ownText(key), asking);
    return asking;
  }

  /** Keeps a result, unless it is incomplete and an earlier one is there. */
  #keep(key: string, found: Located): Located {
    const before = this.#entries.get(key)?.located;
    const located = found.isComplete || !before || before.sets.length === 0 ? found : before;
    const isGood = found.isComplete && found.sets.length > 0;
    const freshUntilMs = this.#clock.now().monotonicMs + (isGood ? FRESH_MS : NEGATIVE_MS);
    this.#entries.set(key, { located, freshUntilMs });
    return located;
  }
}

function keyOf(uri: SipUri): string {
  const transport = uri.params.get('transport')?.toLowerCase() ?? '';
  return boundedKey(`${uri.scheme} ${targetOf(uri)} ${uri.port ?? ''} ${transport}`);
}

/** RFC 5922 §7.2: a certificate is for the domain of the URI, wherever its SRV records point. */
function destinationsOf({ transport, addresses, port }: LocatedHost, { host }: SipUri): CoreDestination[] {
  if (transport !== 'tls') return addresses.map((address) => ({ transport, address, port }));
  const serverName = ownText(numericHost(host) ?? host);
  return addresses.map((address) => ({ transport, address, port, serverName }));
}

function distinct(destinations: readonly CoreDestination[]): CoreDestination[] {
  const byKey = new Map<string, CoreDestination>();
  for (const destination of destinations) {
    const { transport, address, port } = destination;
    const key = `${transport} ${address} ${port}`;
    if (!byKey.has(key)) byKey.set(key, destination);
  }
  return [...byKey.values()];
}
