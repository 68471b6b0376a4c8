import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fail, ok } from '../../../src/base/result.ts';
import { Secret } from '../../../src/base/secret.ts';
import { type UserKeys } from '../../../src/credentials/delivered/delivery.ts';
import { TypedEvents } from '../../../src/base/typed-events.ts';
import { createDeliveredIssuer } from '../../../src/credentials/delivered/issuer.ts';
import { MemoryStore } from '../../../src/credentials/delivered/memory-store.ts';
import { createDeliveredVerifier } from '../../../src/credentials/delivered/verifier.ts';
import { longTermKey } from '../../../src/credentials/long-term-key.ts';
import { settled } from '../../support/settled.ts';
import { unwrap } from '../../support/unwrap.ts';
import { at } from '../shared-key/support.ts';

const NOW_SEC = 1_700_000_000;
const realm = 'ims.example';

function world(max = 100) {
  const store = new MemoryStore(max);
  const issuer = createDeliveredIssuer({
    delivery: store,
    store: 'memory',
    events: new TypedEvents(() => undefined),
    realm,
    policy: 'per-registration',
    ttl: { defaultSec: 3600, minSec: 60, maxSec: 86_400 },
    personKey: new Secret('person key'),
    maxRegistrations: 100,
  });
  const verifier = createDeliveredVerifier(store);
  const get = (registrationId: string, nowSec = NOW_SEC) =>
    unwrap(settled(issuer.issue({ registrationId, person: 'alice', grantedExpiresSec: 600 }, at(nowSec))));
  const lookup = (username: string, nowSec = NOW_SEC, of = realm) =>
    settled(verifier.lookup({ username, realm: of }, at(nowSec)));
  return { store, issuer, verifier, get, lookup };
}

describe('a TURN server that is delivered to', () => {
  it('knows what the edge has made, by its key and its end', () => {
    const { get, lookup } = world();
    const { username, password, expiresAtSec } = get('device');
    const known = unwrap(lookup(username));
    expect(known).toMatchObject({ user: username, expiresAtSec });
    const [key] = known.keys;
    expect(key!.integrityKey('md5')).toEqual(longTermKey('md5', username, realm, password.revealText()));
    expect(key!.integrityKey('sha256')).toBeUndefined();
    expect(key!.person!()).toMatch(/^[\w-]{22}$/);
  });

  it('offers MD5 alone, for that is all that is delivered', () => {
    expect(world().verifier.keyAlgorithms).toEqual(['md5']);
  });

  it('knows it in no other realm, not after its end, and not once its registration is over', () => {
    const { issuer, get, lookup } = world();
    const { username } = get('device');
    expect(lookup(username, NOW_SEC, 'other.example')).toEqual(fail('unknown-user'));
    expect(lookup(username, NOW_SEC + 3599).ok).toBe(true);
    expect(lookup(username, NOW_SEC + 3600)).toEqual(fail('expired'));
    issuer.release('device', 'revoke');
    expect(lookup(username)).toEqual(fail('unknown-user'));
  });

  it('serves users without an end, and without a person', () => {
    const keys: UserKeys = { find: () => ok({ key: Buffer.alloc(16) }) };
    const known = unwrap(settled(createDeliveredVerifier(keys).lookup({ username: 'carol', realm }, at(NOW_SEC))));
    expect(known).not.toHaveProperty('expiresAtSec');
    expect(known.keys[0]).not.toHaveProperty('person');
  });

  it('says that it cannot tell where the store cannot', () => {
    const keys: UserKeys = { find: () => fail('unavailable') };
    expect(settled(createDeliveredVerifier(keys).lookup({ username: 'carol', realm }, at(NOW_SEC)))).toEqual(
      fail('unavailable'),
    );
  });

  it('throws for no name', () => {
    const { lookup } = world();
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (username) => {
        expect(lookup(username)).toEqual(fail('unknown-user'));
      }),
    );
  });
});

describe('the memory that is delivered to', () => {
  it('holds no more than its bound: the oldest goes', () => {
    const { store, get, lookup } = world(3);
    const names = ['1', '2', '3', '4'].map((id) => get(id).username);
    expect(store.size).toBe(3);
    expect(names.map((name) => lookup(name).ok)).toEqual([false, true, true, true]);
  });

  it('forgets what has ended when it is given something new', () => {
    const { store, get } = world();
    get('1');
    get('2');
    get('3', NOW_SEC + 3600);
    expect(store.size).toBe(1);
  });
});
