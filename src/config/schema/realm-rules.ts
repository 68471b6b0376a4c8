import { opaqueString } from '../../base/opaque-string.ts';
import { type Report, type Rule } from './rule-report.ts';
import { type Config } from './tree.ts';

const KEY_FORM = /^[\da-f]{32}$/i;

/** Realms differ from each other, and a listener or user names one that exists. */
export function checkRealms({ domain, turn, credentials }: Config, report: Report): void {
  const known = [turn.realm ?? domain, ...turn.realms.map(({ realm }) => realm)];
  turn.realms.forEach(({ realm, origins }, i) => {
    if (known.indexOf(realm) !== i + 1) report(`turn.realms.${i}.realm`, 'a realm that no other entry names', realm);
    const earlier = turn.realms.slice(0, i).flatMap((other) => other.origins);
    origins.forEach((origin, j) => {
      if ([...earlier, ...origins.slice(0, j)].includes(origin)) {
        report(`turn.realms.${i}.origins.${j}`, 'an origin of one realm only', origin);
      }
    });
  });
  turn.listeners.forEach(({ realm }, i) => {
    checkKnown(`turn.listeners.${i}.realm`, realm);
  });
  credentials.users.forEach(({ realm }, i) => {
    checkKnown(`credentials.users.${i}.realm`, realm);
  });

  function checkKnown(path: string, realm: string | undefined): void {
    if (realm !== undefined && !known.includes(realm))
      report(path, `a realm of turn.realms (${known.join(', ')})`, realm);
  }
}

/** Rules for `credentials.users`, and for the algorithms by which their passwords are proved. */
export const LONG_TERM_RULES: readonly Rule[] = [checkLongTermNames, checkLongTermKeys, checkAlgorithms];

/** What two names become in a STUN message must tell their users apart. */
function checkLongTermNames({ domain, turn, credentials }: Config, report: Report): void {
  const seen = new Set<string>();
  credentials.users.forEach(({ name, realm }, i) => {
    const id = JSON.stringify([realm ?? turn.realm ?? domain, opaqueString(name)]);
    if (seen.has(id)) report(`credentials.users.${i}.name`, 'a name that no other user of the realm has', name);
    seen.add(id);
  });
}

function checkLongTermKeys({ credentials }: Config, report: Report): void {
  credentials.users.forEach(({ key }, i) => {
    if (key && !KEY_FORM.test(key.revealText())) {
      report(`credentials.users.${i}.key`, '32 hexadecimal digits', `${key.byteLength} bytes`);
    }
  });
}

function checkAlgorithms({ turn: { passwordAlgorithms }, credentials }: Config, report: Report): void {
  if (new Set(passwordAlgorithms).size < passwordAlgorithms.length) {
    report('turn.passwordAlgorithms', 'each algorithm once', passwordAlgorithms);
  }
  if (
    passwordAlgorithms.length > 0 &&
    !passwordAlgorithms.includes('md5') &&
    credentials.users.some(({ key }) => key)
  ) {
    report(
      'turn.passwordAlgorithms',
      'md5 among them, because a user of credentials.users has no more than a `key`',
      passwordAlgorithms,
    );
  }
}
