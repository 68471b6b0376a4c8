import { type Secret } from '../core/secret.ts';
import { readCa, readCertificate } from './given-certificate.ts';
import { type Config } from './schema/tree.ts';
import { secretOf } from './secret-files.ts';
import { type Certificate } from './state/lab-certificate.ts';

/** What the edge needs towards an external core. */
export interface CoreMaterial {
  /** Absent: the certificate of everything else. */
  readonly certificate?: Certificate;
  /** PEM bundle; absent: the system's. */
  readonly ca?: string;
  readonly flowTokenKey: Secret;
}

/**
 * From the files that the configuration names; `keep` makes or finds the key of flow tokens where none is given. `undefined` without an
 * external core. Throws ERR_CONFIG_UNREADABLE or ERR_CERTIFICATE_UNREADABLE.
 */
export function coreMaterial({ edge }: Config, keep: () => Secret): CoreMaterial | undefined {
  const { core } = edge;
  if (!edge.enabled || core.kind !== 'external') return undefined;
  const certificate = readCertificate(core.tls, 'edge.core.tls');
  const { caFile } = core.tls;
  return {
    ...(certificate && { certificate }),
    ...(caFile !== undefined && { ca: readCa(caFile, 'edge.core.tls.caFile') }),
    flowTokenKey: secretOf(core.flowTokenKey, core.flowTokenKeyFile, 'edge.core.flowTokenKeyFile') ?? keep(),
  };
}
