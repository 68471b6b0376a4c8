import { constants } from 'node:crypto';

/**
 * AES with keys of 128 bits before 256: RFC 8446 §9.1 has everybody know it, and its SHA-256 makes a handshake cheaper than SHA-384. A client without AES in
 * hardware, which puts ChaCha20 first, gets that.
 */
const FIRST = 'TLS_AES_128_GCM_SHA256';

/** The ciphers of a list, this one first if it is among them: whoever starts Node with `--tls-cipher-list` says which there are. */
export function cheapestFirst(list: string): string {
  const names = list.split(':');
  return names.includes(FIRST) ? [FIRST, ...names.filter((name) => name !== FIRST)].join(':') : list;
}

/**
 * What every TLS connection of ours keeps to, in both directions. A renegotiation costs the side that is asked for it a handshake each time,
 * and no protocol here needs one; TLS 1.3 has none (RFC 8446 §4.1.2).
 */
export const TLS_RULES = {
  minVersion: 'TLSv1.2',
  ciphers: cheapestFirst(constants.defaultCipherList),
  secureOptions: constants.SSL_OP_NO_RENEGOTIATION | constants.SSL_OP_PRIORITIZE_CHACHA,
} as const;
