import { createPrivateKey, X509Certificate } from 'node:crypto';
import { EpcscfTurnError } from '../core/errors.ts';
import { type Config } from './schema/tree.ts';
import { type Certificate } from './state/lab-certificate.ts';
import { readTextFile } from './text-file.ts';

/** The certificate of `tls.certFile` and `tls.keyFile`, checked to be one. Throws ERR_CERTIFICATE_UNREADABLE. */
export function givenCertificate({ tls: { certFile, keyFile } }: Config): Certificate | undefined {
  if (certFile === undefined || keyFile === undefined) return undefined;
  const cert = readTextFile(certFile, 'tls.certFile', 'ERR_CERTIFICATE_UNREADABLE');
  const key = readTextFile(keyFile, 'tls.keyFile', 'ERR_CERTIFICATE_UNREADABLE');
  const certificate = parse(() => new X509Certificate(cert), `tls.certFile: expected a PEM certificate in ${certFile}`);
  const privateKey = parse(
    () => createPrivateKey(key),
    `tls.keyFile: expected a PEM private key without passphrase in ${keyFile}`,
  );
  if (!certificate.checkPrivateKey(privateKey)) {
    throw new EpcscfTurnError('ERR_CERTIFICATE_UNREADABLE', `tls.keyFile: ${keyFile} is not the key of ${certFile}`);
  }
  return { cert, key };
}

function parse<T>(read: () => T, message: string): T {
  try {
    return read();
  } catch (cause) {
    throw new EpcscfTurnError('ERR_CERTIFICATE_UNREADABLE', message, { cause });
  }
}

/** When the certificate ends, in UNIX milliseconds. */
export function certificateEndMs({ cert }: Certificate): number {
  return Date.parse(new X509Certificate(cert).validTo);
}
