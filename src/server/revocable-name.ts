import { type Config } from '../config/schema/tree.ts';
import { splitUsername } from '../credentials/shared-key/profile.ts';

/** u in what an operator writes: a TURN name as a log shows it, or a whole USERNAME. */
export function turnNameIn({ credentials }: Config, text: string): string {
  return splitUsername(credentials, text)?.name ?? text;
}

/** UNIX seconds from which no credential is good any more that is good now, whatever its name. */
export function longestEndSec({ credentials, oauth }: Config, unixMs: number): number {
  return Math.ceil(unixMs / 1000) + credentials.ttl.maxSec + Math.max(credentials.skewSec, oauth.skewSec);
}
