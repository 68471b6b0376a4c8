import { type Config } from '../config/schema/tree.ts';
import { type ServerFacts, type ServerSecrets } from './server-types.ts';

export function serverFacts(config: Config, { loaded, sharedKey }: ServerSecrets): ServerFacts {
  const { users, generated, stateDir, ca, caFile } = loaded;
  const { keyRing, profile, skewSec } = sharedKey.verifierOptions;
  return {
    config,
    realm: sharedKey.realm,
    users: [...users.keys()],
    generated,
    stateDir,
    ...(ca !== undefined && { ca }),
    ...(caFile !== undefined && { caFile }),
    credentials: { approach: config.credentials.approach, keyIds: keyRing.all.map(({ id }) => id), profile, skewSec },
  };
}
