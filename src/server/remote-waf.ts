import { KeyObject } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { defaultRealm } from '../config/long-term-users.ts';
import { type LoadedSecrets } from '../config/secrets.ts';
import { type Config } from '../config/schema/tree.ts';
import { type Clock, type Now } from '../base/clock.ts';
import { type Secret } from '../base/secret.ts';
import { RemoteKeys } from '../edge/web-identity/remote-keys.ts';
import { signingAlgorithmOf } from '../oauth/key-algorithm.ts';
import { type WafFault } from '../oauth/oauth-words.ts';
import { ClientSigner, type OwnProof } from '../oauth/wwsf/remote/client-signer.ts';
import { RemoteTokens } from '../oauth/wwsf/remote/remote-tokens.ts';
import { WafClient } from '../oauth/wwsf/remote/waf-client.ts';
import { EndpointFinder } from '../oauth/wwsf/remote/waf-endpoints.ts';
import { createExchange, createWebFetch } from './web-exchange.ts';

export interface RemoteWafContext {
  readonly config: Config;
  readonly secrets: LoadedSecrets;
  readonly clock: Clock;
  /** Hears why there was no token. */
  readonly report: (fault: WafFault, now: Now) => void;
}

/** Tokens of the authorization server (WAF) of `oauth.wwsf.waf`; `undefined` where none is named. */
export function createRemoteTokens({ config, secrets, clock, report }: RemoteWafContext): RemoteTokens | undefined {
  const { oauth, edge, domain } = config;
  const { client: clientId, waf } = oauth.wwsf;
  const { issuer, tokenEndpoint, jwksUri, audience = edge.webIdentity.audience ?? domain } = waf;
  const proof = ownProof(secrets.oauth.wafProof);
  if (issuer === undefined || !proof) return undefined;
  const send = createExchange(secrets.oauth.wafCa);
  const signer = new ClientSigner(clientId, issuer, proof);
  const given = tokenEndpoint === undefined ? undefined : { tokenEndpoint, jwksUri };
  return new RemoteTokens({
    client: new WafClient({
      signer,
      endpoints: new EndpointFinder({ issuer, given, fetch: send, clock }),
      fetch: send,
      clock,
      pause: (ms) => sleep(ms),
      report,
    }),
    signer,
    expected: { issuer, audience, clientId },
    serverName: oauth.serverName ?? defaultRealm(config),
    keysAt: (uri) => new RemoteKeys({ uri, fetch: createWebFetch(send), clock }),
    report,
  });
}

function ownProof(given: Secret | KeyObject | undefined): OwnProof | undefined {
  if (!given) return undefined;
  if (!(given instanceof KeyObject)) return { kind: 'secret', secret: given };
  const algorithm = signingAlgorithmOf(given);
  return algorithm && { kind: 'key', key: given, algorithm };
}
