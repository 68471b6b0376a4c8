import { formatIp, isWildcard, parseIp } from '../../base/ip.ts';
import { usesHttps } from './https-use.ts';
import { asFarAsKnown, knownEntries } from './known-part.ts';
import { type Report } from './rule-report.ts';
import { type Config } from './tree.ts';

interface OwnSocket {
  /** Key that names it. */
  readonly path: string;
  readonly protocol: 'udp' | 'tcp';
  readonly address: string;
  /** 0: the system chooses. */
  readonly port: number;
}

/** No two keys may name one port: the second socket could not be opened, and the error would speak of another program. */
export function checkSockets(config: Config, report: Report): void {
  for (const [first, second] of clashes(config)) {
    if (first.path === second.path) continue;
    const isListener = ({ path }: OwnSocket): boolean => path.startsWith('turn.listeners.');
    const both = isListener(first) && isListener(second);
    const expected = both ? 'a listener of its own' : `a port that ${first.path} does not have`;
    report(second.path, expected, `${second.protocol} ${canonical(second.address)} ${second.port}`);
  }
}

/** Lines of one key whose addresses cannot be opened together, as `0.0.0.0` beside another. */
export function clashesWithin(config: Config): string[] {
  return clashes(config)
    .filter(([first, second]) => first.path === second.path)
    .map(
      ([first, { path, address, port }]) => `${path}: ${address} has port ${port} already, as part of ${first.address}`,
    );
}

/** Each socket that is not the first at its port, behind the first. */
function clashes(config: Config): [first: OwnSocket, second: OwnSocket][] {
  const sockets = ownSockets(config);
  return sockets.flatMap((second, i) => {
    const first = sockets.slice(0, i).find((one) => overlap(one, second));
    return first ? [[first, second] as [OwnSocket, OwnSocket]] : [];
  });
}

/** Everything that is opened to be reached, as far as it is known, in the order in which it is named. */
export function ownSockets(config: Config): OwnSocket[] {
  const { edge, turn } = config;
  const parts = [
    () => (usesHttps(config) ? webSockets(edge) : []),
    () => (edge.enabled && edge.core.kind === 'external' ? allCoreSockets(edge.core) : []),
    () => (turn.enabled ? turnSockets(turn) : []),
    () => (turn.enabled ? discoverySockets(turn) : []),
  ];
  return parts.flatMap((part) => asFarAsKnown(part) ?? []);
}

function webSockets({ listen: { addresses, port } }: Config['edge']): OwnSocket[] {
  return knownEntries(addresses).map(({ entry }) => ({ path: 'edge.listen', protocol: 'tcp', address: entry, port }));
}

function allCoreSockets(core: Config['edge']['core']): OwnSocket[] {
  return knownEntries(core.listen.addresses).flatMap(({ entry }) => coreSockets(core, entry));
}

function coreSockets({ listen: { port, tlsPort } }: Config['edge']['core'], address: string): OwnSocket[] {
  const path = 'edge.core.listen';
  return [
    { path, protocol: 'udp', address, port },
    { path, protocol: 'tcp', address, port },
    // A TLS port that is that of TCP has a line of its own.
    ...(tlsPort === undefined || tlsPort === port ? [] : [{ path, protocol: 'tcp' as const, address, port: tlsPort }]),
  ];
}

function turnSockets({ listeners }: Config['turn']): OwnSocket[] {
  return knownEntries(listeners).flatMap(({ entry, i }) => asFarAsKnown(() => [listenerSocket(entry, i)]) ?? []);
}

function listenerSocket({ transport, address, port }: Config['turn']['listeners'][number], i: number): OwnSocket {
  // TLS runs over TCP, so the two cannot share a port.
  return { path: `turn.listeners.${i}`, protocol: transport === 'udp' ? 'udp' : 'tcp', address, port };
}

function discoverySockets({ listeners, natDiscovery }: Config['turn']): OwnSocket[] {
  const sockets = listeners.map(listenerSocket);
  const { alternateAddress: alternate, alternatePort } = natDiscovery;
  const family = alternate === undefined ? undefined : parseIp(alternate)?.length;
  const main = sockets.find(({ protocol, address }) => protocol === 'udp' && parseIp(address)?.length === family);
  if (alternate === undefined || !main || isWildcard(main.address) || canonical(main.address) === canonical(alternate))
    return [];
  const more = [
    [main.address, alternatePort],
    [alternate, main.port],
    [alternate, alternatePort],
  ] as const;
  const path = 'turn.natDiscovery';
  // A port that both have in common has a line of its own.
  if (alternatePort === main.port) return [];
  return more.map(([address, port]) => ({ path, protocol: 'udp', address, port }));
}

function overlap(one: OwnSocket, other: OwnSocket): boolean {
  if (one.port === 0 || one.port !== other.port || one.protocol !== other.protocol) return false;
  if (parseIp(one.address)?.length !== parseIp(other.address)?.length) return false;
  return canonical(one.address) === canonical(other.address) || isWildcard(one.address) || isWildcard(other.address);
}

function canonical(address: string): string {
  const bytes = parseIp(address);
  return bytes ? formatIp(bytes) : address;
}
