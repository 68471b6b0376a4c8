import * as z from 'zod';
import { isLoopbackHost } from '../../base/loopback-host.ts';
import { exactlyOne, filePath, flag, seconds, secretPath, secretText, section } from './fields.ts';

/** Tokens and keys go to no place that anybody on the way could stand in for. */
export const webUrl = z
  .string()
  .refine(isWebUrl)
  .meta({ expected: 'an https URL without a user, such as https://waf.example.com/jwks; http on loopback alone' });

function isWebUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, host, username, password, hash } = new URL(text);
  if (username !== '' || password !== '' || hash !== '') return false;
  return protocol === 'https:' || (protocol === 'http:' && isLoopbackHost(host));
}

/** Text in a quoted string of SIP. */
const plainText = z
  .string()
  .regex(/^[\x21\x23-\x5b\x5d-\x7e]{1,255}$/)
  .meta({ expected: 'up to 255 visible ASCII characters without quotes and backslashes' });

const pool = z.string().refine(isPoolPattern).meta({
  expected:
    'a private identity with one range of numbers, or one "*" for any characters of the user, such as guest{1-500}@example.com or guest-*@example.com',
});

function isPoolPattern(text: string): boolean {
  const [, first, last] = /\{(\d{1,6})-(\d{1,6})\}/.exec(text) ?? [];
  if (Number(first ?? 0) > Number(last ?? 0)) return false;
  return /^[^\s"\\@<>*{}]*(?:\*|\{\d{1,6}-\d{1,6}\})?[^\s"\\@<>*{}]*@[a-z\d.-]+$/i.test(text);
}

const client = z.strictObject({
  id: plainText.meta({ description: '`client_id` of a web server (WWSF) to which the issuer gives tokens.' }),
  origins: z.array(z.string().min(1)).optional().meta({
    description: 'Origins of the pages of this web server.',
    defaultText: 'all that `edge.origins.allow` lets in',
  }),
  pools: z.array(pool).default([]).meta({
    description: 'Private identities that this web server lends to one user after the other (registration scenario 3).',
    defaultText: 'none: no token of this web server may say `pool`',
  }),
});

const clientSecret = exactlyOne('clientSecret');

const introspection = z
  .strictObject({
    url: webUrl.meta({ description: 'Introspection endpoint of the issuer (RFC 7662).' }),
    clientId: plainText.meta({ description: 'As whom the edge asks there.' }),
    clientSecret: secretText.optional().meta({ description: 'Secret of that client.', secret: true }),
    clientSecretFile: secretPath.optional().meta({ description: 'File that holds the secret of that client.' }),
  })
  .refine(clientSecret.check, clientSecret.params)
  .optional()
  .meta({
    description: 'Asks the issuer about each token, for tokens that only the issuer can read.',
    expected: 'a mapping',
  });

const issuer = z.strictObject({
  issuer: webUrl.meta({
    description:
      '`iss` of its tokens: the URL of the authorization server (WAF). Clients without a token are sent to the first one.',
  }),
  entity: plainText.optional().meta({
    description: 'What an external core is told of it (`authorization-entity`).',
    defaultText: 'the host of `issuer`',
  }),
  clients: z
    .array(client)
    .min(1)
    .meta({ description: 'Web servers (WWSF) whose tokens are taken.', expected: 'a list that is not empty' }),
  jwksUri: webUrl.optional().meta({
    description: 'Where the issuer publishes its keys (RFC 7517). Tokens are signed by ES256 or RS256.',
    defaultText: 'none: see `introspection`',
  }),
  introspection,
});

const webhook = section(
  {
    url: webUrl.optional().meta({
      description:
        'Where the edge reports the end of a registration that a web token had made, so that a web server can lend its identity again.',
      defaultText: 'none: nothing is reported',
    }),
    secret: secretText.optional().meta({ description: 'Bearer token of these reports.', secret: true }),
    secretFile: secretPath.optional().meta({ description: 'File that holds the Bearer token of these reports.' }),
  },
  'Reports to a web server (WWSF) on another machine.',
);

export const webIdentitySection = section(
  {
    issuers: z.array(issuer).max(16).default([]).meta({
      description: 'Authorization servers (WAF) whose tokens sign clients in.',
      defaultText: 'none: clients sign in by digest alone',
      expected: 'a list of up to 16 issuers',
    }),
    audience: plainText.optional().meta({
      description: '`aud` of tokens that are meant for this edge.',
      defaultText: 'the value of `domain`',
    }),
    scope: plainText.default('sip').meta({ description: 'Scope that a challenge asks for.' }),
    allowDigest: flag(
      true,
      'A client without a token may register by digest. If false, it is challenged for a token instead.',
    ),
    requireOnEveryRequest: flag(
      false,
      'A client that has signed in by a token must show it in each request but ACK and CANCEL (TS 24.371 §7.2.1). A REGISTER must show it in any case.',
    ),
    authorizationEntity: flag(
      true,
      'Tell an external core whose token it was. Set false if the core does not know `authorization-entity`.',
    ),
    graceSec: seconds(
      1,
      3600,
      30,
      'Seconds after which a client that has signed in by a token, and lost its WebSocket, is de-registered.',
    ),
    skewSec: seconds(0, 60, 30, 'Seconds by which the clock of an issuer may be ahead. A token ends when it says.'),
    caFile: filePath.optional().meta({
      description: 'PEM bundle of the CAs that may sign the certificates of issuers and of the webhook.',
      defaultText: 'the CAs that Node.js trusts',
    }),
    webhook,
  },
  'Signing in by web tokens (registration scenarios 2 and 3 of TS 33.203 X). Off without issuers.',
);
