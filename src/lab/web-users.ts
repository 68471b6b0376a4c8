import { poolNames } from '../config/schema/pool-names.ts';
import { type Config } from '../config/schema/tree.ts';

/** Who has no password in a lab: users of the web, and guests. */
export interface WebPeople {
  /** Of the pools, those first that a web server here lends last. */
  readonly guests: readonly string[];
  /** Of `oauth.users`, by the user part of the private identity. */
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
