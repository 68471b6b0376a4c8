import { hash } from 'node:crypto';
import { type CoreSecrets } from '../config/core-secrets.ts';
import { edgeExposures } from '../config/loopback.ts';
import { type LoadedSecrets } from '../config/secrets.ts';
import { type Config } from '../config/schema/tree.ts';
import { EpcscfTurnError } from '../base/errors.ts';
import { type KeyPair } from '../base/key-pair.ts';
import { type Secret } from '../base/secret.ts';
import {
  type EdgeOptions,
  type EmbeddedCoreOptions,
  type ExternalCoreOptions,
  type TokenIssuerOptions,
  type WebIdentityOptions,
} from '../edge/edge-options.ts';
import { type WebIdentitySecrets } from '../config/web-identity-secrets.ts';
import { createUserDirectory } from '../edge/user-directory.ts';

type CoreConfig = Config['edge']['core'];

/** `ownIssuer`: the authorization server in this process, whose tokens are taken beside those of `edge.webIdentity.issuers`. */
export function edgeOptions(
  { domain, edge, turn }: Config,
  { users, captureKey, core, webIdentity, certificate }: LoadedSecrets,
  uris: readonly string[],
  ownIssuer?: TokenIssuerOptions,
): EdgeOptions {
  const { allow, allowMissing } = edge.origins;
  const isHere = edgeExposures(edge).length === 0;
  return {
    domain,
    path: edge.path,
    origins: {
      allow,
      allowMissing: allowMissing === 'auto' ? isHere : allowMissing,
    },
    publicHosts: edge.publicHosts.map((host) => host.toLowerCase().replace(/:443$/, '')),
    limits: edge.limits,
    keepalive: edge.keepalive,
    registration: edge.registration,
    transaction: edge.transaction,
    core: core ? externalCore(edge.core, core, certificate) : embeddedCore(edge.core, users),
    emergency: edge.core.emergency,
    credential: { ...edge.credential, uris, realm: turn.realm ?? domain },
    webIdentity: webIdentityOptions(edge.webIdentity, domain, webIdentity, ownIssuer),
    trace: { hep: hepOptions(edge.trace.hep, captureKey) },
  };
}

function embeddedCore({ digest }: CoreConfig, users: LoadedSecrets['users']): EmbeddedCoreOptions {
  return { kind: 'embedded', digest, users: createUserDirectory(users) };
}

function externalCore(config: CoreConfig, secrets: CoreSecrets, certificate: KeyPair | undefined): ExternalCoreOptions {
  const { uris, listen, dnsServers, probe, connections, visitedNetworkId, accessNetworkInfo, deregisterAfterSec } =
    config;
  const { cert, key } = secrets.certificate ?? certificate ?? {};
  return {
    kind: 'external',
    uris,
    listen: { ...listen, tlsPort: listen.tlsPort, publicHost: listen.publicHost },
    trusted: config.trusted,
    tls: { cert, key, ca: secrets.ca, requireClientCertificate: config.tls.requireClientCertificate },
    dnsServers,
    probe,
    connections,
    visitedNetworkId,
    accessNetworkInfo,
    deregisterAfterSec,
    reregisterAfterOutage: config.reregisterAfterOutage,
    reregisterWindowSec: config.reregisterWindowSec,
    regEvent: config.regEvent,
    flowTokenKey: hash('sha256', secrets.flowTokenKey.reveal(), 'buffer'),
  };
}

type WebIdentityConfig = Config['edge']['webIdentity'];

function webIdentityOptions(
  config: WebIdentityConfig,
  domain: string,
  secrets: WebIdentitySecrets | undefined,
  ownIssuer: TokenIssuerOptions | undefined,
): WebIdentityOptions | undefined {
  if (!secrets && !ownIssuer) return undefined;
  const { audience = domain, issuers, scope, allowDigest, requireOnEveryRequest, authorizationEntity } = config;
  return {
    issuers: [...(ownIssuer ? [ownIssuer] : []), ...issuers.map((issuer) => issuerOptions(issuer, secrets))],
    audience,
    scope,
    allowDigest,
    requireOnEveryRequest,
    authorizationEntity,
    graceSec: config.graceSec,
    skewSec: config.skewSec,
  };
}

function issuerOptions(
  { issuer, entity, clients, jwksUri, introspection }: WebIdentityConfig['issuers'][number],
  secrets: WebIdentitySecrets | undefined,
): TokenIssuerOptions {
  const named = { issuer, entity: entity ?? new URL(issuer).hostname, clients };
  if (jwksUri !== undefined) return { ...named, check: { kind: 'jwks', uri: jwksUri } };
  const clientSecret = secrets?.clientSecrets.get(issuer);
  if (introspection && clientSecret) {
    const { url, clientId } = introspection;
    return { ...named, check: { kind: 'introspection', url, clientId, clientSecret } };
  }
  throw new EpcscfTurnError(
    'ERR_CONFIG_INVALID',
    `edge.webIdentity.issuers: nothing to check tokens of ${issuer} with`,
  );
}

function hepOptions({ collector, captureId }: Config['edge']['trace']['hep'], captureKey: Secret | undefined) {
  if (collector === undefined) return undefined;
  const colon = collector.lastIndexOf(':');
  const host = collector.slice(0, colon).replace(/^\[(.*)\]$/, '$1');
  return { collector: { host, port: Number(collector.slice(colon + 1)) }, captureId, captureKey };
}
