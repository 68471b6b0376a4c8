import { isWildcard } from '../../base/ip.ts';
import { type Report, type Rule } from './rule-report.ts';
import { type Config } from './tree.ts';

type Core = Config['edge']['core'];

/** What the two kinds of core ask of each other's keys. */
export const CORE_RULES: readonly Rule[] = [
  ofKind('embedded', checkAlgorithms),
  ofKind('embedded', checkUserNames),
  ofKind('embedded', checkNoUris),
  ofKind('embedded', checkNoEmergencyUris),
  ofKind('external', checkUris),
  ofKind('external', checkNoUsers),
  ofKind('external', checkPublicHost),
  ofKind('external', checkTlsPort),
  ofKind('external', checkCertificate),
  ofKind('external', checkFlowTokenKey),
];

function ofKind(kind: Core['kind'], check: (core: Core, report: Report) => void): Rule {
  return ({ edge: { core } }, report) => {
    if (core.kind === kind) check(core, report);
  };
}

function checkAlgorithms({ digest: { algorithms } }: Core, report: Report): void {
  if (new Set(algorithms).size < algorithms.length || algorithms.slice(0, -1).includes('MD5')) {
    report('edge.core.digest.algorithms', 'each algorithm once and MD5 last, because JsSIP takes the last', algorithms);
  }
}

function checkUserNames({ users }: Core, report: Report): void {
  users.forEach(({ name }, i) => {
    if (users.findIndex((other) => other.name === name) !== i) {
      report(`edge.core.users.${i}.name`, 'a name that no other user has', name);
    }
  });
}

function checkNoUris({ uris }: Core, report: Report): void {
  if (uris.length > 0) report('edge.core.kind', 'external, because edge.core.uris is set', 'embedded');
}

function checkNoEmergencyUris({ emergency }: Core, report: Report): void {
  if (emergency.uris.length > 0) {
    report('edge.core.kind', 'external, because edge.core.emergency.uris is set', 'embedded');
  }
}

function checkUris({ uris }: Core, report: Report): void {
  if (uris.length === 0) report('edge.core.uris', 'at least one URI, because edge.core.kind is external', uris);
}

function checkNoUsers({ users }: Core, report: Report): void {
  if (users.length > 0) report('edge.core.users', 'nobody: an external core has users of its own', users.length);
}

function checkPublicHost({ listen }: Core, report: Report): void {
  const [first = ''] = listen.addresses;
  if (listen.publicHost === undefined && isWildcard(first)) {
    report('edge.core.listen.publicHost', 'the host by which the core reaches this edge', undefined);
  }
}

function checkTlsPort({ listen }: Core, report: Report): void {
  if (listen.tlsPort !== undefined && listen.tlsPort !== 0 && listen.tlsPort === listen.port) {
    report('edge.core.listen.tlsPort', 'another port than edge.core.listen.port', listen.tlsPort);
  }
}

function checkCertificate({ tls }: Core, report: Report): void {
  if ((tls.certFile === undefined) !== (tls.keyFile === undefined)) {
    report('edge.core.tls', 'both of "certFile" and "keyFile", or neither', 'one');
  }
}

function checkFlowTokenKey({ flowTokenKey, flowTokenKeyFile }: Core, report: Report): void {
  if (flowTokenKey !== undefined && flowTokenKeyFile !== undefined) {
    report('edge.core', 'one of "flowTokenKey" and "flowTokenKeyFile"', 'both');
  }
}
