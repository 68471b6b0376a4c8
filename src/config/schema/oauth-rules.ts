import { knownEntries } from './known-part.ts';
import { JWT_BEARER } from './oauth-clients.ts';
import { MAX_POOL_NAMES, poolNames } from './pool-names.ts';
import { type Report, type Rule } from './rule-report.ts';
import { type Config } from './tree.ts';

export const OAUTH_RULES: readonly Rule[] = [checkClients, checkPools, checkUsers, checkWwsf];

type Client = Config['oauth']['clients'][number];

/** RFC 6749 §4.4 and RFC 7521 §6.3: for clients that can keep a secret. */
const PROVEN = ['client_credentials', JWT_BEARER] as const;
const GIVEN_BY_LOGIN = ['authorization_code', 'implicit'] as const;

function checkClients({ oauth }: Config, report: Report): void {
  knownEntries(oauth.clients).forEach(({ entry: client, i }) => {
    const path = `oauth.clients.${i}`;
    const { id, grants, redirectUris } = client;
    if (oauth.clients.findIndex((other) => other.id === id) !== i) report(`${path}.id`, 'an id of its own', id);
    const proofs = proofsOf(client);
    if (proofs.length > 1) report(path, 'one of "secret", "secretFile" and "publicKeyFile"', proofs.join(' and '));
    const mustProve = PROVEN.some((grant) => grants.includes(grant)) || client.introspects || client.namesUsers;
    if (proofs.length === 0 && mustProve) {
      report(path, '"secret", "secretFile" or "publicKeyFile", or else "grants" by a login alone', 'none');
    }
    if (redirectUris.length === 0 && GIVEN_BY_LOGIN.some((grant) => grants.includes(grant))) {
      report(`${path}.redirectUris`, 'at least one, because users log in for this client', []);
    }
    if (grants.includes('implicit') && !oauth.implicit) {
      report('oauth.implicit', `true, because ${path}.grants has implicit`, false);
    }
  });
}

function proofsOf({ secret, secretFile, publicKeyFile }: Client): string[] {
  const proofs = Object.entries({ secret, secretFile, publicKeyFile });
  return proofs.flatMap(([name, value]) => (value === undefined ? [] : [name]));
}

/** Refuses a private identity that two users share: the second would be taken for the first. */
function checkPools({ domain, edge, oauth }: Config, report: Report): void {
  const owners = new Map<string, string>();
  edge.core.users.forEach(({ name }, i) => owners.set(`${name}@${domain}`, `edge.core.users.${i}`));
  oauth.users.forEach(({ name, impi = `${name}@${domain}` }, i) => owners.set(impi, `oauth.users.${i}`));
  const pools = oauth.clients.map(({ pool }, i) => ({ pool, path: `oauth.clients.${i}.pool` }));
  for (const { pool, path } of [...pools, { pool: oauth.wwsf.waf.pool, path: 'oauth.wwsf.waf.pool' }]) {
    const names = pool.flatMap((entry) => poolNames(entry) ?? []);
    if (names.length > MAX_POOL_NAMES) report(path, `at most ${MAX_POOL_NAMES} names`, names.length);
    for (const name of names) {
      const impi = `${name}@${domain}`;
      const owner = owners.get(impi);
      if (owner !== undefined) {
        report(path, `names that ${owner} does not have`, name);
        break;
      }
      owners.set(impi, path);
    }
  }
}

function checkUsers({ oauth: { users } }: Config, report: Report): void {
  users.forEach(({ name }, i) => {
    if (users.findIndex((other) => other.name === name) !== i)
      report(`oauth.users.${i}.name`, 'a name of its own', name);
  });
}

function checkWwsf({ oauth }: Config, report: Report): void {
  const { wwsf } = oauth;
  if (!wwsf.enabled) return;
  if (wwsf.waf.issuer === undefined) checkOwnWaf(oauth, report);
  else checkRemoteWaf(oauth, report);
  const { issuer, clientSecret, clientSecretFile } = wwsf.openid;
  if (issuer !== undefined && (clientSecret === undefined) === (clientSecretFile === undefined)) {
    report('oauth.wwsf.openid', 'exactly one of "clientSecret" and "clientSecretFile"', 'neither, or both');
  }
  if (wwsf.webhookSecret !== undefined && wwsf.webhookSecretFile !== undefined) {
    report('oauth.wwsf', 'one of "webhookSecret" and "webhookSecretFile"', 'both');
  }
}

function checkOwnWaf({ wwsf, authorizationServer, clients }: Config['oauth'], report: Report): void {
  if (!authorizationServer.enabled) {
    report('oauth.authorizationServer.enabled', 'true, because oauth.wwsf.enabled is true', false);
  }
  const client = clients.find(({ id }) => id === wwsf.client);
  if (!client?.namesUsers) {
    report('oauth.wwsf.client', 'the id of one of oauth.clients, with namesUsers: true', wwsf.client);
  } else if (wwsf.guests && client.pool.length === 0) {
    report('oauth.wwsf.guests', `false, because ${client.id} of oauth.clients has no pool`, true);
  }
  const { tokenEndpoint, jwksUri, clientSecret, clientSecretFile, privateKeyFile, caFile } = wwsf.waf;
  const given = Object.entries({ tokenEndpoint, jwksUri, clientSecret, clientSecretFile, privateKeyFile, caFile });
  const [key] = given.flatMap(([name, value]) => (value === undefined ? [] : [name]));
  if (key !== undefined)
    report('oauth.wwsf.waf.issuer', `the URL of the server that oauth.wwsf.waf.${key} is for`, key);
}

function checkRemoteWaf({ wwsf, authorizationServer }: Config['oauth'], report: Report): void {
  const { tokenEndpoint, jwksUri, clientSecret, clientSecretFile, privateKeyFile, pool } = wwsf.waf;
  if (authorizationServer.enabled) {
    report('oauth.authorizationServer.enabled', 'false, because oauth.wwsf.waf.issuer names another one', true);
  }
  const proofs = Object.entries({ clientSecret, clientSecretFile, privateKeyFile });
  const names = proofs.flatMap(([name, value]) => (value === undefined ? [] : [name]));
  if (names.length !== 1) {
    const expected = 'exactly one of "clientSecret", "clientSecretFile" and "privateKeyFile"';
    report('oauth.wwsf.waf', expected, names.length === 0 ? 'none' : names.join(' and '));
  }
  if (jwksUri !== undefined && tokenEndpoint === undefined) {
    report('oauth.wwsf.waf.tokenEndpoint', 'the token endpoint, because jwksUri is set', tokenEndpoint);
  }
  if (wwsf.guests && pool.length === 0) {
    report('oauth.wwsf.guests', 'false, because oauth.wwsf.waf.pool is empty', true);
  }
}
