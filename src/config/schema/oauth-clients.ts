import * as z from 'zod';
import { poolNames } from './pool-names.ts';
import { filePath, flag, secretPath, secretText } from './fields.ts';

/** Grant by an assertion of the client about its user (RFC 7523 §2.1). */
export const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer';

/** RFC 6749 Appendix A.1, without what other fields would have to escape. */
const clientId = z
  .string()
  .regex(/^[\w.~-]{1,64}$/)
  .meta({
    description: 'Name of the client (`client_id`).',
    expected: 'up to 64 letters, digits, ".", "_", "~" or "-"',
  });

const redirectUri = z.string().refine(isRedirectUri).meta({
  expected:
    'an https URL without fragment, an http URL of this machine, or a URI of an app such as com.example.app:/callback',
});

/** Absolute (RFC 6749 §3.1.2), and of a kind that leads to one program (RFC 8252 §7). */
function isRedirectUri(text: string): boolean {
  if (!/^[\x21-\x7e]{1,512}$/.test(text) || text.includes('#') || !URL.canParse(text)) return false;
  const { protocol, hostname, username, password } = new URL(text);
  if (username !== '' || password !== '') return false;
  if (protocol === 'http:') return ['127.0.0.1', '[::1]', 'localhost'].includes(hostname);
  return protocol === 'https:' || /^[a-z][a-z\d-]*(?:\.[a-z\d-]+)+:$/.test(protocol);
}

export const webOrigin = z
  .string()
  .refine((text) => URL.canParse(text) && /^https?:/.test(text) && new URL(text).origin === text)
  .meta({ expected: 'an origin as browsers send it, such as https://app.example.com' });

export const pool = z
  .string()
  .refine((text) => poolNames(text) !== undefined)
  .meta({ expected: 'a SIP user name of up to 64 characters, with one range at most, such as guest{1-500}' });

export const oauthClient = z.strictObject({
  id: clientId,
  secret: secretText.optional().meta({ description: 'Secret of the client, of 16 bytes or more.', secret: true }),
  secretFile: secretPath.optional().meta({ description: 'File that holds the secret of the client.' }),
  publicKeyFile: filePath.optional().meta({
    description:
      'File with the public key of the client in PEM, for `private_key_jwt`: P-256 (ES256), or RSA of 2048 bits or more (RS256).',
  }),
  grants: z
    .array(z.enum(['client_credentials', JWT_BEARER, 'authorization_code', 'implicit']))
    .default(['client_credentials'])
    .meta({
      description:
        'How the client may get tokens. With the URN of RFC 7523 it signs who its user is, by its key, or by a secret of 32 bytes or more: the grant of a web server (WWSF) on another machine.',
    }),
  scopes: z
    .array(z.enum(['sip', 'turn']))
    .min(1)
    .default(['sip', 'turn'])
    .meta({
      description:
        'What the client may get tokens for: `sip` to register, `turn` for the TURN server. The first is meant where a request names none.',
    }),
  redirectUris: z
    .array(redirectUri)
    .default([])
    .meta({ description: 'Where a login may lead back to; compared character by character.', defaultText: 'none' }),
  origins: z.array(webOrigin).default([]).meta({
    description: 'Origins of the pages of the client. Its registration tokens are good for these alone.',
    defaultText: 'any that `edge.origins.allow` lets in',
  }),
  namesUsers: flag(
    false,
    'Believe the client who a user is, as a web server (WWSF) that logs users in: it gets registration tokens for any user.',
  ),
  pool: z.array(pool).default([]).meta({
    description:
      'User names that the client gives to users for a while (registration scenario 3). `guest{1-500}` stands for 500 names.',
    defaultText: 'none',
  }),
  introspects: flag(false, 'Let the client ask about registration tokens (RFC 7662), as an edge does.'),
});

const identityText = z
  .string()
  .regex(/^[^\s@<>"]{1,64}@[\w.-]{1,190}$/)
  .meta({ description: 'Private user identity (IMPI).', expected: 'user@domain' });

const publicIdentity = z
  .string()
  .regex(/^(?:sips?|tel):[\x21\x23-\x3b\x3d\x3f-\x5b\x5d-\x7e]{1,250}$/i)
  .meta({ expected: 'a SIP or tel URI' });

export const webUser = z
  .strictObject({
    name: z
      .string()
      .regex(/^[^\p{Cc}]{1,128}$/u)
      .meta({ description: 'Name that the user logs in by.', expected: 'up to 128 characters' }),
    password: secretText.optional().meta({ description: 'Password of the login page.', secret: true }),
    passwordFile: secretPath.optional().meta({ description: 'File that holds the password.' }),
    impi: identityText.optional(),
    impus: z.array(publicIdentity).min(1).max(16).optional().meta({
      description: 'Public user identities (IMPU); the first is the default.',
      defaultText: '`sip:` and the private identity',
    }),
  })
  .refine(({ password, passwordFile }) => password === undefined || passwordFile === undefined, {
    error: 'one of "password" and "passwordFile"',
  });
