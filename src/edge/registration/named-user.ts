import { identityKey } from './identity.ts';
import { personOf } from './person.ts';
import { type Registrations } from './registrations.ts';

/** What an edge knows of the user that an operator names. */
export interface NamedUser {
  /** Whom issuers may know the user as. At least one. */
  readonly persons: readonly string[];
  /** Registrations of the user's devices, including devices that have lost their WebSocket and may come back. */
  readonly registrationIds: readonly string[];
}

/**
 * Whom a person means who writes `alice`, `alice@example.com`, `sip:alice@example.com`, `+4930…` or `tel:+4930…`: a public or a private identity. Case does not count, since cores
 * differ in whether it does. Looks at every registration: for an operator, not for clients.
 */
export function findNamedUser(
  text: string,
  domain: string,
  registrations: Pick<Registrations, 'all' | 'lapsed'>,
): NamedUser {
  const impis = new Set([text, `${text}@${domain}`].map(inOneCase));
  const impus = new Set(urisOf(text, domain).map((uri) => inOneCase(identityKey(uri))));
  // A web server that hands out credentials knows a user by the private identity.
  const persons = new Set([...impus, ...impis, text]);
  const registrationIds: string[] = [];
  for (const registration of registrations.all) {
    const { claim, identities, aor } = registration;
    const keys = [identityKey(aor), ...identities.map(({ key }) => key)];
    if (!isOne(impis, claim.impi) && !keys.some((key) => isOne(impus, key))) continue;
    persons.add(personOf(registration));
    registrationIds.push(claim.registrationId);
  }
  for (const { aor, impi, registrationId } of registrations.lapsed) {
    if (!isOne(impis, impi) && !isOne(impus, identityKey(aor))) continue;
    persons.add(personOf({ identities: [], aor }));
    registrationIds.push(registrationId);
  }
  return { persons: [...persons], registrationIds };
}

function urisOf(text: string, domain: string): string[] {
  if (/^(?:sips?|tel):/i.test(text)) return [text];
  if (text.includes('@')) return [`sip:${text}`];
  const user = `sip:${text}@${domain}`;
  return /^\+[\d().-]+$/.test(text) ? [`tel:${text}`, user] : [user];
}

function isOne(names: ReadonlySet<string>, name: string | undefined): boolean {
  return name !== undefined && names.has(inOneCase(name));
}

function inOneCase(text: string): string {
  return text.toLowerCase();
}
