import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto';
import { isIP } from 'node:net';
import { type KeyPair } from '../../base/key-pair.ts';
import { type StateStore } from './state-store.ts';

const DAY_MS = 86_400_000;
const CA_DAYS = 3650;
/** Validity of a server certificate in days. Browsers refuse more than 398. */
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
export async function labCertificate(state: StateStore, names: readonly string[], nowMs: number): Promise<KeyPair> {
  const ca = readPair(state, CA_FILE, CA_KEY_FILE);
  // A server certificate must not outlive its CA, so the CA goes first.
  const keepsCa = ca && expiresAfter(ca, nowMs + (SERVER_DAYS + RENEW_DAYS) * DAY_MS);
  const server = readPair(state, SERVER_FILE, SERVER_KEY_FILE);
  if (keepsCa && server?.certificate.verify(ca.certificate.publicKey) && serves(server, names, nowMs)) {
    return { cert: server.cert, key: server.key };
  }
  const authority = keepsCa ? ca : await makeCa(state, nowMs);
  return makeServer(state, authority, names, nowMs);
}

/** Path of the lab CA's certificate; `undefined` when it is in memory only. */
export function labCaFile(state: StateStore): string | undefined {
  return state.locate(CA_FILE);
}

/** PEM of the CA behind a `labCertificate` of this state. */
export function labCa(state: StateStore): string | undefined {
  return state.read(CA_FILE);
}

interface Pair extends KeyPair {
  readonly certificate: X509Certificate;
}

/** Reads a certificate and its key. `undefined` when one is missing or they do not belong together, as a start that was cut short leaves them. */
function readPair(state: StateStore, certFile: string, keyFile: string): Pair | undefined {
  const cert = state.read(certFile);
  const key = state.read(keyFile);
  if (cert === undefined || key === undefined) return undefined;
  const certificate = parsed(state, certFile, 'a PEM certificate', () => new X509Certificate(cert));
  const privateKey: KeyObject = parsed(state, keyFile, 'a PEM private key', () => createPrivateKey(key));
  return certificate.checkPrivateKey(privateKey) ? { cert, key, certificate } : undefined;
}

function parsed<T>(state: StateStore, name: string, expected: string, parse: () => T): T {
  try {
    return parse();
  } catch (cause) {
    throw state.broken(name, expected, cause);
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

async function makeCa(state: StateStore, nowMs: number): Promise<KeyPair> {
  const { generate } = await import('selfsigned');
  const pair = await generate([{ name: 'commonName', value: 'epcscf-turn lab CA' }], {
    ...validity(nowMs, CA_DAYS),
    extensions: [
      { name: 'basicConstraints', cA: true, pathLenConstraint: 0, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    ],
  });
  state.replace(CA_KEY_FILE, pair.private);
  state.replace(CA_FILE, pair.cert);
  return { cert: pair.cert, key: pair.private };
}

async function makeServer(state: StateStore, ca: KeyPair, names: readonly string[], nowMs: number): Promise<KeyPair> {
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
  state.replace(SERVER_KEY_FILE, pair.private);
  state.replace(SERVER_FILE, pair.cert);
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
