import { isWildcard } from '../loopback.ts';
import { type Report } from './rule-report.ts';
import { type Config } from './tree.ts';

/** What the two kinds of core ask of each other's keys. */
export function checkCore({ edge: { core } }: Config, report: Report): void {
  if (core.kind === 'embedded') checkEmbedded(core, report);
  else checkExternal(core, report);
}

function checkEmbedded({ digest, users, uris, emergency }: Config['edge']['core'], report: Report): void {
  const { algorithms } = digest;
  if (new Set(algorithms).size < algorithms.length || algorithms.slice(0, -1).includes('MD5')) {
    report('edge.core.digest.algorithms', 'each algorithm once and MD5 last, because JsSIP takes the last', algorithms);
  }
  users.forEach(({ name }, i) => {
    if (users.findIndex((other) => other.name === name) !== i) {
      report(`edge.core.users.${i}.name`, 'a name that no other user has', name);
    }
  });
  if (uris.length > 0) report('edge.core.kind', 'external, because edge.core.uris is set', 'embedded');
  if (emergency.uris.length > 0) {
    report('edge.core.kind', 'external, because edge.core.emergency.uris is set', 'embedded');
  }
}

function checkExternal({ users, uris, listen, tls, ...core }: Config['edge']['core'], report: Report): void {
  if (uris.length === 0) report('edge.core.uris', 'at least one URI, because edge.core.kind is external', uris);
  if (users.length > 0) report('edge.core.users', 'nobody: an external core has users of its own', users.length);
  const [first = ''] = listen.addresses;
  if (listen.publicHost === undefined && isWildcard(first)) {
    report('edge.core.listen.publicHost', 'the host by which the core reaches this edge', undefined);
  }
  if (listen.tlsPort !== undefined && listen.tlsPort !== 0 && listen.tlsPort === listen.port) {
    report('edge.core.listen.tlsPort', 'another port than edge.core.listen.port', listen.tlsPort);
  }
  if ((tls.certFile === undefined) !== (tls.keyFile === undefined)) {
    report('edge.core.tls', 'both of "certFile" and "keyFile", or neither', 'one');
  }
  if (core.flowTokenKey !== undefined && core.flowTokenKeyFile !== undefined) {
    report('edge.core', 'one of "flowTokenKey" and "flowTokenKeyFile"', 'both');
  }
}
