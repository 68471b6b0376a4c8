import * as z from 'zod';
import { adminSection } from './admin.ts';
import { credentialsSection } from './credentials.ts';
import { edgeSection } from './edge.ts';
import { folderPath, hostName } from './fields.ts';
import { logSection } from './log.ts';
import { oauthSection } from './oauth.ts';
import { redisSection } from './redis.ts';
import { tlsSection } from './tls.ts';
import { turnSection } from './turn.ts';

/** Every key, without the rules between keys, which JSON Schema cannot express. */
export const configTree = z.strictObject({
  stateDir: folderPath.optional().meta({
    description: 'Folder in which the server keeps what it generates: lab certificate, Km, lab users.',
    defaultText: '`$XDG_STATE_HOME/epcscf-turn`, or `~/.local/state/epcscf-turn`',
  }),
  domain: hostName.default('localhost').meta({ description: 'SIP home domain.' }),
  log: logSection,
  tls: tlsSection,
  edge: edgeSection,
  turn: turnSection,
  credentials: credentialsSection,
  oauth: oauthSection,
  redis: redisSection,
  admin: adminSection,
});

/** What an operator may write: every key has a default. */
export type ConfigInput = z.input<typeof configTree>;
/** What was written and, elsewhere, the defaults. Files are not read yet, and what the state folder holds is not in it. */
export type Config = z.output<typeof configTree>;
