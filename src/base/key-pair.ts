import { createSecureContext, type SecureContextOptions } from 'node:tls';
import { EpcscfTurnError } from './errors.ts';
import { TLS_RULES } from './tls-rules.ts';

/** PEM text. */
export interface KeyPair {
  /** A certificate chain, the owner's own first. */
  readonly cert: string;
  readonly key: string;
}

/** PEM text that TLS is made with. `ca`: who may sign the other side's certificates. */
interface TlsMaterial extends Partial<{ readonly [Part in keyof KeyPair]: KeyPair[Part] | undefined }> {
  readonly ca?: string | undefined;
}

/** What either end of our TLS connections is made with. Throws ERR_CERTIFICATE_UNREADABLE, `complaint` and what OpenSSL says, when OpenSSL cannot use it. */
export function secureOptions({ cert, key, ca }: TlsMaterial, complaint: string): SecureContextOptions {
  const options: SecureContextOptions = {
    ...TLS_RULES,
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
    ...(ca !== undefined && { ca }),
  };
  try {
    createSecureContext(options);
  } catch (error) {
    const reason = (error as Error).message;
    throw new EpcscfTurnError('ERR_CERTIFICATE_UNREADABLE', `${complaint}: ${reason}`, { cause: error });
  }
  return options;
}
