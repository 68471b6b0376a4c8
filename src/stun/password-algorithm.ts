/** The STUN Password Algorithms registry (RFC 8489 §18.5). */
export const PasswordAlgorithm = { Md5: 0x0001, Sha256: 0x0002 } as const;

/** One entry of PASSWORD-ALGORITHM or PASSWORD-ALGORITHMS (RFC 8489 §14.11). Both registered algorithms have empty parameters. */
export interface PasswordAlgorithmChoice {
  readonly algorithm: number;
  readonly parameters: Buffer;
}
