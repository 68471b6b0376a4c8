import { createSecureContext, type SecureContextOptions } from 'node:tls';
import { EpcscfTurnError } from './errors.ts';
import { TLS_RULES } from './tls-rules.ts';

/** A certificate and its private key, in PEM. */
export interface KeyPair {
  /** The certificate chain in PEM, the owner's own certificate first. */
  readonly cert: string;
  /** The private key in PEM. */
  readonly key: string;
}

/** What one end of a TLS connection shows and trusts, in PEM. */
export interface TlsParts extends Partial<{ readonly [Part in keyof KeyPair]: KeyPair[Part] | undefined }> {
  /** CAs that may sign the certificate of the other end; absent: the CAs that Node.js trusts. */
  readonly ca?: string | undefined;
}

/**
 * The options of either end of a TLS connection. Throws ERR_CERTIFICATE_UNREADABLE, `complaint` and what OpenSSL says, when OpenSSL cannot use
 * it.
 */
export function secureOptions({ cert, key, ca }: TlsParts, complaint: string): SecureContextOptions {
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
