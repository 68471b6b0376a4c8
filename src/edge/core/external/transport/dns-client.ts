import { lookup } from 'node:dns/promises';
import { promises, type NaptrRecord, type SrvRecord } from 'node:dns';
import { type AddressFamily } from '../../../../base/ip.ts';
import { transportAddress } from '../../../../base/transport-address.ts';

/** The records of an answer. An empty list is an answer, too; `undefined` when no server answered. */
export type DnsAnswer<T> = readonly T[] | undefined;

/** The questions RFC 3263 asks. They never reject. */
export interface DnsClient {
  naptr(name: string): Promise<DnsAnswer<NaptrRecord>>;
  srv(name: string): Promise<DnsAnswer<SrvRecord>>;
  /** IP addresses of a name in canonical text, by A or AAAA records. */
  addresses(name: string, family: AddressFamily): Promise<DnsAnswer<string>>;
  /** IPv4 and IPv6 addresses of a name as other programs of this host see it, hosts file included. */
  hostAddresses(name: string): Promise<DnsAnswer<string>>;
  /** Ends the queries that are under way. */
  close(): void;
}

interface DnsClientOptions {
  /** `address`, `address:port` or `[address]:port`; the system's when empty. */
  readonly servers: readonly string[];
  readonly timeoutMs: number;
}

const TRIES = 2;
/** How many records of one answer are used: more than any core has. */
const MAX_RECORDS = 32;
/** Names asked of the host at the same time: each holds one of the four threads that files are read on too. */
const MAX_HOST_LOOKUPS = 2;
/** There is no such name, or it has no such record (RFC 2308). */
const NEGATIVE = new Set(['ENOTFOUND', 'ENODATA']);

export function createDnsClient({ servers, timeoutMs }: DnsClientOptions): DnsClient {
  const resolver = new promises.Resolver({ timeout: timeoutMs, tries: TRIES });
  if (servers.length > 0) resolver.setServers(servers);
  let hostLookups = 0;
  return {
    naptr: (name) => answer(resolver.resolveNaptr(name)),
    srv: (name) => answer(resolver.resolveSrv(name)),
    addresses: async (name, family) =>
      canonical(await answer(family === 4 ? resolver.resolve4(name) : resolver.resolve6(name))),
    hostAddresses: async (name) => {
      if (hostLookups >= MAX_HOST_LOOKUPS) return undefined;
      hostLookups += 1;
      const found = await answer(lookup(name, { all: true }));
      hostLookups -= 1;
      return canonical(found?.map(({ address }) => address));
    },
    close: () => {
      resolver.cancel();
    },
  };
}

async function answer<T>(asked: Promise<T[]>): Promise<DnsAnswer<T>> {
  try {
    return (await asked).slice(0, MAX_RECORDS);
  } catch (error) {
    return NEGATIVE.has((error as NodeJS.ErrnoException).code ?? '') ? [] : undefined;
  }
}

function canonical(addresses: DnsAnswer<string>): DnsAnswer<string> {
  return addresses?.flatMap((text) => transportAddress(text, 0)?.address ?? []);
}
