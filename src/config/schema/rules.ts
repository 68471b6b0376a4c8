import { formatIp, isWildcard, parseIp } from '../../base/ip.ts';
import { ACCESS_TOKEN_RULES } from './access-token-rules.ts';
import { CORE_RULES } from './core-rules.ts';
import { usesHttps } from './https-use.ts';
import { asFarAsKnown } from './known-part.ts';
import { OAUTH_RULES } from './oauth-rules.ts';
import { LONG_TERM_RULES, checkRealms } from './realm-rules.ts';
import { REDIS_RULES } from './redis-rules.ts';
import { type Report, type Rule } from './rule-report.ts';
import { checkSockets } from './socket-rules.ts';
import { type Config } from './tree.ts';
import { WEB_IDENTITY_RULES } from './web-identity-rules.ts';

interface RuleContext {
  addIssue(issue: { code: 'custom'; path: PropertyKey[]; message: string; input: unknown }): void;
}

/** Rules between keys, of which those apply that read nothing wrong. Each says what was expected of the key it names; `got` is what came. */
export function checkRules(config: Config, context: RuleContext): void {
  const report: Report = (path, expected, got) => {
    context.addIssue({
      code: 'custom',
      path: typeof path === 'string' ? path.split('.') : path,
      message: expected,
      input: got,
    });
  };
  for (const rule of RULES)
    asFarAsKnown(() => {
      rule(config, report);
    });
}

const RULES: readonly Rule[] = [
  checkTls,
  checkParts,
  checkSockets,
  checkRelayPorts,
  checkLifetimes,
  checkRedirection,
  checkRelayAddresses,
  checkNatDiscovery,
  checkProxies,
  checkCaptureKey,
  checkExpiry,
  ...CORE_RULES,
  ...WEB_IDENTITY_RULES,
  checkTtl,
  checkKeyRing,
  checkSecrets,
  checkRealms,
  ...LONG_TERM_RULES,
  ...OAUTH_RULES,
  ...ACCESS_TOKEN_RULES,
  ...REDIS_RULES,
];

function checkTls({ tls: { certFile, keyFile } }: Config, report: Report): void {
  if (certFile !== undefined && keyFile === undefined)
    report('tls.keyFile', 'the key of tls.certFile, in a file', undefined);
  if (keyFile !== undefined && certFile === undefined)
    report('tls.certFile', 'the certificate of tls.keyFile, in a file', undefined);
}

function checkParts(config: Config, report: Report): void {
  const { edge, turn } = config;
  if (!usesHttps(config) && !turn.enabled) report('turn.enabled', 'edge or turn to be enabled', false);
  if (edge.enabled && !turn.enabled && edge.credential.uris === 'auto') {
    report('edge.credential.uris', 'a list of TURN URIs, because turn.enabled is false', 'auto');
  }
  if (edge.enabled && !turn.enabled && edge.turnOnHttps) {
    report('edge.turnOnHttps', 'false, because turn.enabled is false', true);
  }
}

function checkRelayPorts({ turn: { relay } }: Config, report: Report): void {
  if (relay.ports.min > relay.ports.max) {
    report('turn.relay.ports.max', `at least turn.relay.ports.min (${relay.ports.min})`, relay.ports.max);
  }
}

function checkLifetimes({ turn: { allocation } }: Config, report: Report): void {
  if (allocation.defaultLifetimeSec > allocation.maxLifetimeSec) {
    report(
      'turn.allocation.maxLifetimeSec',
      `at least turn.allocation.defaultLifetimeSec (${allocation.defaultLifetimeSec})`,
      allocation.maxLifetimeSec,
    );
  }
}

function checkRedirection({ turn }: Config, report: Report): void {
  if (turn.redirect !== 'draining' && turn.alternateServers.length === 0) {
    report('turn.alternateServers', `at least one server, because turn.redirect is ${turn.redirect}`, []);
  }
}

