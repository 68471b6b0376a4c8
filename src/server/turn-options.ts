import { defaultRealm } from '../config/long-term-users.ts';
import { type LoadedSecrets } from '../config/secrets.ts';
import { type Config } from '../config/schema/tree.ts';
import { parseIp } from '../base/ip.ts';
import { type TurnServerOptions } from '../turn/turn-server-options.ts';

/** SOFTWARE without a version: what an attacker can look up should not come for the asking. */
const SOFTWARE = 'epcscf-turn';

export function turnServerOptions(config: Config, { certificate }: LoadedSecrets): TurnServerOptions {
  const { turn, edge } = config;
  return {
    realm: defaultRealm(config),
    originRealms: new Map(turn.realms.flatMap(({ realm, origins }) => origins.map((origin) => [origin, realm]))),
    passwordAlgorithms: turn.passwordAlgorithms,
    usernameAnonymity: turn.usernameAnonymity,
    software: turn.software ? SOFTWARE : undefined,
    tls: certificate,
    listeners: turn.listeners,
    relay: turn.relay,
    allocation: turn.allocation,
    nonceLifetimeSec: turn.nonceLifetimeSec,
    quota: turn.quota,
    bandwidth: turn.bandwidth,
    answerLimit: turn.answerLimit,
    peers: { ...turn.peers, core: edge.enabled ? edge.core.trusted : [] },
    publicAddresses: publicAddresses(config),
    redirect: { servers: turn.alternateServers, when: turn.redirect, abovePercent: turn.redirectAbovePercent },
    legacyChannelNumbers: turn.legacyChannelNumbers,
    expiryPolicy: turn.expiryPolicy,
    stream: { ...turn.stream, rate: connectionRate(turn) },
    sockets: turn.sockets,
    reservationSec: turn.reservationSec,
    mobility: turn.mobility,
    dataPlane: turn.dataPlane,
    shards: turn.shards,
    natDiscovery: natDiscovery(turn.natDiscovery),
    tcpRelay: turn.tcpRelay.enabled ? turn.tcpRelay : undefined,
  };
}

/** What this machine is told to be called by, where that is an address. */
function publicAddresses({ turn, edge }: Config): readonly string[] {
  const hosts = [turn, edge.core.listen, ...turn.listeners].flatMap(({ publicHost = [] }) => publicHost);
  return hosts.filter((host) => parseIp(host) !== undefined);
}

function connectionRate({ stream, answerLimit }: Config['turn']): TurnServerOptions['stream']['rate'] {
  return {
    perSec: stream.connectionsPerSecPerAddress,
    burst: stream.connectionBurstPerAddress,
    maxKeys: answerLimit.sources,
    exempt: answerLimit.exempt,
  };
}

function natDiscovery({
  alternateAddress,
  alternatePort,
}: Config['turn']['natDiscovery']): TurnServerOptions['natDiscovery'] {
  return alternateAddress === undefined ? undefined : { alternateAddress, alternatePort };
}
