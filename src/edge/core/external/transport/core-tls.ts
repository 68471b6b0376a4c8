import { checkServerIdentity, type PeerCertificate, type SecureContextOptions } from 'node:tls';
import { secureOptions, type TlsParts } from '../../../../base/key-pair.ts';

/** The options of both ends of a TLS connection between the edge and a core. Throws ERR_CERTIFICATE_UNREADABLE when OpenSSL cannot use the PEM. */
export function coreSecureOptions(tls: TlsParts): SecureContextOptions {
  return secureOptions(tls, 'edge.core.tls: expected usable PEM in certFile, keyFile and caFile, got');
}

/** RFC 5922 §7.1: a certificate speaks for a SIP domain by a SIP URI of it, else by its DNS names; for an address by that. */
export function checkCoreIdentity(name: string, certificate: PeerCertificate): Error | undefined {
  const uri = `URI:sip:${name.toLowerCase()}`;
  // Names with characters that could pass for a separator come in quotes, and so are never equal.
  const names = certificate.subjectaltname?.split(', ') ?? [];
  return names.some((text) => text.toLowerCase() === uri.toLowerCase())
    ? undefined
    : checkServerIdentity(name, certificate);
}