function checkRelayAddresses({ turn: { relay } }: Config, report: Report): void {
  relay.addresses.forEach((address, i) => {
    if (isWildcard(address)) report(`turn.relay.addresses.${i}`, 'an address of this machine', address);
  });
  const relayed = new Set(relay.addresses.map(canonical));
  for (const [local, external] of Object.entries(relay.externalAddresses)) {
    const path = ['turn', 'relay', 'externalAddresses', local];
    if (!relayed.has(canonical(local))) report(path, 'a key that is one of turn.relay.addresses', local);
    else if (parseIp(local)?.length !== parseIp(external)?.length)
      report(path, 'an address of the same family', external);
  }
}

function checkProxies({ turn: { listeners } }: Config, report: Report): void {
  listeners.forEach(({ transport, proxyProtocolFrom }, i) => {
    if (transport === 'udp' && proxyProtocolFrom !== undefined) {
      report(`turn.listeners.${i}.proxyProtocolFrom`, 'nothing for udp', proxyProtocolFrom);
    }
  });
}

function checkNatDiscovery({ turn: { natDiscovery, listeners } }: Config, report: Report): void {
  const { alternateAddress, alternatePort } = natDiscovery;
  if (alternateAddress === undefined) return;
  const path = 'turn.natDiscovery.alternateAddress';
  const family = parseIp(alternateAddress)?.length;
  const main = listeners.find(({ transport, address }) => transport === 'udp' && parseIp(address)?.length === family);
  if (!main || isWildcard(main.address)) {
    report(path, 'an address of the family of a UDP listener that names its address', alternateAddress);
  } else if (isWildcard(alternateAddress) || canonical(main.address) === canonical(alternateAddress)) {
    report(path, `another address of this machine than ${main.address}`, alternateAddress);
  } else if (alternatePort !== 0 && main.port === alternatePort) {
    report('turn.natDiscovery.alternatePort', 'another port than that of the UDP listener', alternatePort);
  }
}

function canonical(address: string): string {
  const bytes = parseIp(address);
  return bytes ? formatIp(bytes) : address;
}

function checkCaptureKey({ edge: { trace } }: Config, report: Report): void {
  if (trace.hep.captureKey !== undefined && trace.hep.captureKeyFile !== undefined) {
    report('edge.trace.hep', 'one of "captureKey" and "captureKeyFile"', 'both');
  }
}

function checkExpiry({ edge: { registration } }: Config, report: Report): void {
  const { minExpiresSec, defaultExpiresSec, maxExpiresSec } = registration;
  if (defaultExpiresSec < minExpiresSec || defaultExpiresSec > maxExpiresSec) {
    report(
      'edge.registration.defaultExpiresSec',
      `a number from minExpiresSec (${minExpiresSec}) to maxExpiresSec (${maxExpiresSec})`,
      defaultExpiresSec,
    );
  }
}

function checkTtl({ credentials: { ttl } }: Config, report: Report): void {
  if (ttl.defaultSec < ttl.minSec || ttl.defaultSec > ttl.maxSec) {
    report(
      'credentials.ttl.defaultSec',
      `a number from minSec (${ttl.minSec}) to maxSec (${ttl.maxSec})`,
      ttl.defaultSec,
    );
  }
}

function checkKeyRing({ credentials: { keys } }: Config, report: Report): void {
  keys.forEach(({ id }, i) => {
    if (keys.findIndex((other) => other.id === id) !== i) report(`credentials.keys.${i}.id`, 'an id of its own', id);
  });
}

function checkSecrets({ credentials }: Config, report: Report): void {
  const { keys } = credentials;
  const single = credentials.secret !== undefined || credentials.secretFile !== undefined;
  if (credentials.secret !== undefined && credentials.secretFile !== undefined) {
    report('credentials', 'one of "secret" and "secretFile"', 'both');
  }
  if (single && keys.length > 0) report('credentials', 'either "keys" or a single "secret"', 'both');
  if (credentials.pseudonymKey !== undefined && credentials.pseudonymKeyFile !== undefined) {
    report('credentials', 'one of "pseudonymKey" and "pseudonymKeyFile"', 'both');
  }
}
