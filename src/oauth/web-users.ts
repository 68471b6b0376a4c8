import { type Secret } from '../base/secret.ts';
import { SecretCheck } from './secret-check.ts';

/** A user as the IMS knows it. */
export interface WebIdentity {
  /** Private user identity, `user@domain`. */
  readonly impi: string;
  /** Public user identities, SIP and tel URIs; the first is the default. */
  readonly impus: readonly string[];
}

/** A user of the web. `password`: absent where only an OpenID provider logs the user in. */
export interface WebUser extends WebIdentity {
  readonly password?: Secret | undefined;
}

/** What may stand as the user part of an IMPI and of a SIP URI as it is (RFC 3261 §25.1, unreserved). */
const USER_PART = /^[\w.!~*'()-]{1,64}$/;

/** Whom the web server and the authorization server know, by the name that is typed into a login form. */
export class WebUsers {
  readonly #domain: string;
  readonly #byName: ReadonlyMap<string, WebUser>;
  readonly #byImpi: ReadonlyMap<string, WebUser>;
  readonly #secrets = new SecretCheck();

  constructor(domain: string, users: ReadonlyMap<string, WebUser>) {
    this.#domain = domain;
    this.#byName = users;
    this.#byImpi = new Map([...users.values()].map((user) => [user.impi, user]));
  }

  find(name: string): WebUser | undefined {
    return this.#byName.get(name);
  }

  /** The identity to a name that is not listed: the name itself in the home domain. `undefined` where a name cannot stand for a user. */
  unlisted(name: string): WebIdentity | undefined {
    return USER_PART.test(name) ? this.#inDomain(name) : undefined;
  }

  /** Who has a private identity of the home domain, listed or not. */
  ofImpi(impi: string): WebIdentity | undefined {
    const known = this.#byImpi.get(impi);
    if (known) return known;
    const at = impi.lastIndexOf('@');
    return impi.slice(at + 1) === this.#domain ? this.unlisted(impi.slice(0, Math.max(0, at))) : undefined;
  }

  /** The user whose password this is. Takes as long for a name that nobody has. */
  check(name: string, password: string): WebUser | undefined {
    const user = this.#byName.get(name);
    return this.#secrets.isSame(user?.password, password) ? user : undefined;
  }

  #inDomain(name: string): WebIdentity {
    const impi = `${name}@${this.#domain}`;
    return { impi, impus: [`sip:${impi}`] };
  }
}
