import { givenTokenKeys } from '../config/access-token-keys.ts';
import { defaultRealm } from '../config/long-term-users.ts';
import { findPseudonymKey, storedKeys, storedPseudonymKey, storedRing } from '../config/stored-keys.ts';
import { type Config } from '../config/schema/tree.ts';
import { EpcscfTurnError } from '../base/errors.ts';
import { systemClock } from '../base/clock.ts';
import { createKeyRing } from '../credentials/shared-key/key-ring.ts';
import { splitUsername } from '../credentials/shared-key/profile.ts';
import { revealPseudonym } from '../credentials/shared-key/pseudonym.ts';
import { checkCredential } from '../credentials/shared-key/verifier.ts';
import { createAccessTokens } from '../server/access-tokens.ts';
import { createSharedKey } from '../server/shared-key.ts';
import { turnUris } from '../server/turn-uris.ts';
import { configFrom, type ConfigFlags } from './config-options.ts';
import { EXIT } from './exit.ts';

const NOT_OURS = 'not a name that this pseudonym key made';

/** Prints a credential as JSON, in the words of the "TURN REST API" and with the URIs of the configuration. */
export function mint(user: string, flags: ConfigFlags & { readonly ttl?: number }): void {
  const config = configFrom(flags);
  if (config.credentials.approach === 'delivered') {
    const problem =
      'credentials.approach: expected shared-key; with delivered, a credential is made by a registration alone';
    throw new EpcscfTurnError('ERR_CONFIG_INVALID', problem);
  }
  const { issuer, realm } = createSharedKey(withoutWishLimit(config), storedKeys(config, process.env));
  const now = systemClock.now();
  const wish = flags.ttl === undefined ? {} : { wishedTtlSec: flags.ttl };
  const issued = issuer.issue({ registrationId: user, person: user, grantedExpiresSec: 0, ...wish }, now);
  if (!issued.ok) throw new Error(`no credential: ${issued.reason}`);
  const { username, password, expiresAtSec } = issued.value;
  const credential = {
    username,
    password: password.revealText(),
    ttl: expiresAtSec - Math.floor(now.unixMs / 1000),
    expires: new Date(expiresAtSec * 1000).toISOString(),
    realm,
    uris: urisOf(config),
  };
  console.log(JSON.stringify(credential, undefined, 2));
}

/** Prints an access token as an authorization server answers (RFC 7635 appendix B), with what a TURN client needs besides. */
export function mintToken(user: string, flags: ConfigFlags & { readonly ttl?: number }): void {
  const config = configFrom(flags);
  const tokenKeys = givenTokenKeys(config);
  const pseudonymKey = storedPseudonymKey(config, process.env);
  const tokens = createAccessTokens(withoutWishLimit(config), { tokenKeys, pseudonymKey });
  if (!tokens?.issuer) throw new EpcscfTurnError('ERR_CONFIG_INVALID', 'oauth.keys: expected a key, got none');
  const now = systemClock.now();
  const wish = flags.ttl === undefined ? {} : { wishedTtlSec: flags.ttl };
  const issued = tokens.issuer.issue({ registrationId: user, person: user, grantedExpiresSec: 0, ...wish }, now);
  if (!issued.ok) throw new Error(`no token: ${issued.reason}`);
  const { kid, key, token, expiresAtSec } = issued.value;
  const answer = {
    access_token: token.toString('base64'),
    token_type: 'pop',
    expires_in: expiresAtSec - Math.floor(now.unixMs / 1000),
    kid,
    key: key.revealText(),
    alg: 'HMAC-SHA-1',
    aud: tokens.serverName,
    expires: new Date(expiresAtSec * 1000).toISOString(),
    realm: defaultRealm(config),
    uris: urisOf(config),
  };
  console.log(JSON.stringify(answer, undefined, 2));
}

/** The configuration with no limit below `maxSec` for a wished lifetime: here the operator wishes, not a client. */
function withoutWishLimit(config: Config): Config {
  const { ttl } = config.credentials;
  return { ...config, credentials: { ...config.credentials, ttl: { ...ttl, maxWishSec: ttl.maxSec } } };
}

/** The TURN URIs that the edge of this configuration hands out. */
function urisOf(config: Config): string[] {
  return turnUris(config, config.turn.enabled ? config.turn.listeners : [], httpsAddresses(config));
}

function httpsAddresses({ edge: { listen } }: Config): { address: string; port: number }[] {
  return listen.addresses.map((address) => ({ address, port: listen.port }));
}

/** Says which key made a credential and until when it is good, or why it is not. Returns the exit code. */
export function verify(username: string, password: string, flags: ConfigFlags & { readonly realm?: string }): number {
  const config = configFrom(flags);
  const { credentials: profile, domain, turn } = config;
  const keyRing = createKeyRing(storedRing(config, process.env));
  const realm = flags.realm ?? turn.realm ?? domain;
  const now = systemClock.now();
  const checked = checkCredential({ keyRing, profile, skewSec: profile.skewSec }, { username, password, realm }, now);
  if (!checked.ok) {
    const reasons = {
      'unknown-form': `the username is not of the form ${profile.order.replace(':', profile.separator)}, with t in UNIX seconds`,
      'wrong-key-or-password': `no key of the ring (${keyRing.all.map(({ id }) => id).join(', ')}) makes this password`,
    };
    console.log(`refused: ${reasons[checked.reason]}`);
    if (profile.approach === 'delivered')
      console.log('credentials.approach is delivered: such names are in its store, where verify does not look');
    return EXIT.failed;
  }
  const { name, expiresAtSec, keyId, expired } = checked.value;
  const pseudonymKey = findPseudonymKey(config, process.env);
  const end = new Date(expiresAtSec * 1000).toISOString();
  const leftSec = expiresAtSec - Math.floor(now.unixMs / 1000);
  console.log(
    [
      expired ? `refused: expired at ${end}, ${-leftSec} s ago` : `valid until ${end}, ${leftSec} s from now`,
      `key: ${keyId}`,
      `u: ${name}`,
      `registration: ${pseudonymKey ? (revealPseudonym(pseudonymKey, name) ?? NOT_OURS) : 'hidden, no pseudonym key here'}`,
    ].join('\n'),
  );
  return expired ? EXIT.failed : EXIT.ok;
}

/** Prints the registration behind a name in a relay's log: u alone, or the USERNAME that holds it. Returns the exit code. */
export function unmask(text: string, flags: ConfigFlags): number {
  const config = configFrom(flags);
  const pseudonymKey = storedPseudonymKey(config, process.env);
  const registration = revealPseudonym(pseudonymKey, splitUsername(config.credentials, text)?.name ?? text);
  console.log(registration ?? NOT_OURS);
  return registration === undefined ? EXIT.failed : EXIT.ok;
}
