import { z } from 'zod';
import { flag, seconds, secretPath, secretText, section } from './fields.ts';

export const wwsfSection = section(
  {
    enabled: flag(
      false,
      'Run the web server (WWSF) that logs users in beside the page, with the authorization server of this process.',
    ),
    client: z.string().min(1).default('wwsf').meta({
      description:
        'Entry of `oauth.clients` that the web server is. The entry has the origins and the pool of the web server.',
    }),
    guests: flag(false, 'Lend identities of the pool to people who have not logged in (registration scenario 3).'),
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
