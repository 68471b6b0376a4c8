import { Secret } from '../../../src/base/secret.ts';
import { ha1 } from '../../../src/sip/digest.ts';
import { computeDigestResponse, formatAuthorization } from '../../sip/digest-client.ts';

/** What a client may write into a REGISTER to prove who it is. */
export const PROOFS = [
  'right',
  'none',
  'replayed',
  'earlier-nonce',
  'nonce-of-other-flow',
  'made-up-nonce',
  'other-password',
  'other-user',
  'other-realm',
  'other-uri',
  'other-algorithm',
  'private-identity',
  'auth-int',
  'spaced',
  'behind-another',
  'empty',
  'proxy',
  'bearer',
] as const;
export type Proof = (typeof PROOFS)[number];

/** What a client knows of the nonces that its flow was given. */
export class Nonces {
  readonly #all: string[] = [];
  #count = 0;

  add(nonce: string): void {
    this.#all.push(nonce);
    this.#count = 0;
  }

  /** The last but so many; the last if there are no more. */
  last(before = 0): string | undefined {
    return this.#all.at(-1 - before) ?? this.#all.at(-1);
  }

  /** The next count of the last nonce, or the latest once more. */
  count(isReplayed: boolean): number {
    if (!isReplayed) this.#count += 1;
    return Math.max(1, this.#count);
  }
}

interface ProofInput {
  readonly user: string;
  readonly uri: string;
  readonly nonces: Nonces;
  /** Those of another flow. */
  readonly otherNonces: Nonces;
  readonly passwords: ReadonlyMap<string, Secret>;
}

/** The lines with the proof; empty as long as nothing was asked. */
export function proofLines(proof: Proof, input: ProofInput): string {
  const { user: own, nonces, passwords } = input;
  const latest = nonces.last();
  if (proof === 'none' || latest === undefined) return '';
  if (proof === 'bearer') return 'Authorization: Bearer abc\r\n';
  if (proof === 'empty') {
    return `Authorization: Digest username="${own}", realm="example.com", nonce="", uri="sip:example.com", response=""\r\n`;
  }
  const user = proof === 'other-user' ? 'bob' : own;
  const username = proof === 'private-identity' ? `${user}@example.com` : user;
  const realm = proof === 'other-realm' ? 'elsewhere.com' : 'example.com';
  const uri = proof === 'other-uri' ? 'sip:elsewhere.com' : input.uri;
  const algorithm = proof === 'other-algorithm' ? 'SHA-256' : 'MD5';
  const nonce = nonceFor(proof, input) ?? latest;
  const nonceCount = nonces.count(proof === 'replayed');
  const qop = { nc: nonceCount.toString(16).padStart(8, '0'), cnonce: 'c', nonceCount };
  const password = (proof === 'other-password' ? undefined : passwords.get(user)) ?? new Secret('a guess');
  const a1 = ha1({ algorithm, username, realm, password });
  const response = computeDigestResponse({ algorithm, ha1: a1, method: 'REGISTER', uri, nonce, qop });
  const value = formatAuthorization({ username, realm, nonce, uri, response, algorithm, qop });
  if (proof === 'auth-int') return `Authorization: ${value.replace('qop=auth', 'qop=auth-int')}\r\n`;
  if (proof === 'proxy') return `Proxy-Authorization: ${value}\r\n`;
  if (proof === 'spaced')
    return `authorization :  ${value.replace('=MD5', ' = "md5"').replace('username=', 'USERNAME = ')}\r\n`;
  const line = `Authorization: ${value}\r\n`;
  return proof === 'behind-another' ? line.replace('example.com', 'elsewhere.com') + line : line;
}

function nonceFor(proof: Proof, { nonces, otherNonces }: ProofInput): string | undefined {
  if (proof === 'earlier-nonce') return nonces.last(1);
  if (proof === 'nonce-of-other-flow') return otherNonces.last();
  return proof === 'made-up-nonce' ? `1-1-${'a'.repeat(24)}` : undefined;
}
