import { type LoadedSecrets } from '../config/secrets.ts';
import { type Config } from '../config/schema/tree.ts';
import { type AbuseLog } from '../base/abuse-log.ts';
import { type AuthorizationServer } from '../oauth/as/authorization-server.ts';
import { WebServer, type WebServerPorts } from '../oauth/wwsf/web-server.ts';
import { LocalTokens } from '../oauth/wwsf/local-tokens.ts';
import { type OpenIdFetch, OpenIdLogin } from '../oauth/wwsf/openid-login.ts';
import { createExchange } from './web-exchange.ts';
import { oauthClients, webUsers } from './oauth-clients.ts';

export interface WwsfContext extends Pick<
  WebServerPorts,
  'clock' | 'events' | 'issuer' | 'uris' | 'ownUrl' | 'reportProvider'
> {
  readonly config: Config;
  readonly secrets: LoadedSecrets;
  readonly abuseLog: AbuseLog;
  readonly authorizationServer: AuthorizationServer | undefined;
}

/** The web server of the configuration; `undefined` where none is to run. */
export function createWwsf(context: WwsfContext): WebServer | undefined {
  const { config, secrets, abuseLog, authorizationServer, clock, events, issuer, uris, ownUrl, reportProvider } =
    context;
  const { wwsf, authorizationServer: waf } = config.oauth;
  const client = oauthClients(config, secrets.oauth).get(wwsf.client);
  if (!wwsf.enabled || !authorizationServer || !client) return undefined;
  return new WebServer(
    {
      client: client.id,
      origins: client.origins,
      pool: client.pool,
      users: webUsers(config, secrets.oauth, secrets.users),
      sessionSec: wwsf.sessionSec,
      registrationTokenSec: waf.registrationTokenSec,
      takesGuests: wwsf.guests,
      webhookSecret: secrets.oauth.webhookSecret,
      mapsUnlisted: wwsf.openid.mapUnlisted,
    },
    {
      clock,
      events,
      tokens: new LocalTokens(authorizationServer.maker, client),
      issuer,
      uris,
      ownUrl,
      openId: createOpenIdLogin(config, secrets),
      reportProvider,
      report: (remoteAddress, cause, { monotonicMs }) => {
        abuseLog.write('authentication failed', { remoteAddress, cause }, monotonicMs);
      },
    },
  );
}

function createOpenIdLogin(
  { oauth }: Config,
  { oauth: { openIdSecret, openIdCa } }: LoadedSecrets,
): OpenIdLogin | undefined {
  const { issuer, clientId, scope, userClaim } = oauth.wwsf.openid;
  if (issuer === undefined || !openIdSecret) return undefined;
  const send = createExchange(openIdCa);
  const fetch: OpenIdFetch = async (url, { headers, body }) => {
    const sent = body instanceof URLSearchParams ? body.toString() : undefined;
    const { status, body: text } = await send({ url, headers, body: sent });
    return new Response(text, { status, headers: { 'Content-Type': 'application/json' } });
  };
  return new OpenIdLogin({ issuer, clientId, clientSecret: openIdSecret, scope, userClaim }, fetch);
}
