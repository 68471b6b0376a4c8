import { EpcscfTurnError } from '../../base/errors.ts';
import { usesRedis } from '../../config/schema/redis-rules.ts';
import { type Config } from '../../config/schema/tree.ts';
import { type FaultKind, type FaultSpec } from './fault.ts';

interface Need {
  readonly isMet: (config: Config) => boolean;
  /** What to configure. */
  readonly expected: string;
}

const webTokens: Need = {
  isMet: ({ oauth, edge }) => oauth.authorizationServer.enabled || edge.webIdentity.issuers.length > 0,
  expected: 'startLab({ tokens: true }), oauth.authorizationServer.enabled or edge.webIdentity.issuers',
};

/** Without this a fault of the kind could hit nothing. */
const NEEDS: Partial<Readonly<Record<FaultKind, Need>>> = {
  'web-token-refused': webTokens,
  'authorization-server-down': webTokens,
  'access-token-refused': {
    isMet: ({ oauth }) => oauth.keys.length > 0 || oauth.keysFromRedis,
    expected: 'startLab({ tokens: true }), oauth.keys or oauth.keysFromRedis',
  },
  'credential-store-down': {
    isMet: (config) => config.credentials.approach === 'delivered' || usesRedis(config),
    expected: 'credentials.approach: delivered, or redis.servers',
  },
};

/** Faults of what is there for everybody at once. */
const UNAIMED: readonly FaultKind[] = ['credential-store-down'];

/** Throws ERR_INVALID_STATE for a fault that cannot hit in a lab of this configuration, and ERR_INVALID_ARGUMENT for one that cannot be aimed. */
export function checkNeeds({ kind, user }: FaultSpec, config: Config): void {
  const need = NEEDS[kind];
  if (need && !need.isMet(config)) {
    throw new EpcscfTurnError(
      'ERR_INVALID_STATE',
      `faults.add: ${kind} can hit nothing here; it needs ${need.expected}`,
    );
  }
  if (user !== undefined && UNAIMED.includes(kind)) {
    throw new EpcscfTurnError('ERR_INVALID_ARGUMENT', `faults.add: user: ${kind} hits everybody, so it takes no user`);
  }
}
