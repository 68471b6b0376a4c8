import { type KeyObject } from 'node:crypto';
import { type OAuthSecrets } from '../config/oauth-secrets.ts';
import { poolNames } from '../config/schema/pool-names.ts';
import { type Config } from '../config/schema/tree.ts';
import { Secret } from '../base/secret.ts';
import { signingAlgorithmOf } from '../oauth/key-algorithm.ts';
import { type ClientProof, type OAuthClient, type OAuthClients } from '../oauth/oauth-client.ts';
import { type WebUser, WebUsers } from '../oauth/web-users.ts';

/** The clients of `oauth.clients`, with what each proves itself by. */
export function oauthClients({ domain, oauth }: Config, { clientProofs }: OAuthSecrets): OAuthClients {
  return new Map(
    oauth.clients.map((client): [string, OAuthClient] => [
      client.id,
      {
        id: client.id,
        proof: proofOf(clientProofs.get(client.id)),
        grants: new Set(client.grants),
        scopes: client.scopes,
        redirectUris: client.redirectUris,
        origins: client.origins,
        namesUsers: client.namesUsers,
        pool: poolOf(client.pool, domain),
        introspects: client.introspects,
      },
    ]),
  );
}

/** The private identities that the entries of a pool stand for. */
export function poolOf(entries: readonly string[], domain: string): ReadonlySet<string> {
  return new Set(entries.flatMap((entry) => poolNames(entry) ?? []).map((name) => `${name}@${domain}`));
}

function proofOf(given: Secret | KeyObject | undefined): ClientProof {
  if (!given) return { kind: 'none' };
  if (given instanceof Secret) return { kind: 'secret', secret: given };
  const algorithm = signingAlgorithmOf(given);
  return algorithm ? { kind: 'key', key: given, algorithm } : { kind: 'none' };
}

/** The users of `oauth.users`, or those of the embedded core. */
export function webUsers(
  { domain, oauth }: Config,
  { userPasswords }: OAuthSecrets,
  coreUsers: ReadonlyMap<string, Secret>,
): WebUsers {
  const identityOf = (name: string, impi = `${name}@${domain}`, impus: readonly string[] = [`sip:${impi}`]) => ({
    impi,
    impus,
  });
  const listed = oauth.users.map(({ name, impi, impus }): [string, WebUser] => [
    name,
    { ...identityOf(name, impi, impus), password: userPasswords.get(name) },
  ]);
  const registered = [...coreUsers].map(([name, password]): [string, WebUser] => [
    name,
    { ...identityOf(name), password },
  ]);
  return new WebUsers(domain, new Map(listed.length > 0 ? listed : registered));
}
