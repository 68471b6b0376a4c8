import { createPrivateKey, X509Certificate } from 'node:crypto';
import { EpcscfTurnError } from '../base/errors.ts';
import { type KeyPair } from '../base/key-pair.ts';
import { atOnce, type Attempt } from './findings.ts';
import { type Config } from './schema/tree.ts';
import { readTextFile } from './text-file.ts';

/** The paths of a certificate file and its key file. */
interface CertificateFiles {
  readonly certFile?: string | undefined;
  readonly keyFile?: string | undefined;
}

/** The certificate of `tls.certFile` and `tls.keyFile`, checked to be one. Throws ERR_CERTIFICATE_UNREADABLE. */
export function givenCertificate({ tls }: Config, attempt: Attempt = atOnce): KeyPair | undefined {
  return readCertificate(tls, 'tls', attempt);
}

/** Reads the certificate and key that a section names: `path` is what errors call the section. `undefined` when it names no files. */
export function readCertificate(
  { certFile, keyFile }: CertificateFiles,
  path: string,
  attempt: Attempt = atOnce,
): KeyPair | undefined {
  if (certFile === undefined || keyFile === undefined) return undefined;
  const cert = attempt(() => readTextFile(certFile, `${path}.certFile`, 'ERR_CERTIFICATE_UNREADABLE'));
  const key = attempt(() => readTextFile(keyFile, `${path}.keyFile`, 'ERR_CERTIFICATE_UNREADABLE'));
  return cert === undefined || key === undefined
    ? undefined
    : attempt(() => checkedPair({ cert, key }, { certFile, keyFile }, path));
}

function checkedPair(
  { cert, key }: KeyPair,
  { certFile, keyFile }: { readonly certFile: string; readonly keyFile: string },
  path: string,
): KeyPair {
  const certificate = parse(
    () => new X509Certificate(cert),
    `${path}.certFile: expected a PEM certificate in ${certFile}`,
  );
  const privateKey = parse(
    () => createPrivateKey(key),
    `${path}.keyFile: expected a PEM private key without passphrase in ${keyFile}`,
  );
  if (!certificate.checkPrivateKey(privateKey)) {
    throw new EpcscfTurnError(
      'ERR_CERTIFICATE_UNREADABLE',
      `${path}.keyFile: ${keyFile} is not the key of ${certFile}`,
    );
  }
  return { cert, key };
}

/** Reads a PEM bundle of CA certificates. Throws ERR_CERTIFICATE_UNREADABLE. */
export function readCa(file: string, path: string): string {
  const pem = readTextFile(file, path, 'ERR_CERTIFICATE_UNREADABLE');
  parse(() => new X509Certificate(pem), `${path}: expected PEM certificates in ${file}`);
  return pem;
}

function parse<T>(read: () => T, message: string): T {
  try {
    return read();
  } catch (cause) {
    throw new EpcscfTurnError('ERR_CERTIFICATE_UNREADABLE', message, { cause });
  }
}

/** The time in which a certificate is valid, in UNIX milliseconds. */
interface Validity {
  readonly fromMs: number;
  readonly toMs: number;
}

export function validityOf({ cert }: KeyPair): Validity {
  const { validFrom, validTo } = new X509Certificate(cert);
  return { fromMs: Date.parse(validFrom), toMs: Date.parse(validTo) };
}

const DAY_MS = 86_400_000;
/** A certificate that ends within so many milliseconds causes a warning. */
const WARNING_MS = 14 * DAY_MS;

/**
 * A warning about a certificate that has expired, is not valid yet, or ends within 14 days, in words that follow its name. `undefined`: no
 * warning.
 */
export function validityWarning(certificate: KeyPair, nowMs: number): string | undefined {
  const { fromMs, toMs } = validityOf(certificate);
  if (toMs <= nowMs) return 'has expired';
  if (fromMs > nowMs) return `is not valid before ${new Date(fromMs).toISOString()}`;
  const days = Math.ceil((toMs - nowMs) / DAY_MS);
  return toMs - nowMs < WARNING_MS ? `ends in ${days} day${days === 1 ? '' : 's'}` : undefined;
}
