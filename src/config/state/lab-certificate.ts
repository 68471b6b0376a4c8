import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto';
import { isIP } from 'node:net';
import { type StateFolder } from './state-folder.ts';

export interface Certificate {
  /** PEM, the server's own first. */
  readonly cert: string;
  readonly key: string;
}

const DAY_MS = 86_400_000;
const CA_DAYS = 3650;
/** Browsers refuse more than 398. */
const SERVER_DAYS = 365;
const RENEW_DAYS = 30;
const CA_FILE = 'ca.pem';
const CA_KEY_FILE = 'ca-key.pem';
const SERVER_FILE = 'server.pem';
const SERVER_KEY_FILE = 'server-key.pem';

/**
 * A certificate for `names` (host names and IP addresses) from a lab CA that stays, so that a client can be told to trust `ca.pem` once.
 * Made anew when it nears its end or does not cover a name.
 */
export async function labCertificate(
  folder: StateFolder,
  names: readonly string[],
  nowMs: number,
): Promise<Certificate> {
  const ca = readPair(folder, CA_FILE, CA_KEY_FILE);
  // A server certificate must not outlive its CA, so the CA goes first.
  const keepsCa = ca && expiresAfter(ca, nowMs + (SERVER_DAYS + RENEW_DAYS) * DAY_MS);
  const server = readPair(folder, SERVER_FILE, SERVER_KEY_FILE);
  if (keepsCa && server?.certificate.verify(ca.certificate.publicKey) && serves(server, names, nowMs)) {
    return { cert: server.cert, key: server.key };
  }
  const authority = keepsCa ? ca : await makeCa(folder, nowMs);
  return makeServer(folder, authority, names, nowMs);
}

/** Where clients find the CA's certificate. */
export function labCaFile(folder: StateFolder): string {
  return folder.file(CA_FILE);
}

interface Pair extends Certificate {
  readonly certificate: X509Certificate;
}

/** `undefined` when a part is missing or the two do not belong together: a start that was cut short leaves that behind. */
function readPair(folder: StateFolder, certFile: string, keyFile: string): Pair | undefined {
  const cert = folder.read(certFile);
  const key = folder.read(keyFile);
  if (cert === undefined || key === undefined) return undefined;
  const certificate = parsed(folder, certFile, 'a PEM certificate', () => new X509Certificate(cert));
  const privateKey: KeyObject = parsed(folder, keyFile, 'a PEM private key', () => createPrivateKey(key));
  return certificate.checkPrivateKey(privateKey) ? { cert, key, certificate } : undefined;
}

function parsed<T>(folder: StateFolder, name: string, expected: string, parse: () => T): T {
  try {
    return parse();
  } catch (cause) {
    throw folder.broken(name, expected, cause);
  }
}

function expiresAfter({ certificate }: Pair, timeMs: number): boolean {
  return Date.parse(certificate.validTo) > timeMs;
}

function serves(pair: Pair, names: readonly string[], nowMs: number): boolean {
  const { certificate } = pair;
  return (
    expiresAfter(pair, nowMs + RENEW_DAYS * DAY_MS) &&
    Date.parse(certificate.validFrom) <= nowMs &&
    names.every((name) => (isIP(name) ? certificate.checkIP(name) : certificate.checkHost(name)) !== undefined)
  );
}

async function makeCa(folder: StateFolder, nowMs: number): Promise<Certificate> {
  const { generate } = await import('selfsigned');
  const pair = await generate([{ name: 'commonName', value: 'epcscf-turn lab CA' }], {
    ...validity(nowMs, CA_DAYS),
    extensions: [
      { name: 'basicConstraints', cA: true, pathLenConstraint: 0, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    ],
  });
  folder.replace(CA_KEY_FILE, pair.private);
  folder.replace(CA_FILE, pair.cert);
  return { cert: pair.cert, key: pair.private };
}

async function makeServer(
  folder: StateFolder,
  ca: Certificate,
  names: readonly string[],
  nowMs: number,
): Promise<Certificate> {
  const { generate } = await import('selfsigned');
  const pair = await generate([{ name: 'commonName', value: names.find((name) => !isIP(name)) ?? 'localhost' }], {
    ...validity(nowMs, SERVER_DAYS),
    ca,
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: names.map((name) =>
          isIP(name) ? { type: 7 as const, ip: name } : { type: 2 as const, value: name },
        ),
      },
    ],
  });
  folder.replace(SERVER_KEY_FILE, pair.private);
  folder.replace(SERVER_FILE, pair.cert);
  return { cert: pair.cert, key: pair.private };
}

function validity(nowMs: number, days: number) {
  return {
    keyType: 'ec' as const,
    curve: 'P-256' as const,
    algorithm: 'sha256',
    // An hour back, for clients whose clock is behind.
    notBeforeDate: new Date(nowMs - 3_600_000),
    notAfterDate: new Date(nowMs + days * DAY_MS),
  };
}
