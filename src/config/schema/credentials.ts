import * as z from 'zod';
import { exactlyOne, secretPath, flag, realmText, seconds, secretText, section, wholeNumber } from './fields.ts';

const keySecret = exactlyOne('secret');

const key = z
  .strictObject({
    id: z
      .string()
      .regex(/^[\w.-]{1,32}$/)
      .meta({ description: 'Label of the key in logs.', expected: 'up to 32 letters, digits, ".", "_" or "-"' }),
    secret: secretText.optional().meta({ description: 'Km itself.', secret: true }),
    secretFile: secretPath
      .optional()
      .meta({ description: 'File that holds Km; one newline at its end is not part of it.' }),
  })
  .refine(keySecret.check, keySecret.params);

const user = z
  .strictObject({
    name: z
      .string()
      .regex(/^[^\p{Cc}]{1,127}$/u)
      .meta({ description: 'USERNAME.', expected: 'up to 127 characters, none of them a control character' }),
    realm: realmText.optional().meta({
      description: 'Realm of this user, one of `turn.realms`.',
      defaultText: 'the value of `turn.realm`',
    }),
    password: secretText.optional().meta({ description: 'Password.', secret: true }),
    passwordFile: secretPath
      .optional()
      .meta({ description: 'File that holds the password; one newline at its end is not part of it.' }),
    key: secretText.optional().meta({
      description: 'Instead of a password: MD5 of `name:realm:password` in 32 hexadecimal digits, as coturn keeps it.',
      secret: true,
    }),
  })
  .refine(({ password, passwordFile, key }) => [password, passwordFile, key].filter(isGiven).length === 1, {
    error: 'exactly one of "password", "passwordFile" and "key"',
  });

function isGiven(value: unknown): boolean {
  return value !== undefined;
}

const ttl = section(
  {
    minSec: seconds(60, 86_400, 600, 'Shortest ttl, in seconds, granted to a client that wishes for one.'),
    maxWishSec: z.int().min(60).max(604_800).optional().meta({
      description: 'Longest ttl, in seconds, granted to a client that wishes for one.',
      defaultText: 'what a client without a wish gets',
    }),
    defaultSec: seconds(
      60,
      604_800,
      3600,
      'Ttl, in seconds, of a client without a wish: this, or twice the granted `expires` if that is more.',
    ),
    maxSec: seconds(60, 604_800, 86_400, 'Longest ttl of a credential in seconds.'),
  },
  'Lifetime of a credential.',
);

const delivered = section(
  {
    maxCredentials: wholeNumber(
      1,
      10_000_000,
      200_000,
      'Most credentials held in memory, where no Redis is configured. When there are more, the oldest ends early.',
    ),
  },
  'Credentials of approach 2, which the edge delivers to the TURN servers.',
);

export const credentialsSection = section(
  {
    approach: z.enum(['shared-key', 'delivered']).default('shared-key').meta({
      description:
        'How the edge makes credentials. `shared-key` (approach 1): any TURN server with Km can check them. `delivered` (approach 2): the edge makes name and password at random, and hands a key to the TURN servers by way of `redis`, or by memory within this process.',
    }),
    delivered,
    keys: z.array(key).default([]).meta({
      description: 'Km, newest first: the first key mints, every key verifies.',
      defaultText: 'one key, generated in the state folder',
    }),
    secret: secretText.optional().meta({ description: 'Short form of `keys` with a single Km.', secret: true }),
    secretFile: secretPath.optional().meta({ description: 'File that holds the single Km.' }),
    users: z.array(user).default([]).meta({
      description: 'Long-term TURN users, whose passwords do not expire, beside the credentials of Km.',
      defaultText: 'none',
    }),
    pseudonymKey: secretText.optional().meta({
      description:
        'Key that maps u back to its registration, and by which quotas count a user once. All edges need the same key.',
      secret: true,
      defaultText: 'generated in the state folder',
    }),
    pseudonymKeyFile: secretPath.optional().meta({ description: 'File that holds the pseudonym key.' }),
    order: z
      .enum(['t:u', 'u:t'])
      .default('t:u')
      .meta({ description: 'Order of expiry (t) and name (u) in the USERNAME.' }),
    separator: z
      .string()
      .regex(/^[!-/:-@[-^`{-~]$/)
      .refine((text) => text !== '-')
      .default(':')
      .meta({
        description: 'Character between t and u.',
        expected: 'one printable ASCII character that is no letter, digit, "-" or "_"',
      }),
    hash: z
      .enum(['sha1', 'sha256', 'sha384', 'sha512'])
      .default('sha1')
      .meta({ description: 'Hash of the password HMAC. coturn and eturnal expect sha1.' }),
    realmBound: flag(
      false,
      'Mix the realm into the password, so that one Km serves several realms. coturn cannot check such credentials.',
    ),
    policy: z.enum(['per-registration', 'reuse']).default('per-registration').meta({
      description:
        '`per-registration`: a new credential for each request. `reuse`: the same credential until half of its life is over.',
    }),
    ttl,
    skewSec: seconds(0, 300, 0, 'Seconds by which the clocks of edge and TURN server may differ.'),
    maxRegistrations: wholeNumber(1, 10_000_000, 100_000, 'Most registrations whose u is remembered.'),
  },
  'Credentials of approach 1, HASH(u + t, Km), and of approach 2, delivered by the edge; and long-term users.',
);
