import * as z from 'zod';
import { flag, realmText, seconds, secretPath, section, wholeNumber } from './fields.ts';

const issuer = z
  .string()
  .refine((text) => URL.canParse(text) && text.startsWith('https://') && new URL(text).origin === text)
  .meta({ expected: 'an https URL without a path, such as https://waf.example.com' });

export const authorizationServerSection = section(
  {
    enabled: flag(false, 'Run the authorization server (WAF) on the listeners of `edge.listen`.'),
    issuer: issuer.optional().meta({
      description: 'URL of the authorization server, as its clients reach it.',
      defaultText: 'the first of `edge.publicHosts`, or else the first listener',
    }),
    audience: realmText.optional().meta({
      description: 'Whom registration tokens are for: the edge.',
      defaultText: 'the value of `edge.webIdentity.audience`',
    }),
    registrationTokenSec: seconds(60, 86_400, 3600, 'Life of a registration token in seconds.'),
    signingKeyFiles: z.array(secretPath).default([]).meta({
      description:
        'Files with private keys in PEM, P-256 or RSA of 2048 bits or more. The first signs; tokens signed with the others stay good.',
      defaultText: 'one key for ES256, generated in the state folder',
    }),
    requestsPerSecPerClient: wholeNumber(1, 10_000, 50, 'Requests of one client for each second, in the long run.'),
    requestBurstPerClient: wholeNumber(1, 100_000, 200, 'Requests of one client at once.'),
  },
  'Authorization server (WAF): issues registration tokens, and tokens for the TURN server, to the clients of `oauth.clients`.',
);
