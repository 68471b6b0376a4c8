import { createHmac } from 'node:crypto';
import { BoundedMap } from '../../base/bounded-map.ts';
import { type Now } from '../../base/clock.ts';
import { type IssueFailure } from '../../base/issue-failure.ts';
import { mapOutcome, type Outcome } from '../../base/outcome.ts';
import { createRandomPool } from '../../base/random-pool.ts';
import { fail, ok, type Result } from '../../base/result.ts';
import { Secret } from '../../base/secret.ts';
import { isReusable, ttlFor, type CredentialTtl, type IssuePolicy } from '../credential-ttl.ts';
import { type CredentialIssuer, type IssueRequest, type TurnCredential } from '../credential.ts';
import { type Revocation } from '../revocation/revocation.ts';
import { longTermKey } from '../long-term-key.ts';
import { type Delivery } from './delivery.ts';
import { type DeliveryObservers } from './delivery-events.ts';
import { type CredentialStore } from './delivery-words.ts';

/** 144 bits: no two names meet, and neither name nor password can be guessed. */
const RANDOM_BYTES = 18;
const PERSON_BYTES = 16;
/** Good credentials of one registration at most; past it the oldest is taken back. */
const MAX_PER_REGISTRATION = 32;

export interface DeliveredIssuerOptions {
  readonly delivery: Delivery;
  /** What that delivers to, as observers are told. */
  readonly store: CredentialStore;
  readonly events: DeliveryObservers;
  readonly realm: string;
  readonly policy: IssuePolicy;
  readonly ttl: CredentialTtl;
  /** Makes of a person the handle by which quotas count it. All edges need the same. */
  readonly personKey: Secret;
  /** Registrations remembered at most; past it the longest-known is forgotten, and its credentials end by their t. */
  readonly maxRegistrations: number;
  /** Denies a name that was taken back, until its end: what is gone from the store may still be in use. Absent: none is denied. */
  readonly revoke?: ((entry: Revocation) => void) | undefined;
}

/** A credential that is good, or may be. */
interface Held {
  readonly user: string;
  readonly expiresAtSec: number;
}

interface Remembered {
  /** Oldest first. */
  held: Held[];
  last?: { readonly credential: TurnCredential; readonly ttlSec: number };
}

/**
 * Approach 2 of TR 33.872 §6.3.3 (figure 6.3.3-2): makes u and p, delivers them to the TURN servers, and only then answers.
 *
 * u is fresh for each credential, since a store keeps one key for each name: a new password under an old name would end what the client still uses.
 */
export function createDeliveredIssuer(options: DeliveredIssuerOptions): CredentialIssuer {
  const { delivery, store, events, realm, policy, ttl, personKey, maxRegistrations, revoke } = options;
  const registrations = new BoundedMap<Remembered>(maxRegistrations);
  const random = createRandomPool();

  function remembered(registrationId: string): Remembered {
    const known = registrations.get(registrationId);
    if (known) return known;
    const fresh: Remembered = { held: [] };
    registrations.set(registrationId, fresh);
    return fresh;
  }

  /** Before it is delivered, so that the end of the registration finds it in any case. */
  function hold(registration: Remembered, held: Held, now: Now): void {
    const good = registration.held.filter(({ expiresAtSec }) => expiresAtSec * 1000 > now.unixMs);
    for (const oldest of good.splice(0, good.length + 1 - MAX_PER_REGISTRATION)) {
      delivery.remove({ ...oldest, realm });
    }
    registration.held = [...good, held];
  }

  return {
    issue(request: IssueRequest, now: Now): Outcome<Result<TurnCredential, IssueFailure>> {
      const nowSec = Math.floor(now.unixMs / 1000);
      const ttlSec = ttlFor(ttl, request, nowSec);
      if (ttlSec <= 0) return fail('denied');
      const registration = remembered(request.registrationId);
      const { last } = registration;
      if (policy === 'reuse' && last?.ttlSec === ttlSec && isReusable(last.credential, ttlSec, nowSec)) {
        return ok(last.credential);
      }
      const user = random(RANDOM_BYTES).toString('base64url');
      const password = random(RANDOM_BYTES).toString('base64url');
      const expiresAtSec = nowSec + ttlSec;
      const key = longTermKey('md5', user, realm, password);
      const person = handleOf(personKey, request.person);
      hold(registration, { user, expiresAtSec }, now);
      const { registrationId } = request;
      if (events.has('credential-made')) events.emit('credential-made', { registrationId, name: user, expiresAtSec });
      return mapOutcome(delivery.put({ user, realm, key, person, expiresAtSec }, now), (delivered) => {
        if (!delivered.ok) {
          events.emit('delivery-failed', { registrationId, name: user, store, cause: delivered.reason });
          return delivered;
        }
        if (events.has('credential-delivered')) {
          events.emit('credential-delivered', { registrationId, name: user, store, expiresAtSec });
        }
        const credential = { name: user, username: user, password: new Secret(password), expiresAtSec };
        registration.last = { credential, ttlSec };
        return ok(credential);
      });
    },
    release(registrationId, how) {
      const registration = registrations.get(registrationId);
      registrations.delete(registrationId);
      if (how === 'forget') return;
      for (const held of registration?.held ?? []) {
        delivery.remove({ ...held, realm });
        revoke?.({ user: held.user, untilSec: held.expiresAtSec });
      }
    },
  };
}

function handleOf(personKey: Secret, person: string): string {
  return createHmac('sha256', personKey.reveal())
    .update(`delivered person ${person}`)
    .digest()
    .subarray(0, PERSON_BYTES)
    .toString('base64url');
}
