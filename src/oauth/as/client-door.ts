import { addressKey } from '../../base/address-key.ts';
import { type Now } from '../../base/clock.ts';
import { TokenBuckets } from '../../base/token-buckets.ts';
import { type Form } from '../form.ts';
import { type OAuthContext, refuse, remoteAddressOf } from '../oauth-http.ts';
import { type OAuthClient } from '../oauth-client.ts';
import { type ClientRefusal } from '../oauth-words.ts';
import { type ClientAuthentication, readClient } from './client-authentication.ts';

export interface ClientDoorOptions {
  /** Requests per second of one client in the long run. */
  readonly requestsPerSec: number;
  readonly requestBurst: number;
  /** Called with each client that was not believed. */
  readonly report: (remoteAddress: string, cause: ClientRefusal, now: Now) => void;
}

/** Failed proofs of one address in the name of one client: a program with a wrong secret goes on trying, one that guesses gets nowhere. */
const FAILURES = { burst: 10, perSec: 0.1, maxKeys: 10_000 };
const MAX_CLIENTS = 10_000;
const REALM = 'epcscf-turn';

/** Authenticates clients and limits their requests, before anything is done for them. */
export class ClientDoor {
  readonly #authentication: ClientAuthentication;
  readonly #report: ClientDoorOptions['report'];
  readonly #failures = new TokenBuckets(FAILURES);
  readonly #requests: TokenBuckets;

  constructor(authentication: ClientAuthentication, { requestsPerSec, requestBurst, report }: ClientDoorOptions) {
    this.#authentication = authentication;
    this.#report = report;
    this.#requests = new TokenBuckets({ perSec: requestsPerSec, burst: requestBurst, maxKeys: MAX_CLIENTS });
  }

  /** The client, or the answer to a request whose client is not believed or asks too often; `refused` hears why. */
  admit(
    context: OAuthContext,
    form: Form,
    now: Now,
    refused?: (cause: ClientRefusal | 'temporarily_unavailable') => void,
  ): OAuthClient | Response {
    const authorization = context.req.header('authorization');
    const remoteAddress = remoteAddressOf(context);
    const claim = readClient(form, authorization);
    const failureKey = `${addressKey(remoteAddress)} ${claim.ok ? claim.value.id : ''}`;
    if (!this.#failures.has(failureKey, now.monotonicMs)) {
      refused?.('temporarily_unavailable');
      return refuse(context, 'temporarily_unavailable', Math.ceil(1 / FAILURES.perSec));
    }
    const checked = claim.ok ? this.#authentication.check(claim.value, Math.floor(now.unixMs / 1000)) : claim;
    if (!checked.ok) {
      this.#failures.take(failureKey, now.monotonicMs);
      this.#report(remoteAddress, checked.reason, now);
      refused?.(checked.reason);
      // RFC 6749 §5.2: in the scheme that the client has used.
      if (authorization !== undefined) context.header('WWW-Authenticate', `Basic realm="${REALM}"`);
      return refuse(context, 'invalid_client');
    }
    const waitSec = this.#requests.take(checked.value.id, now.monotonicMs);
    if (waitSec <= 0) return checked.value;
    refused?.('temporarily_unavailable');
    return refuse(context, 'temporarily_unavailable', waitSec);
  }
}
