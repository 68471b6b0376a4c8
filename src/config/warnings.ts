import { IpRanges } from '../base/ip-ranges.ts';
import { isLoopback, isWildcard } from '../base/ip.ts';
import { isLoopbackHost } from '../base/loopback-host.ts';
import { exposures, edgeExposures } from './loopback.ts';
import { type LoadedSecrets } from './secrets.ts';
import { looseFileWarnings } from './named-files.ts';
import { readsUsers, usesRedis } from './schema/redis-rules.ts';
import { redisNode } from './schema/redis.ts';
import { type Config } from './schema/tree.ts';
import { validityWarning } from './given-certificate.ts';

/** RFC 2104 §3: a key shorter than the hash weakens the HMAC; 16 bytes is where guessing Km from one seen credential becomes hopeless. */
const MIN_KM_BYTES = 16;
const MIN_PASSWORD_CHARACTERS = 8;

/** Warnings for the log of a start: a line for each value that works but has a risk. */
export function startupWarnings(config: Config, secrets: LoadedSecrets, nowMs: number): string[] {
  return [
    ...edgeWarnings(config, secrets),
    ...uriWarnings(config),
    ...turnWarnings(config, secrets),
    ...keyWarnings(config, secrets),
    ...redisWarnings(config, secrets),
    ...certificateWarnings(secrets, nowMs),
    ...looseFileWarnings(config),
  ];
}

function edgeWarnings({ edge }: Config, { generated, users }: LoadedSecrets): string[] {
  if (!edge.enabled) return [];
  const exposed = edgeExposures(edge);
  const warnings = proxyWarnings('edge.listen.proxyProtocolFrom', edge.listen.proxyProtocolFrom);
  const { collector } = edge.trace.hep;
  if (collector !== undefined && !isLoopbackHost(collector)) {
    warnings.push(`edge.trace.hep.collector: copies of all SIP messages go to ${collector} without encryption`);
  }
  if (exposed.length > 0) {
    const where = `edge.listen reaches beyond this machine (${exposed.join(', ')})`;
    if (generated.users) warnings.push(`${where} with the lab users: set edge.core.users`);
    if (edge.origins.allowMissing === true)
      warnings.push(`${where} and edge.origins.allowMissing lets programs without an Origin in`);
  }
  if (edge.origins.allow.includes('null')) {
    warnings.push(
      'edge.origins.allow has null: every site can send it from a sandboxed frame, and so can any local file',
    );
  }
  for (const [name, password] of users) {
    if (password.byteLength < MIN_PASSWORD_CHARACTERS) {
      warnings.push(`edge.core.users: the password of ${name} is shorter than ${MIN_PASSWORD_CHARACTERS} characters`);
    }
  }
  return warnings;
}

/** Warns when clients elsewhere would be given TURN URIs that do not lead to this server, such as `localhost`. */
function uriWarnings({ domain, edge, turn }: Config): string[] {
  if (!edge.enabled || !turn.enabled || edge.credential.uris !== 'auto') return [];
  const wildcard = turn.listeners.find(({ address }) => isWildcard(address));
  if (!wildcard || turn.publicHost !== undefined || domain !== 'localhost') return [];
  return [
    `turn.listeners has ${wildcard.address}, so clients elsewhere are handed turn:localhost: set turn.publicHost to what they reach this machine by`,
  ];
}

/** Warns of proxy ranges that hold every address: a trusted proxy can claim any address for its client. */
function proxyWarnings(key: string, ranges: readonly string[] = []): string[] {
  return ranges
    .filter((range) => range.endsWith('/0'))
    .map((range) => `${key} (${range}) lets every host name the address it is counted and logged under`);
}

