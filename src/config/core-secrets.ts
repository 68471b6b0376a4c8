import { type KeyPair } from '../base/key-pair.ts';
import { type Secret } from '../base/secret.ts';
import { type Attempt } from './findings.ts';
import { readCa, readCertificate } from './given-certificate.ts';
import { type Config } from './schema/tree.ts';
import { secretOf } from './secret-files.ts';

/** Keys and certificates for an external core. */
export interface CoreSecrets {
  /** Certificate for TLS with the core; absent: the certificate of `tls` is used. */
  readonly certificate?: KeyPair;
  /** PEM bundle of the CAs that may sign the core's certificates; absent: the CAs that Node.js trusts. */
  readonly ca?: string;
  readonly flowTokenKey: Secret;
}

/**
 * Reads the secrets for an external core from the configuration and the files it names. `undefined` without an external core. Throws
 * ERR_CONFIG_UNREADABLE or ERR_CERTIFICATE_UNREADABLE.
 */
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
