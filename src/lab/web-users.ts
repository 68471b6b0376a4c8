import { poolNames } from '../config/schema/pool-names.ts';
import { type Config } from '../config/schema/tree.ts';

/** Who has no password in a lab: users of the web, and guests. */
export interface WebPeople {
  /** Names of the pools' identities. Those that the web server of this lab lends last come first. */
  readonly guests: readonly string[];
  /** The users of `oauth.users`, by the user part of their private identity. */
  readonly users: ReadonlySet<string>;
}

export function webPeopleOf({ oauth }: Config): WebPeople {
  const pools = [...oauth.clients, oauth.wwsf.waf].flatMap(({ pool }) => pool);
  const guests = pools.flatMap((entry) => poolNames(entry) ?? []);
  return {
    guests: guests.reverse(),
    users: new Set(oauth.users.map(({ name, impi = name }) => impi.split('@')[0] ?? name)),
  };
}
