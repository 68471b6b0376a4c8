import { type NaptrRecord } from 'node:dns';
import { formatIp, parseIp } from '../../../../base/ip.ts';
import { type SipUri } from '../../../../sip/uri.ts';
import { type CoreTransport } from '../../core-destination.ts';
import { type DnsAnswer, type DnsClient } from './dns-client.ts';
import { defaultPort } from './response-port.ts';
import { type Weighted } from './srv-order.ts';

/** A host with its addresses, one SRV record's or the one a URI names. */
export interface LocatedHost extends Weighted {
  readonly transport: CoreTransport;
  readonly addresses: readonly string[];
  readonly port: number;
}

/** What DNS makes of a URI: sets of hosts, each ordered by itself and then tried whole before the next. */
export interface Located {
  readonly sets: readonly (readonly LocatedHost[])[];
  /** False when some question got no answer, so that there may be more than was found. */
  readonly isComplete: boolean;
}

/** RFC 3263 §4.1. A `sips` URI goes by TLS only. */
const NAPTR_SERVICES = new Map<string, CoreTransport>([
  ['SIP+D2U', 'udp'],
  ['SIP+D2T', 'tcp'],
  ['SIPS+D2T', 'tls'],
]);
const SRV_PREFIXES = { udp: '_sip._udp', tcp: '_sip._tcp', tls: '_sips._tcp' } as const satisfies Record<
  CoreTransport,
  string
>;
const NOWHERE: Located = { sets: [], isComplete: true };

/** The host of a URI as an address; `undefined` for a name. */
export function numericHost(host: string): string | undefined {
  const bytes = parseIp(host.startsWith('[') ? host.slice(1, -1) : host);
  return bytes && formatIp(bytes);
}

/** The name, or address, that a URI is looked up by (RFC 3263 §4). */
export function targetOf({ host, params }: SipUri): string {
  return (params.get('maddr') ?? host).toLowerCase();
}

/** Where a URI leads that names an address, so that DNS has no say in it; `undefined` for one that names none. */
export function locateNumeric(uri: SipUri): Located | undefined {
  const address = numericHost(targetOf(uri));
  if (address === undefined) return undefined;
  const wished = wishedTransport(uri);
  if (wished === 'unsupported') return NOWHERE;
  const transport = wished ?? usualTransport(uri);
  const host = { transport, addresses: [address], port: uri.port ?? defaultPort(transport), priority: 0, weight: 0 };
  return { sets: [[host]], isComplete: true };
}

/** Where a URI with a name leads by RFC 3263 §4.1 and §4.2. */
export async function locate(uri: SipUri, dns: DnsClient): Promise<Located> {
  const target = targetOf(uri);
  const wished = wishedTransport(uri);
  if (wished === 'unsupported') return NOWHERE;
  const usual = usualTransport(uri);
  if (uri.port !== undefined) return byAddress(target, wished ?? usual, uri.port, dns, true);
  const located = wished ? await bySrv([wished], target, dns) : await byNaptr(uri.scheme === 'sips', target, dns);
  if (located.sets.length > 0) return located;
  const transport = wished ?? usual;
  return byAddress(target, transport, defaultPort(transport), dns, located.isComplete);
}

function usualTransport({ scheme }: SipUri): CoreTransport {
  return scheme === 'sips' ? 'tls' : 'udp';
}

function wishedTransport({ scheme, params }: SipUri): CoreTransport | 'unsupported' | undefined {
  const name = params.get('transport')?.toLowerCase();
  if (name === undefined) return params.has('transport') ? 'unsupported' : undefined;
  if (name === 'tls') return 'tls';
  if (name === 'tcp') return scheme === 'sips' ? 'tls' : 'tcp';
  return name === 'udp' && scheme === 'sip' ? 'udp' : 'unsupported';
}

async function byNaptr(isSips: boolean, domain: string, dns: DnsClient): Promise<Located> {
  const records = await dns.naptr(domain);
  const services = usableServices(records ?? [], isSips);
  if (services.length > 0) {
    const sets = await Promise.all(services.map(({ name, transport }) => srvSet(name, transport, dns)));
    return joined(sets, true);
  }
  const transports: CoreTransport[] = isSips ? ['tls'] : ['udp', 'tcp', 'tls'];
  const located = await bySrv(transports, domain, dns);
  return { ...located, isComplete: located.isComplete && records !== undefined };
}

/** RFC 3403 §4.1: of the lowest order that has a service we speak, by preference. */
function usableServices(
  records: readonly NaptrRecord[],
  isSips: boolean,
): { readonly name: string; readonly transport: CoreTransport }[] {
  const usable = records
    .flatMap((record) => {
      const transport = NAPTR_SERVICES.get(record.service.toUpperCase());
      const isUsable = record.flags.toLowerCase() === 's' && record.regexp === '' && (!isSips || transport === 'tls');
      return transport && isUsable ? [{ ...record, name: record.replacement, transport }] : [];
    })
    .sort((a, b) => a.order - b.order || a.preference - b.preference);
  return usable.filter(({ order }) => order === usable[0]?.order);
}

async function bySrv(transports: readonly CoreTransport[], domain: string, dns: DnsClient): Promise<Located> {
  const sets = transports.map((transport) => srvSet(`${SRV_PREFIXES[transport]}.${domain}`, transport, dns));
  return joined(await Promise.all(sets), true);
}

async function srvSet(name: string, transport: CoreTransport, dns: DnsClient): Promise<Located> {
  const records = await dns.srv(name);
  if (!records) return { sets: [], isComplete: false };
  // RFC 2782: a lone dot says that the service is decidedly not there.
  const offered = records.filter((record) => record.name !== '' && record.name !== '.' && record.port !== 0);
  const hosts = await Promise.all(
    offered.map(async ({ name: host, port, priority, weight }) => {
      const found = await addressesOf(host, dns);
      return { transport, addresses: found ?? [], port, priority, weight, isKnown: found !== undefined };
    }),
  );
  const reachable = hosts.filter(({ addresses }) => addresses.length > 0);
  return { sets: reachable.length > 0 ? [reachable] : [], isComplete: hosts.every(({ isKnown }) => isKnown) };
}

async function byAddress(
  host: string,
  transport: CoreTransport,
  port: number,
  dns: DnsClient,
  isComplete: boolean,
): Promise<Located> {
  const addresses = await addressesOf(host, dns);
  const sets = addresses && addresses.length > 0 ? [[{ transport, addresses, port, priority: 0, weight: 0 }]] : [];
  return { sets, isComplete: isComplete && addresses !== undefined };
}

/** IPv4 first. A name that DNS does not know may stand in the hosts file. */
async function addressesOf(host: string, dns: DnsClient): Promise<DnsAnswer<string>> {
  const [four, six] = await Promise.all([dns.addresses(host, 4), dns.addresses(host, 6)]);
  const found = [...(four ?? []), ...(six ?? [])];
  if (found.length > 0) return found;
  const ofHost = await dns.hostAddresses(host);
  if (ofHost && ofHost.length > 0) return ofHost;
  return four && six ? [] : undefined;
}

function joined(parts: readonly Located[], isComplete: boolean): Located {
  return {
    sets: parts.flatMap(({ sets }) => sets),
    isComplete: isComplete && parts.every((part) => part.isComplete),
  };
}
