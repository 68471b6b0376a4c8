import { constants } from 'node:crypto';

/**
 * What every TLS connection of ours keeps to, in both directions. A renegotiation costs the side that is asked for it a handshake each time,
 * and no protocol here needs one; TLS 1.3 has none (RFC 8446 §4.1.2).
 */
export const TLS_RULES = { minVersion: 'TLSv1.2', secureOptions: constants.SSL_OP_NO_RENEGOTIATION } as const;
