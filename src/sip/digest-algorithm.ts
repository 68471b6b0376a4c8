import { hash } from 'node:crypto';

export const DIGEST_ALGORITHMS = ['MD5', 'MD5-sess', 'SHA-256', 'SHA-256-sess'] as const;
export type DigestAlgorithm = (typeof DIGEST_ALGORITHMS)[number];

const HASHES: Readonly<
  Record<DigestAlgorithm, { readonly name: string; readonly hexLength: number; readonly isSession: boolean }>
> = {
  MD5: { name: 'md5', hexLength: 32, isSession: false },
  'MD5-sess': { name: 'md5', hexLength: 32, isSession: true },
  'SHA-256': { name: 'sha256', hexLength: 64, isSession: false },
  'SHA-256-sess': { name: 'sha256', hexLength: 64, isSession: true },
};

/** The algorithm of that name, in whatever case. */
export function digestAlgorithm(name: string): DigestAlgorithm | undefined {
  for (const algorithm of DIGEST_ALGORITHMS) if (algorithm === name) return algorithm;
  return DIGEST_ALGORITHMS.find((algorithm) => algorithm.toLowerCase() === name.toLowerCase());
}

/** Hexadecimal digits of its digests. */
export function hexLengthOf(algorithm: DigestAlgorithm): number {
  return HASHES[algorithm].hexLength;
}

/** Whether it hashes nonce and cnonce into HA1, so that it needs a qop. */
export function isSession(algorithm: DigestAlgorithm): boolean {
  return HASHES[algorithm].isSession;
}

/** The digest in lower-case hexadecimal; the same for an algorithm and its -sess variant. A text stands for its UTF-8. */
export function digestHash(algorithm: DigestAlgorithm, data: string | Uint8Array): string {
  return hash(HASHES[algorithm].name, data, 'hex');
}
