import { type LoadedSecrets } from '../config/secrets.ts';
import { type Config } from '../config/schema/tree.ts';
import { type AbuseLog } from '../base/abuse-log.ts';
import { type Clock } from '../base/clock.ts';
import { type AccessTokenIssuer } from '../credentials/credential.ts';
import { type TokenIssuerOptions } from '../edge/edge-options.ts';
import { AuthorizationServer } from '../oauth/as/authorization-server.ts';
import { SigningRing } from '../oauth/as/signing-ring.ts';
import { type OAuthObservers } from '../oauth/web-trace.ts';
import { type TokenMakerOptions } from '../oauth/as/token-maker.ts';
import { oauthClients, webUsers } from './oauth-clients.ts';

export interface TokenMakerContext {
  readonly config: Config;
  readonly secrets: LoadedSecrets;
  /** URL under which the listeners are reached; they may not be open yet. */
  readonly ownUrl: () => string;
  /** Absent: no tokens for a TURN server are made here. */
  readonly turn: { readonly issuer: AccessTokenIssuer; readonly serverName: string } | undefined;
}

export interface AuthorizationServerContext extends TokenMakerContext {
  readonly clock: Clock;
  readonly abuseLog: AbuseLog;
  readonly events: OAuthObservers;
}

/** How tokens of the authorization server are made; `undefined` where none is to run. */
export function tokenMakerOptions({ config, secrets, ownUrl, turn }: TokenMakerContext): TokenMakerOptions | undefined {
  const { oauth, domain } = config;
  const { signingKeys } = secrets.oauth;
  if (!oauth.authorizationServer.enabled || !signingKeys) return undefined;
  const { issuer, audience, registrationTokenSec } = oauth.authorizationServer;
  return {
    issuer: () => issuer ?? ownUrl(),
    audience: audience ?? config.edge.webIdentity.audience ?? domain,
    registrationTokenSec,
    ring: new SigningRing(signingKeys),
    users: webUsers(config, secrets.oauth, secrets.users),
    clients: oauthClients(config, secrets.oauth),
    turn,
  };
}

/** The authorization server of the configuration; `undefined` where none is to run. */
export function createAuthorizationServer(context: AuthorizationServerContext): AuthorizationServer | undefined {
  const { config, clock, abuseLog, events } = context;
  const { oauth } = config;
  const { authorizationServer: settings } = oauth;
  const maker = tokenMakerOptions(context);
  if (!maker) return undefined;
  return new AuthorizationServer(
    {
      ...maker,
      allowsImplicit: oauth.implicit,
      takesGet: oauth.getTokenRequests,
      limits: { requestsPerSec: settings.requestsPerSecPerClient, requestBurst: settings.requestBurstPerClient },
    },
    {
      clock,
      events,
      report: (remoteAddress, cause, { monotonicMs }) => {
        abuseLog.write('authentication failed', { remoteAddress, cause }, monotonicMs);
      },
    },
  );
}

/** How an edge in the same process takes the tokens of the authorization server. */
export function tokenIssuer({ domain, oauth }: Config, { issuer }: AuthorizationServer): TokenIssuerOptions {
  const clients = oauth.clients.map(({ id, origins, pool }) => ({
    id,
    ...(origins.length > 0 && { origins }),
    pools: pool.map((names) => `${names}@${domain}`),
  }));
  return { issuer, entity: new URL(issuer).hostname, clients, check: { kind: 'local' } };
}
