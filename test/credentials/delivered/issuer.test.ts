import { describe, expect, it } from 'vitest';
import { type Outcome } from '../../../src/base/outcome.ts';
import { fail, ok, type Result } from '../../../src/base/result.ts';
import { Secret } from '../../../src/base/secret.ts';
import { TypedEvents } from '../../../src/base/typed-events.ts';
import { type DeliveredCredential, type Delivery } from '../../../src/credentials/delivered/delivery.ts';
import { type DeliveryEvents } from '../../../src/credentials/delivered/delivery-events.ts';
import { type DeliveryFailure } from '../../../src/credentials/delivered/delivery-words.ts';
import { createDeliveredIssuer, type DeliveredIssuerOptions } from '../../../src/credentials/delivered/issuer.ts';
import { longTermKey } from '../../../src/credentials/long-term-key.ts';
import { eventually, settled } from '../../support/settled.ts';
import { unwrap } from '../../support/unwrap.ts';
import { at } from '../shared-key/support.ts';

const NOW_SEC = 1_700_000_000;
const realm = 'ims.example';

class FakeDelivery implements Delivery {
  readonly delivered: DeliveredCredential[] = [];
  readonly removed: string[] = [];
  isAway = false;
  /** Settles what is put, once it is called. */
  settle: (() => void) | undefined;
  isSlow = false;

  put(credential: DeliveredCredential): Outcome<Result<DeliveredCredential, DeliveryFailure>> {
    const answer = this.isAway ? fail('unavailable') : ok(credential);
    if (answer.ok) this.delivered.push(credential);
    if (!this.isSlow) return answer;
    return {
      later: (settle) => {
        this.settle = () => {
          settle(answer);
        };
      },
    };
  }

  remove({ user }: { readonly user: string }): void {
    this.removed.push(user);
  }
}

function bench(options: Partial<DeliveredIssuerOptions> = {}) {
  const delivery = new FakeDelivery();
  const issuer = createDeliveredIssuer({
    delivery,
    store: 'redis',
    events: new TypedEvents<DeliveryEvents>(() => undefined),
    realm,
    policy: 'per-registration',
    ttl: { defaultSec: 3600, minSec: 60, maxSec: 86_400 },
    personKey: new Secret('person key'),
    maxRegistrations: 10,
    ...options,
  });
  const ask = (registrationId = 'device', nowSec = NOW_SEC, more: { notAfterSec?: number; person?: string } = {}) =>
    issuer.issue({ registrationId, person: 'alice', grantedExpiresSec: 600, ...more }, at(nowSec));
  return { delivery, issuer, ask, get: (...args: Parameters<typeof ask>) => unwrap(settled(ask(...args))) };
}

describe('a credential that is delivered', () => {
  it('has a random name and password, of which the TURN servers get the key', () => {
    const { delivery, get } = bench();
    const one = get();
    const other = get();
    expect(one.username).toMatch(/^[\w-]{24}$/);
    expect(one.name).toBe(one.username);
    expect(one.username).not.toBe(other.username);
    expect(one.password.equals(other.password)).toBe(false);
    expect(one.expiresAtSec).toBe(NOW_SEC + 3600);
    const key = longTermKey('md5', one.username, realm, one.password.revealText());
    expect(delivery.delivered[0]).toMatchObject({ user: one.username, realm, key, expiresAtSec: one.expiresAtSec });
  });

  it('says whom quotas count by a handle that is the same for one person, and names nobody', () => {
    const { delivery, get } = bench();
    get('phone');
    get('laptop');
    get('other', NOW_SEC, { person: 'bob' });
    const [phone, laptop, bob] = delivery.delivered.map(({ person }) => person);
    expect(phone).toBe(laptop);
    expect(phone).not.toBe(bob);
    expect(phone).toMatch(/^[\w-]{22}$/);
  });

  it('is answered only once it has been delivered', async () => {
    const { delivery, ask } = bench();
    delivery.isSlow = true;
    const issuing = eventually(ask());
    const first = await Promise.race([issuing, Promise.resolve('not yet')]);
    expect(first).toBe('not yet');
    delivery.settle!();
    expect((await issuing).ok).toBe(true);
  });

  it('is refused as unavailable while the TURN servers cannot be told, and made again after that', () => {
    const { delivery, ask } = bench();
    delivery.isAway = true;
    expect(settled(ask())).toEqual({ ok: false, reason: 'unavailable' });
    delivery.isAway = false;
    expect(settled(ask()).ok).toBe(true);
  });

  it('never passes notAfterSec, and is denied once that has passed', () => {
    const { get, ask } = bench();
    expect(get('device', NOW_SEC, { notAfterSec: NOW_SEC + 90 }).expiresAtSec).toBe(NOW_SEC + 90);
    expect(settled(ask('device', NOW_SEC, { notAfterSec: NOW_SEC }))).toEqual({ ok: false, reason: 'denied' });
  });
});

