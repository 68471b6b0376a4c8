import { expect, it } from 'vitest';
import { type Now } from '../../../src/base/clock.ts';
import { isLater } from '../../../src/base/outcome.ts';
import { fail, ok } from '../../../src/base/result.ts';
import { type CredentialVerifier } from '../../../src/credentials/credential.ts';
import { RevocationList } from '../../../src/credentials/revocation/revocation-list.ts';
import { withRevocations } from '../../../src/credentials/revocation/with-revocations.ts';

const NOW: Now = { unixMs: 1_000_000, monotonicMs: 0 };
const list = new RevocationList({ max: 10 });
list.revoke({ user: 'revoked', untilSec: 2000 }, NOW);

const known: CredentialVerifier = {
  lookup: ({ username }) => (username === 'stranger' ? fail('unknown-user') : ok({ user: username, keys: [] })),
  lookupHash: ({ userhash }) => ok({ user: userhash.toString(), username: userhash.toString(), keys: [] }),
};

it.each([
  ['revoked', fail('revoked')],
  ['good', ok({ user: 'good', keys: [] })],
  ['stranger', fail('unknown-user')],
])('a lookup of the name %s', (username, expected) => {
  expect(withRevocations(known, list).lookup({ username, realm: 'r' }, NOW)).toEqual(expected);
});

it('a name behind a USERHASH is denied too', () => {
  const found = withRevocations(known, list).lookupHash?.({ userhash: Buffer.from('revoked'), realm: 'r' }, NOW);
  expect(found).toEqual(fail('revoked'));
});

it('a name that is revoked while its verifier asks is denied when the answer comes', () => {
  const fresh = new RevocationList({ max: 10 });
  let answer: () => void = () => undefined;
  const slow: CredentialVerifier = {
    lookup: ({ username }) => ({
      later: (settle) => {
        answer = () => {
          settle(ok({ user: username, keys: [] }));
        };
      },
    }),
  };
  const outcome = withRevocations(slow, fresh).lookup({ username: 'u1', realm: 'r' }, NOW);
  if (!isLater(outcome)) throw new Error('expected to wait');
  const answers: unknown[] = [];
  outcome.later((value) => answers.push(value));
  fresh.revoke({ user: 'u1', untilSec: 2000 }, NOW);
  answer();
  expect(answers).toEqual([fail('revoked')]);
});
