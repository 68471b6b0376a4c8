import { type Registration } from './registration.ts';

/**
 * Whom quotas count, and issuers know a user as: the default identity, which all of an implicit registration set share. Cores differ in whether case counts
 * in it.
 */
export function personOf({ identities: [first], aor }: Pick<Registration, 'identities' | 'aor'>): string {
  return (first?.key ?? aor).toLowerCase();
}
