import { type KeyPair } from '../base/key-pair.ts';
import { type Secret } from '../base/secret.ts';
import { type Attempt } from './findings.ts';
import { readCa, readCertificate } from './given-certificate.ts';
import { type Config } from './schema/tree.ts';
import { secretOf } from './secret-files.ts';

/** What the edge needs towards an external core. */
export interface CoreSecrets {
  /** Absent: the certificate of everything else. */
  readonly certificate?: KeyPair;
  /** PEM bundle; absent: the system's. */
  readonly ca?: string;
  readonly flowTokenKey: Secret;
}

/** What the configuration and the files it names give of it. `undefined` without an external core. Throws ERR_CONFIG_UNREADABLE or ERR_CERTIFICATE_UNREADABLE. */
export function givenCoreSecrets({ edge }: Config, attempt: Attempt): Partial<CoreSecrets> | undefined {
  const { core } = edge;
  if (!edge.enabled || core.kind !== 'external') return undefined;
  const certificate = readCertificate(core.tls, 'edge.core.tls', attempt);
  const { caFile } = core.tls;
  const ca = caFile === undefined ? undefined : attempt(() => readCa(caFile, 'edge.core.tls.caFile'));
  const { flowTokenKey, flowTokenKeyFile } = core;
  const key = attempt(() => secretOf(flowTokenKey, flowTokenKeyFile, 'edge.core.flowTokenKeyFile'));
  return { ...(certificate && { certificate }), ...(ca !== undefined && { ca }), ...(key && { flowTokenKey: key }) };
}
