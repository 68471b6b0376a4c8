import { boundedKey } from '../../../../base/bounded-key.ts';
import { BoundedMap } from '../../../../base/bounded-map.ts';
import { type Clock } from '../../../../base/clock.ts';
import { isLater, mapOutcome, type Outcome } from '../../../../base/outcome.ts';
import { type OwnMap, ownText } from '../../../../base/own-text.ts';
import { type SipUri } from '../../../../sip/uri.ts';
import { type CoreDestination } from '../../core-destination.ts';
import { createDnsClient, type DnsClient } from './dns-client.ts';
import { locate, type Located, type LocatedHost, locateNumeric, numericHost, targetOf } from './locate.ts';
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
  readonly found: Found;
  readonly freshUntilMs: number;
}

/** What a URI stands for. */
interface Found {
  readonly located: Located;
  /** The destinations, where nothing of their order is left to chance. */
  readonly fixed: readonly CoreDestination[] | undefined;
}

const TIMEOUT_MS = 1000;
/** Answers of node:dns come without the TTL of SRV and NAPTR, so this stands for it. */
const FRESH_MS = 30_000;
const NEGATIVE_MS = 5_000;
/** How many names are remembered: names also come in Route, which clients write. */
const MAX_ENTRIES = 1000;
const MAX_ASKED = 200;
const NOT_FOUND: Found = { located: { sets: [], isComplete: false }, fixed: [] };

/** RFC 3263: where a SIP URI leads, in the order to be tried. */
export class CoreResolver {
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #dns: DnsClient;
  readonly #entries = new BoundedMap<Entry>(MAX_ENTRIES);
  /** Apart from names, which are dear to look up: where URIs lead that name an address. */
  readonly #numeric = new BoundedMap<readonly CoreDestination[]>(MAX_ENTRIES);
  readonly #asked: OwnMap<Promise<Found>> = new Map<string, Promise<Found>>();

  constructor({ servers, clock, timeoutMs = TIMEOUT_MS, random = Math.random, dns }: CoreResolverOptions) {
    this.#clock = clock;
    this.#random = random;
    this.#dns = dns ?? createDnsClient({ servers, timeoutMs });
  }

  /**
   * Known at once unless DNS has to be asked. Empty: nowhere, or nobody could say. While DNS does not answer, what was found before goes on to hold.
   * Places of equal priority come in an order that is drawn anew with each call; where there is nothing to draw, each call returns the same list.
   */
  resolve(uri: SipUri): Outcome<readonly CoreDestination[]> {
    const key = keyOf(uri);
    const numeric = this.#numeric.get(key) ?? this.#readNumeric(key, uri);
    if (numeric) return numeric;
    const found = this.#find(key, uri);
    if (!isLater(found) && found.fixed) return found.fixed;
    return mapOutcome(found, ({ located, fixed }) => fixed ?? destinationsOf(located, uri, this.#random));
  }

  /** Ends the lookups that are under way. */
  close(): void {
    this.#dns.close();
  }

  #readNumeric(key: string, uri: SipUri): readonly CoreDestination[] | undefined {
    const located = locateNumeric(uri);
    if (!located) return undefined;
    const destinations = destinationsOf(located, uri, this.#random);
    this.#numeric.set(key, destinations);
    return destinations;
  }

  #find(key: string, uri: SipUri): Outcome<Found> {
    const known = this.#entries.get(key);
    if (known && this.#clock.now().monotonicMs < known.freshUntilMs) return known.found;
    if (!this.#asked.has(key) && this.#asked.size >= MAX_ASKED) return known?.found ?? NOT_FOUND;
    return {
      later: (settle) => {
        void this.#ask(key, uri).then(settle);
      },
    };
  }

  /** Asks DNS, unless the same is being asked already. Never rejects. */
  #ask(key: string, uri: SipUri): Promise<Found> {
    const asked = this.#asked.get(key);
    if (asked) return asked;
    const asking = locate(uri, this.#dns)
      .then((located) => this.#judge(key, uri, located))
      .finally(() => this.#asked.delete(key));
    this.#asked.set(ownText(key), asking);
    return asking;
  }

  /** Keeps a result, unless it is incomplete and an earlier one is there. */
  #judge(key: string, uri: SipUri, located: Located): Found {
    const before = this.#entries.get(key)?.found.located;
    const isGood = located.isComplete && located.sets.length > 0;
    const freshUntilMs = this.#clock.now().monotonicMs + (isGood ? FRESH_MS : NEGATIVE_MS);
    const found = located.isComplete || !before || before.sets.length === 0 ? located : before;
    return this.#keep(key, uri, found, freshUntilMs);
  }

  #keep(key: string, uri: SipUri, located: Located, freshUntilMs: number): Found {
    const isFixed = located.sets.every((set) => set.length === 1);
    const found = { located, fixed: isFixed ? destinationsOf(located, uri, this.#random) : undefined };
    this.#entries.set(key, { found, freshUntilMs });
    return found;
  }
}

/** All that decides where a URI leads. The host beside `maddr` is the name that a certificate must have. */
function keyOf(uri: SipUri): string {
  const transport = uri.params.has('transport') ? `=${uri.params.get('transport')?.toLowerCase() ?? ''}` : '';
  const host = uri.params.has('maddr') ? uri.host : '';
  return boundedKey(`${uri.scheme} ${targetOf(uri)} ${uri.port ?? ''} ${transport} ${host}`);
}

function destinationsOf({ sets }: Located, uri: SipUri, random: () => number): readonly CoreDestination[] {
  const hosts = sets.flatMap((set) => orderByPriority(set, random));
  return distinct(hosts.flatMap((host) => destinationsOfHost(host, uri)));
}

/** RFC 5922 §7.2: a certificate is for the domain of the URI, wherever its SRV records point. */
function destinationsOfHost({ transport, addresses, port }: LocatedHost, { host }: SipUri): CoreDestination[] {
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