describe('the policy', () => {
  it('reuse hands the same out until half of its life is over', () => {
    const { delivery, get } = bench({ policy: 'reuse' });
    const first = get();
    expect(get('device', NOW_SEC + 1799)).toEqual(first);
    expect(get('device', NOW_SEC + 1800).username).not.toBe(first.username);
    expect(delivery.delivered).toHaveLength(2);
  });

  it('reuse hands nothing out that was not delivered', () => {
    const { delivery, ask } = bench({ policy: 'reuse' });
    delivery.isAway = true;
    settled(ask());
    expect(settled(ask())).toEqual({ ok: false, reason: 'unavailable' });
  });
});

describe('the end of a registration', () => {
  it('takes nothing back where the registration only lapsed', () => {
    const { delivery, issuer, get } = bench();
    get('device');
    issuer.release('device', 'forget');
    expect(delivery.removed).toEqual([]);
  });

  it('takes back every credential of it, and of no other', () => {
    const { delivery, issuer, get } = bench();
    const ours = [get('device').username, get('device').username];
    get('other');
    issuer.release('device', 'revoke');
    issuer.release('never known', 'revoke');
    expect(delivery.removed).toEqual(ours);
  });

  it('takes back one that is still being delivered', () => {
    const { delivery, issuer, ask } = bench();
    delivery.isSlow = true;
    const outcome = ask();
    if ('later' in outcome) outcome.later(() => undefined);
    issuer.release('device', 'revoke');
    expect(delivery.removed).toEqual([delivery.delivered[0]!.user]);
  });

  it('takes no more than 32 back: a registration that asks for more loses its oldest', () => {
    const { delivery, issuer, get } = bench();
    const names = Array.from({ length: 40 }, () => get().username);
    expect(delivery.removed).toEqual(names.slice(0, 8));
    issuer.release('device', 'revoke');
    expect(delivery.removed).toEqual(names);
  });

  it('leaves alone what has ended by itself before the next was made', () => {
    const { delivery, issuer, get } = bench();
    get();
    const later = get('device', NOW_SEC + 3600);
    issuer.release('device', 'revoke');
    expect(delivery.removed).toEqual([later.username]);
  });
});

describe('what observers hear of a delivery', () => {
  function observed() {
    const events = new TypedEvents<DeliveryEvents>(() => undefined);
    const told: unknown[] = [];
    for (const name of ['credential-made', 'credential-delivered', 'delivery-failed'] as const) {
      events.on(name, (event) => told.push({ type: name, ...event }));
    }
    return { told, ...bench({ events }) };
  }

  it('is the name that every TURN server knows from then on, and not the password', () => {
    const { told, get } = observed();
    const { name, password } = get();
    const expiresAtSec = NOW_SEC + 3600;
    expect(told).toEqual([
      { type: 'credential-made', registrationId: 'device', name, expiresAtSec },
      { type: 'credential-delivered', registrationId: 'device', name, store: 'redis', expiresAtSec },
    ]);
    expect(JSON.stringify(told)).not.toContain(password.revealText());
  });

  it('comes when it is delivered, and not before', () => {
    const { told, delivery, ask } = observed();
    delivery.isSlow = true;
    void eventually(ask());
    expect(told).toMatchObject([{ type: 'credential-made' }]);
    delivery.settle?.();
    expect(told).toMatchObject([{}, { type: 'credential-delivered' }]);
  });

  it('is why there is none', () => {
    const { told, delivery, ask } = observed();
    delivery.isAway = true;
    ask();
    expect(told).toMatchObject([{}, { type: 'delivery-failed', registrationId: 'device', cause: 'unavailable' }]);
  });
});
