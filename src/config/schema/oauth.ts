import * as z from 'zod';
import { accessTokenFields } from './access-tokens.ts';
import { authorizationServerSection } from './authorization-server.ts';
import { flag, section } from './fields.ts';
import { oauthClient, webUser } from './oauth-clients.ts';
import { wwsfSection } from './wwsf.ts';

export const oauthSection = section(
  {
    ...accessTokenFields,
    authorizationServer: authorizationServerSection,
    wwsf: wwsfSection,
    clients: z
      .array(oauthClient)
      .default([])
      .meta({ description: 'Clients of the authorization server.', defaultText: 'none' }),
    users: z.array(webUser).default([]).meta({
      description: 'Users who log in on a page, with their identities in the IMS.',
      defaultText: 'the users of the embedded core',
    }),
    implicit: flag(
      false,
      'Give tokens in the fragment of a redirection too (RFC 6749 §4.2, figure 6.3.2.2-1 of TR 33.872). OAuth 2.1 has dropped this.',
    ),
    getTokenRequests: flag(
      false,
      'Take token requests by GET with `client_password` too (TS 33.203 X.5.3.2). Servers on the way log the secret.',
    ),
  },
  'OAuth: tokens by which browsers register, and use the TURN server.',
);
