import { expect, it } from 'vitest';
import { isLater, type Outcome } from '../../../src/base/outcome.ts';
import { fail, ok, type Result } from '../../../src/base/result.ts';
import { type IssueFailure } from '../../../src/base/issue-failure.ts';
import { accountedIssuer } from '../../../src/credentials/revocation/accounted-issuer.ts';
import { HeldCredentials } from '../../../src/credentials/revocation/held-credentials.ts';
import { RevocationList } from '../../../src/credentials/revocation/revocation-list.ts';
import { type Release } from '../../../src/credentials/credential.ts';

const NOW = { unixMs: 1_000_000, monotonicMs: 0 };
const REQUEST = { registrationId: 'phone', person: 'sip:alice@example.com', grantedExpiresSec: 600 };

interface Made {
  readonly name: string;
  readonly endSec: number;
}

/** Keeps the name of a registration until it is released. */
function namingIssuer(wrap: (result: Result<Made, IssueFailure>) => Outcome<Result<Made, IssueFailure>> = (r) => r) {
  const names = new Map<string, string>();
  const released: [string, Release][] = [];
  let made = 0;
  return {
    released,
    issue: ({ registrationId }: { readonly registrationId: string }) => {
      const name = names.get(registrationId) ?? `u${++made}`;
      names.set(registrationId, name);
      return wrap(ok({ name, endSec: 2000 }));
    },
    release: (registrationId: string, how: Release) => {
      names.delete(registrationId);
      released.push([registrationId, how]);
    },
  };
}

function accounts() {
  return {
    held: new HeldCredentials(10),
    revocations: new RevocationList({ max: 10 }),
    entryOf: ({ name, endSec }: Made) => ({ user: name, untilSec: endSec + 5 }),
  };
}

it('notes who holds what, with the end by which it could be revoked', () => {
  const ports = accounts();
  const issuer = accountedIssuer(namingIssuer(), ports);
  expect(issuer.issue(REQUEST, NOW)).toEqual(ok({ name: 'u1', endSec: 2000 }));
  expect(ports.held.of(REQUEST.person, NOW)).toEqual([
    { user: 'u1', untilSec: 2005, registrationId: 'phone', person: REQUEST.person },
  ]);
});

it('a registration that stands gets another name once its name is revoked', () => {
  const ports = accounts();
  const inner = namingIssuer();
  const issuer = accountedIssuer(inner, ports);
  issuer.issue(REQUEST, NOW);
  ports.revocations.revoke({ user: 'u1', untilSec: 2005 }, NOW);
  expect(issuer.issue(REQUEST, NOW)).toEqual(ok({ name: 'u2', endSec: 2000 }));
  expect(issuer.issue(REQUEST, NOW)).toEqual(ok({ name: 'u2', endSec: 2000 }));
  expect(inner.released).toEqual([['phone', 'forget']]);
});

it('does so for an issuer that answers later', () => {
  const ports = accounts();
  const issuer = accountedIssuer(
    namingIssuer((result) => ({
      later: (settle) => {
        settle(result);
      },
    })),
    ports,
  );
  ports.revocations.revoke({ user: 'u1', untilSec: 2005 }, NOW);
  const outcome = issuer.issue(REQUEST, NOW);
  const settled: unknown[] = [];
  if (isLater(outcome)) outcome.later((result) => settled.push(result));
  expect(settled).toEqual([ok({ name: 'u2', endSec: 2000 })]);
  expect(ports.held.of(REQUEST.person, NOW)).toMatchObject([{ user: 'u2' }]);
});

it('passes on a failure and a release, and notes neither', () => {
  const ports = accounts();
  const inner = namingIssuer(() => fail('denied'));
  const issuer = accountedIssuer(inner, ports);
  expect(issuer.issue(REQUEST, NOW)).toEqual(fail('denied'));
  issuer.release('phone', 'revoke');
  expect(inner.released).toEqual([['phone', 'revoke']]);
  expect(ports.held.size).toBe(0);
});
