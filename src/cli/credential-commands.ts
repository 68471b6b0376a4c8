import { loadKeys } from '../config/material.ts';
import { systemClock } from '../core/clock.ts';
import { splitUsername } from '../credentials/shared-key/profile.ts';
import { checkCredential } from '../credentials/shared-key/verifier.ts';
import { createSharedKey } from '../server/shared-key.ts';
import { turnUris } from '../server/turn-uris.ts';
import { configFrom, type ConfigFlags } from './config-options.ts';
import { EXIT } from './exit.ts';

/** Prints a credential as JSON, in the words of the "TURN REST API" and with the URIs of the configuration. */
export function mint(user: string, flags: ConfigFlags & { readonly ttl?: number }): void {
  const config = configFrom(flags);
  const { issuer, realm } = createSharedKey(config, loadKeys(config, process.env));
  const now = systemClock.now();
  const wish = flags.ttl === undefined ? {} : { wishedTtlSec: flags.ttl };
  const issued = issuer.issue({ registrationId: user, grantedExpiresSec: 0, ...wish }, now);
  if (!issued.ok) throw new Error(`no credential: ${issued.reason}`);
  const { username, password, expiresAtSec } = issued.value;
  const credential = {
    username,
    password: password.revealText(),
    ttl: expiresAtSec - Math.floor(now.unixMs / 1000),
    expires: new Date(expiresAtSec * 1000).toISOString(),
    realm,
    uris: config.turn.enabled ? turnUris(config, config.turn.listeners) : [],
  };
  console.log(JSON.stringify(credential, undefined, 2));
}

/** Says which key made a credential and until when it is good, or why it is not. Returns the exit code. */
export function verify(username: string, password: string, flags: ConfigFlags & { readonly realm?: string }): number {
  const config = configFrom(flags);
  const { verifierOptions, pseudonyms, realm } = createSharedKey(config, loadKeys(config, process.env));
  const now = systemClock.now();
  const { order, separator } = verifierOptions.profile;
  const checked = checkCredential(verifierOptions, { username, password, realm: flags.realm ?? realm }, now);
  if (!checked.ok) {
    const reasons = {
      'unknown-form': `the username is not of the form ${order.replace(':', separator)}, with t in UNIX seconds`,
      'wrong-key-or-password': `no key of the ring (${verifierOptions.keyRing.all.map(({ id }) => id).join(', ')}) makes this password`,
    };
    console.log(`refused: ${reasons[checked.reason]}`);
    return EXIT.failed;
  }
  const { name, expiresAtSec, keyId, expired } = checked.value;
  const registration = pseudonyms.reveal(name);
  const end = new Date(expiresAtSec * 1000).toISOString();
  const leftSec = expiresAtSec - Math.floor(now.unixMs / 1000);
  console.log(
    [
      expired ? `refused: expired at ${end}, ${-leftSec} s ago` : `valid until ${end}, ${leftSec} s from now`,
      `key: ${keyId}`,
      `u: ${name}`,
      `registration: ${registration ?? 'not a name that this pseudonym key made'}`,
    ].join('\n'),
  );
  return expired ? EXIT.failed : EXIT.ok;
}

/** Prints the registration behind a name in a relay's log: u alone, or the USERNAME that holds it. Returns the exit code. */
export function unmask(text: string, flags: ConfigFlags): number {
  const config = configFrom(flags);
  const { verifierOptions, pseudonyms } = createSharedKey(config, loadKeys(config, process.env));
  const registration = pseudonyms.reveal(splitUsername(verifierOptions.profile, text)?.name ?? text);
  console.log(registration ?? 'not a name that this pseudonym key made');
  return registration === undefined ? EXIT.failed : EXIT.ok;
}
