import { boundedKey } from '../../base/bounded-key.ts';
import { type OwnText, ownText } from '../../base/own-text.ts';
import { type Allowance, type TokenBuckets } from '../../base/token-buckets.ts';

/** The allowance of the name that was asked for last. */
interface Named {
  readonly name: OwnText;
  readonly allowance: Allowance;
}

/** A client's connection, and the allowances that its messages count against: found once, as it mostly asks for the same user over and over. */
export class Sender {
  /** `undefined` for one that no limit by address applies to. */
  readonly source: string | undefined;
  readonly #identities: TokenBuckets;
  readonly #messages: Allowance | undefined;
  #login: Named | undefined;
  #account: Named | undefined;

  constructor(source: string | undefined, messages: TokenBuckets, identities: TokenBuckets) {
    this.source = source;
    this.#identities = identities;
    this.#messages = source === undefined ? undefined : messages.allowanceOf(source);
  }

  /** Counts a message; seconds to wait, 0 when it is welcome. */
  takeMessage(nowMs: number, cost: number): number {
    return this.#messages?.(nowMs, cost) ?? 0;
  }

  /** Counts a REGISTER in the name of a user, whom anybody may name: by user and address together. */
  takeLogin(name: string, nowMs: number): number {
    if (this.source === undefined) return 0;
    if (this.#login?.name !== name) this.#login = this.#named(name, loginKey(this.source, name));
    return this.#login.allowance(nowMs);
  }

  /** Counts any other request against the user who is registered on the connection. */
  takeRequest(account: string, nowMs: number): number {
    const key = boundedKey(account);
    if (this.#account?.name !== key) this.#account = this.#named(key, key);
    return this.#account.allowance(nowMs);
  }

  #named(name: string, key: string): Named {
    return { name: ownText(name), allowance: this.#identities.allowanceOf(key) };
  }
}

/** The key of what a user is asked for from one source. `name`: from `loginName`. */
export function loginKey(source: string, name: string): string {
  return `${source} ${name}`;
}
