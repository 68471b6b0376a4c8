import { type Material } from '../config/material.ts';
import { type Config } from '../config/schema/tree.ts';
import { type AbuseLog } from '../base/abuse-log.ts';
import { type AuthorizationServer } from '../oauth/as/authorization-server.ts';
import { WebServer, type WebServerPorts } from '../oauth/wwsf/web-server.ts';
import { oauthClients, webUsers } from './oauth-clients.ts';

export interface WwsfContext extends Pick<WebServerPorts, 'clock' | 'issuer' | 'uris'> {
  readonly config: Config;
  readonly material: Material;
  readonly abuseLog: AbuseLog;
  readonly authorizationServer: AuthorizationServer | undefined;
}

/** The web server of the configuration; `undefined` where none is to run. */
export function createWwsf(context: WwsfContext): WebServer | undefined {
  const { config, material, abuseLog, authorizationServer, clock, issuer, uris } = context;
  const { wwsf, authorizationServer: waf } = config.oauth;
  const client = oauthClients(config, material.oauth).get(wwsf.client);
  if (!wwsf.enabled || !authorizationServer || !client) return undefined;
  return new WebServer(
    {
      client,
      users: webUsers(config, material.oauth, material.users),
      sessionSec: wwsf.sessionSec,
      registrationTokenSec: waf.registrationTokenSec,
      takesGuests: wwsf.guests,
      webhookSecret: material.oauth.webhookSecret,
    },
    {
      clock,
      maker: authorizationServer.maker,
      issuer,
      uris,
      report: (remoteAddress, cause, { monotonicMs }) => {
        abuseLog.write('authentication failed', { remoteAddress, cause }, monotonicMs);
      },
    },
  );
}
