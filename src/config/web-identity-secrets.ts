import { type Secret } from '../base/secret.ts';
import { type Attempt } from './findings.ts';
import { readCa } from './given-certificate.ts';
import { knownEntries } from './schema/known-part.ts';
import { type Config } from './schema/tree.ts';
import { secretOf } from './secret-files.ts';

/** Secrets with which the edge asks authorization servers about tokens, and reports to a web server. */
export interface WebIdentitySecrets {
  /** The client secret that the edge shows to the introspection endpoint of each issuer, by issuer. */
  readonly clientSecrets: ReadonlyMap<string, Secret>;
  readonly webhookSecret?: Secret;
  /** PEM bundle of the CAs that may sign the certificates of these servers; absent: the CAs that Node.js trusts. */
  readonly ca?: string;
}

/** Reads the secrets of `edge.webIdentity`. `undefined` when no issuer is configured. Throws ERR_CONFIG_UNREADABLE or ERR_CERTIFICATE_UNREADABLE. */
export function givenWebIdentitySecrets({ edge }: Config, attempt: Attempt): WebIdentitySecrets | undefined {
  const { issuers, webhook, caFile } = edge.webIdentity;
  if (!edge.enabled || issuers.length === 0) return undefined;
  const clientSecrets = new Map<string, Secret>();
  for (const { entry, i } of knownEntries(issuers)) {
    const secret = attempt(() => {
      const { clientSecret, clientSecretFile } = entry.introspection ?? {};
      return secretOf(clientSecret, clientSecretFile, `edge.webIdentity.issuers.${i}.introspection.clientSecretFile`);
    });
    if (secret) attempt(() => clientSecrets.set(entry.issuer, secret));
  }
  const webhookSecret = attempt(() =>
    secretOf(webhook.secret, webhook.secretFile, 'edge.webIdentity.webhook.secretFile'),
  );
  const ca = caFile === undefined ? undefined : attempt(() => readCa(caFile, 'edge.webIdentity.caFile'));
  return { clientSecrets, ...(webhookSecret && { webhookSecret }), ...(ca !== undefined && { ca }) };
}
