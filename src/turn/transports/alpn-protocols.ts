/**
 * Names that STUN over TLS may go by (RFC 7443 §3). A client without ALPN, as browsers are, is served all the same; one that offers only other
 * protocols is refused (RFC 7301 §3.2).
 */
export const STUN_ALPN_PROTOCOLS: readonly string[] = ['stun.turn', 'stun.nat-discovery'];
