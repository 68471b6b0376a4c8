import { type LoadedSecrets } from '../config/secrets.ts';
import { type Config } from '../config/schema/tree.ts';
import { type AbuseLog } from '../base/abuse-log.ts';
import { type AuthorizationServer } from '../oauth/as/authorization-server.ts';
import { WebServer, type WebServerOptions, type WebServerPorts } from '../oauth/wwsf/web-server.ts';
import { type LoanBook } from '../oauth/wwsf/loan-book.ts';
import { LocalTokens } from '../oauth/wwsf/local-tokens.ts';
import { type TokenSource } from '../oauth/wwsf/token-source.ts';
import { type OpenIdFetch, OpenIdLogin } from '../oauth/wwsf/openid-login.ts';
import { LoanFile } from './loan-file.ts';
import { createRemoteTokens, type RemoteWafContext } from './remote-waf.ts';
import { createExchange } from './web-exchange.ts';
import { oauthClients, poolOf, webUsers } from './oauth-clients.ts';

export interface WwsfContext extends Pick<
  WebServerPorts,
  'clock' | 'events' | 'issuer' | 'uris' | 'ownUrl' | 'reportProvider'
> {
  readonly config: Config;
  readonly secrets: LoadedSecrets;
  readonly abuseLog: AbuseLog;
  readonly authorizationServer: AuthorizationServer | undefined;
  /** Hears why an authorization server on another machine gave no token. */
  readonly reportWaf: RemoteWafContext['report'];
  /** Hears why an identity could not be lent. */
  readonly reportLoan: (error: unknown) => void;
}

/** The web server of the configuration; `undefined` where none is to run. */
export function createWwsf(context: WwsfContext): WebServer | undefined {
  const { config, secrets, abuseLog, clock, events, issuer, uris, ownUrl, reportProvider } = context;
  const { wwsf, authorizationServer: waf } = config.oauth;
  const source = wwsf.enabled ? tokenSourceOf(context) : undefined;
  if (!source) return undefined;
  return new WebServer(
    {
      client: wwsf.client,
      origins: source.origins,
      pool: source.pool,
      users: webUsers(config, secrets.oauth, secrets.users),
      sessionSec: wwsf.sessionSec,
      registrationTokenSec: waf.registrationTokenSec,
      takesGuests: wwsf.guests,
      guestsPerAddress: wwsf.guestsPerAddress,
      webhookSecret: secrets.oauth.webhookSecret,
      mapsUnlisted: wwsf.openid.mapUnlisted,
    },
    {
      clock,
      loans: loansOf(context),
      events,
      tokens: source.tokens,
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

/** No guests: nothing is written. */
const NO_LOANS: LoanBook = { loans: [], note: () => true };

function loansOf({ secrets: { state }, clock, reportLoan }: WwsfContext): LoanBook {
  if (!state) return NO_LOANS;
  return new LoanFile({ state, nowSec: () => clock.now().unixMs / 1000, report: reportLoan });
}

interface Source extends Pick<WebServerOptions, 'origins' | 'pool'> {
  readonly tokens: TokenSource;
}

/** The authorization server of this process, or that of another machine, and what it has of the client that this web server is. */
function tokenSourceOf({ config, secrets, clock, authorizationServer, reportWaf }: WwsfContext): Source | undefined {
  const { client: id, waf } = config.oauth.wwsf;
  const remote = createRemoteTokens({ config, secrets, clock, report: reportWaf });
  if (remote) return { tokens: remote, origins: waf.origins, pool: poolOf(waf.pool, config.domain) };
  const client = oauthClients(config, secrets.oauth).get(id);
  if (!authorizationServer || !client) return undefined;
  return { tokens: new LocalTokens(authorizationServer.maker, client), origins: client.origins, pool: client.pool };
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
