import { waysIn } from '../config/loopback.ts';
import { type Material } from '../config/material.ts';
import { type Config } from '../config/schema/tree.ts';
import { type Secret } from '../core/secret.ts';
import { createUserDirectory } from '../edge/core/user-directory.ts';
import { type EdgeOptions } from '../edge/edge-options.ts';

export function edgeOptions(
  { domain, edge, turn }: Config,
  { users, captureKey }: Material,
  uris: readonly string[],
): EdgeOptions {
  const { allow, allowMissing } = edge.origins;
  const isHere = waysIn(edge.listen.addresses, edge.listen.proxyProtocolFrom).length === 0;
  return {
    domain,
    path: edge.path,
    origins: {
      allow,
      allowMissing: allowMissing === 'auto' ? isHere : allowMissing,
    },
    limits: edge.limits,
    keepalive: edge.keepalive,
    registration: edge.registration,
    transaction: edge.transaction,
    core: { kind: edge.core.kind, digest: edge.core.digest, users: createUserDirectory(users) },
    credential: { ...edge.credential, uris, realm: turn.realm ?? domain },
    trace: { hep: hepOptions(edge.trace.hep, captureKey) },
  };
}

function hepOptions({ collector, captureId }: Config['edge']['trace']['hep'], captureKey: Secret | undefined) {
  if (collector === undefined) return undefined;
  const colon = collector.lastIndexOf(':');
  const host = collector.slice(0, colon).replace(/^\[(.*)\]$/, '$1');
  return { collector: { host, port: Number(collector.slice(colon + 1)) }, captureId, captureKey };
}