function turnWarnings({ edge, turn }: Config, { longTermUsers }: LoadedSecrets): string[] {
  if (!turn.enabled) return [];
  const warnings = turn.listeners.flatMap(({ proxyProtocolFrom }, i) =>
    proxyWarnings(`turn.listeners.${i}.proxyProtocolFrom`, proxyProtocolFrom),
  );
  for (const { name, password } of longTermUsers) {
    if (password && password.byteLength < MIN_PASSWORD_CHARACTERS) {
      warnings.push(`credentials.users: the password of ${name} is shorter than ${MIN_PASSWORD_CHARACTERS} characters`);
    }
  }
  if (turn.usernameAnonymity && !edge.enabled) {
    warnings.push(
      'turn.usernameAnonymity is on without the edge: clients of RFC 8489 cannot use what another process hands out',
    );
  }
  const [exposed] = [
    ...turn.listeners.flatMap(({ address, proxyProtocolFrom }) => exposures([address], proxyProtocolFrom)),
    ...(edge.enabled && edge.turnOnHttps ? edgeExposures(edge) : []),
  ];
  if (turn.peers.allowPrivate && exposed !== undefined) {
    warnings.push(
      `turn.peers.allowPrivate is on while clients come by way of ${exposed}: whoever has a credential reaches this machine’s private networks`,
    );
  }
  for (const [i, range] of turn.peers.allow.entries()) {
    if (range.endsWith('/0')) warnings.push(`turn.peers.allow.${i} (${range}) allows every address`);
  }
  if (turn.expiryPolicy === 'allocate-only') {
    warnings.push('turn.expiryPolicy is allocate-only: an allocation can be kept alive after its credential has ended');
  }
  if (turn.shards !== 'auto' && turn.dataPlane !== 'batch') {
    warnings.push(`turn.shards has no effect: turn.dataPlane is ${turn.dataPlane}, and batch alone has threads`);
  }
  if (edge.enabled && edge.core.kind === 'external') {
    for (const address of relayAddressesIn(turn.relay, edge.core.trusted)) {
      warnings.push(
        `edge.core.trusted holds the relay address ${address}: what clients relay comes from an address of the core, so whoever believes an address believes them`,
      );
    }
  }
  if (exposed !== undefined && turn.relay.addresses.every(isLoopback)) {
    warnings.push(
      'turn.relay.addresses are loopback only while clients come from elsewhere: set it to an address peers can reach',
    );
  }
  return warnings;
}

/** Relayed and external addresses of the TURN server that lie in these ranges. */
function relayAddressesIn(
  { addresses, externalAddresses }: Config['turn']['relay'],
  ranges: readonly string[],
): string[] {
  const seen = [...addresses, ...Object.values(externalAddresses)];
  const trusted = IpRanges.of(ranges);
  return seen.filter((address) => trusted.has(address));
}

function keyWarnings(config: Config, { keys, generated }: LoadedSecrets): string[] {
  const { edge, turn, credentials } = config;
  const warnings = keys
    .filter(({ secret }) => secret.byteLength < MIN_KM_BYTES)
    .map(({ id, secret }) => `credentials.keys: key ${id} has ${secret.byteLength} bytes; use ${MIN_KM_BYTES} or more`);
  const needsKm = edge.enabled ? credentials.approach === 'shared-key' : !readsUsers(config);
  if (generated.km && edge.enabled !== turn.enabled && needsKm) {
    warnings.push(
      'credentials.keys is not set: the generated Km is known to this process only, give the other side the same one',
    );
  }
  return warnings;
}

/** Warns of an unprotected Redis: whoever can write to it can become any TURN user. */
function redisWarnings(config: Config, { redis }: LoadedSecrets): string[] {
  if (!usesRedis(config)) return [];
  const nodes = config.redis.servers.map(redisNode);
  const far = nodes.find(({ host }) => !isLoopbackHost(host));
  const warnings: string[] = [];
  if (far && !far.tls) warnings.push(`redis.servers: keys of TURN users go to ${far.host} without encryption`);
  if (far && !redis?.password && !redis?.certificate) {
    warnings.push(`redis.passwordFile is not set: whoever reaches ${far.host} can become any TURN user`);
  }
  return warnings;
}

function certificateWarnings({ certificate, generated, core, redis }: LoadedSecrets, nowMs: number): string[] {
  const given = [
    ['tls.certFile', generated.certificate ? undefined : certificate],
    ['edge.core.tls.certFile', core?.certificate],
    ['redis.tls.certFile', redis?.certificate],
  ] as const;
  return given.flatMap(([name, one]) => {
    const warning = one && validityWarning(one, nowMs);
    return warning === undefined ? [] : [`${name} ${warning}`];
  });
}
