import * as z from 'zod';
import { filePath, flag, seconds, secretPath, secretText, section, wholeNumber } from './fields.ts';
import { pool, webOrigin } from './oauth-clients.ts';
import { webUrl } from './web-identity.ts';

const openid = section(
  {
    issuer: webUrl.optional().meta({
      description: 'URL of the OpenID provider that logs users in, as its discovery document says it.',
      defaultText: 'none: users log in by a form here',
    }),
    clientId: z
      .string()
      .min(1)
      .default('epcscf-turn')
      .meta({ description: 'Client of the provider that this server is.' }),
    clientSecret: secretText.optional().meta({
      description: 'Secret of that client.',
      secret: true,
    }),
    clientSecretFile: secretPath.optional().meta({
      description: 'File that holds the secret of that client.',
    }),
    scope: z.string().min(1).default('openid').meta({ description: 'Scope that is asked for.' }),
    userClaim: z.string().min(1).default('sub').meta({
      description:
        'Claim of the id_token that is looked up among the names of `oauth.users`. Choose one that users cannot change themselves.',
    }),
    mapUnlisted: flag(
      false,
      'Let in users of the provider who are not in `oauth.users`: each gets the identity of that name in `domain`. Whoever assigns names at the provider then assigns identities here.',
    ),
    caFile: filePath.optional().meta({
      description: 'PEM bundle of the CAs that may sign the certificate of the provider.',
      defaultText: 'the CAs that Node.js trusts',
    }),
  },
  'Login by an OpenID provider. Register `/wwsf/callback` of this server as redirect URI there.',
);

const waf = section(
  {
    issuer: webUrl.optional().meta({
      description: 'URL of an authorization server (WAF) on another machine that makes the tokens.',
      defaultText: 'none: that of this process makes them',
    }),
    tokenEndpoint: webUrl.optional().meta({
      description: 'Its token endpoint.',
      defaultText: 'as its metadata document says (RFC 8414)',
    }),
    jwksUri: webUrl.optional().meta({
      description:
        'Where it publishes its keys, beside `tokenEndpoint`. Registration tokens that are JWTs are checked by them.',
      defaultText: 'as its metadata document says; with `tokenEndpoint` none',
    }),
    clientSecret: secretText.optional().meta({
      description: 'Secret of the client that the web server is there, of 32 bytes or more.',
      secret: true,
    }),
    clientSecretFile: secretPath.optional().meta({ description: 'File that holds the secret of that client.' }),
    privateKeyFile: secretPath.optional().meta({
      description:
        'File with the private key of that client in PEM, for `private_key_jwt`: P-256 (ES256), or RSA of 2048 bits or more (RS256).',
      defaultText: 'none',
    }),
    audience: z.string().min(1).max(255).optional().meta({
      description: '`aud` of its registration tokens: the edge.',
      defaultText: 'the value of `edge.webIdentity.audience`',
    }),
    origins: z.array(webOrigin).default([]).meta({
      description: 'Origins elsewhere whose pages may ask this web server, as the client has them there.',
      defaultText: 'none',
    }),
    pool: z.array(pool).default([]).meta({
      description: 'User names for guests, as the client has them there: `guest{1-500}` stands for 500 names.',
      defaultText: 'none',
    }),
    caFile: filePath.optional().meta({
      description: 'PEM bundle of the CAs that may sign its certificate.',
      defaultText: 'the CAs that Node.js trusts',
    }),
  },
  'Authorization server (WAF) on another machine.',
);

export const wwsfSection = section(
  {
    enabled: flag(false, 'Run the web server (WWSF) that logs users in beside the page.'),
    client: z.string().min(1).default('wwsf').meta({
      description:
        'Entry of `oauth.clients` that the web server is. The entry has the origins and the pool of the web server. With `waf.issuer`: its `client_id` there.',
    }),
    waf,
    guests: flag(false, 'Lend identities of the pool to people who have not logged in (registration scenario 3).'),
    guestsPerAddress: wholeNumber(
      1,
      10_000,
      10,
      'Identities that one address (IPv6: /64) holds at a time. Raise it where many guests come from behind one address.',
    ),
    openid,
    sessionSec: seconds(60, 604_800, 28_800, 'Seconds after which a user has to log in again.'),
    webhookSecret: secretText.optional().meta({
      description:
        'What an edge elsewhere shows when it reports the end of a registration (`edge.webIdentity.webhook`).',
      secret: true,
      defaultText: 'none: no edge elsewhere reports',
    }),
    webhookSecretFile: secretPath.optional().meta({
      description: 'File that holds that secret.',
      defaultText: 'none',
    }),
  },
  'Web server (WWSF): sessions, registration tokens and TURN credentials for pages.',
);
