import { beforeEach, describe, expect, it } from 'vitest';
import { ownText } from '../../../src/base/own-text.ts';
import { RejectedUsers } from '../../../src/edge/registration/rejected-users.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { WicMessages } from '../support/wic.ts';

const AOR = ownText('sip:alice@example.com');

let clock: FakeClock;
let rejected: RejectedUsers;

beforeEach(() => {
  clock = new FakeClock();
  rejected = new RejectedUsers(clock);
});

function isRefused(authorization?: string, aor: string = AOR): boolean {
  const headers = authorization === undefined ? {} : { Authorization: authorization };
  return rejected.isFrom(new WicMessages('alice').buildRegister({ headers }), () => aor);
}

describe('a user whom the core has rejected', () => {
  it('is refused for five minutes by the private identity, and others of the public one are not', () => {
    rejected.note({ aor: AOR, impi: ownText('alice'), webIdentity: false });
    const [alice, bob] = ['alice', 'bob'].map((name) => `Digest username="${name}", realm="example.com", response="1"`);
    expect([isRefused(alice), isRefused(bob), isRefused()]).toEqual([true, false, false]);
    clock.advance(300_000);
    expect(isRefused(alice)).toBe(false);
  });

  it.each([
    ['has signed in by a web token', ownText('alice'), true],
    ['was never asked for a proof', undefined, false],
  ])('who %s is known by the public identity', (_how, impi, webIdentity) => {
    rejected.note({ aor: AOR, impi, webIdentity });
    expect([isRefused('Bearer token'), isRefused(), isRefused(undefined, 'sip:bob@example.com')]).toEqual([
      true,
      true,
      false,
    ]);
  });

  it('is nobody whose REGISTER cannot be read', () => {
    rejected.note({ aor: AOR, impi: undefined, webIdentity: false });
    expect(rejected.isFrom(new WicMessages('alice').buildRegister(), () => undefined)).toBe(false);
  });
});

it('costs a REGISTER nothing while nobody is rejected', () => {
  const register = new WicMessages('alice').buildRegister();
  const isFrom = rejected.isFrom(register, () => {
    throw new Error('not asked');
  });
  expect(isFrom).toBe(false);
});
