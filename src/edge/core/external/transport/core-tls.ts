import { checkServerIdentity, createSecureContext, type PeerCertificate, type SecureContextOptions } from 'node:tls';
import { EpcscfTurnError } from '../../../../core/errors.ts';
import { TLS_RULES } from '../../../../core/tls-rules.ts';
import { type CoreTlsOptions } from '../../../edge-options.ts';

/** What both ends of our TLS connections with a core are made with. Throws ERR_CERTIFICATE_UNREADABLE when OpenSSL cannot use it. */
export function coreSecureOptions({
  cert,
  key,
  ca,
}: Pick<CoreTlsOptions, 'cert' | 'key' | 'ca'>): SecureContextOptions {
  const options: SecureContextOptions = {
    ...TLS_RULES,
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
    ...(ca !== undefined && { ca }),
  };
  try {
    createSecureContext(options);
  } catch (error) {
    const reason = (error as Error).message;
    throw new EpcscfTurnError(
      'ERR_CERTIFICATE_UNREADABLE',
      `edge.core.tls: expected usable PEM in certFile, keyFile and caFile, got: ${reason}`,
      { cause: error },
    );
  }
  return options;
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
