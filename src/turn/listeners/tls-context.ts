import { createSecureContext, type SecureContextOptions } from 'node:tls';
import { EpcscfTurnError } from '../../core/errors.ts';
import { TLS_RULES } from '../../core/tls-rules.ts';

/** PEM text of the certificate chain, and of its key. */
export interface TlsContext {
  readonly cert: string | Buffer;
  readonly key: string | Buffer;
}

/** What a TLS server of ours is made with. Throws ERR_CERTIFICATE_UNREADABLE when OpenSSL cannot use the pair. */
export function secureOptions({ cert, key }: TlsContext): SecureContextOptions {
  const options = { ...TLS_RULES, cert, key };
  try {
    createSecureContext(options);
  } catch (error) {
    const reason = (error as Error).message;
    throw new EpcscfTurnError(
      'ERR_CERTIFICATE_UNREADABLE',
      `TURN tls listener: the certificate and key (tls.certFile, tls.keyFile) are no usable PEM pair: ${reason}`,
      { cause: error },
    );
  }
  return options;
}
