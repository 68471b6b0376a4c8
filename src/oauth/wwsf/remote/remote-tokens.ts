import { type Now } from '../../../base/clock.ts';
import { type KeySource } from '../../../credentials/signing-keys.ts';
import { type TurnTokenRequest } from '../../as/token-maker.ts';
import { JWT_BEARER, type Scope, type WafFault } from '../../oauth-words.ts';
import { type RegistrationToken, type TurnToken } from '../../token-answers.ts';
import { type WebIdentity } from '../../web-users.ts';
import { type TokenAnswer, type TokenSource } from '../token-source.ts';
import { type ClientSigner } from './client-signer.ts';
import { readBearerAnswer, readTurnAnswer } from './token-answer.ts';
import { checkToken, type TokenExpectation } from './token-checker.ts';
import { type WafClient, type WafWord } from './waf-client.ts';

export interface RemoteTokensParts {
  readonly client: Pick<WafClient, 'ask'>;
  readonly signer: ClientSigner;
  readonly expected: TokenExpectation;
  /** Name of the TURN server that is meant where the authorization server names none. */
  readonly serverName: string;
  /** The keys that an authorization server publishes there. */
  readonly keysAt: (jwksUri: string) => KeySource;
  /** Hears why a token is of no use. */
  readonly report: (fault: WafFault, now: Now) => void;
}

/** What cannot be used is not asked for again at once. */
const RETRY_SEC = 30;

/** Tokens of an authorization server (WAF) on another machine, for users whom this web server names by its signature (RFC 7523 §2.1). */
export class RemoteTokens implements TokenSource {
  readonly grant = JWT_BEARER;
  readonly #parts: RemoteTokensParts;
  #keys: { readonly uri: string; readonly source: KeySource } | undefined;

  constructor(parts: RemoteTokensParts) {
    this.#parts = parts;
  }

  async registrationToken(user: WebIdentity, now: Now): Promise<TokenAnswer<RegistrationToken>> {
    const word = await this.#ask('sip', user.impi, {}, now);
    if (word.kind !== 'said') return word;
    const read = readBearerAnswer(word.body, now);
    if (!read.ok) return this.#useless(read.reason, now);
    const keys = this.#keysAt(word.endpoints.jwksUri);
    const checked = await checkToken(read.value, user, keys, this.#parts.expected, now);
    return checked.ok ? { kind: 'made', token: checked.value } : this.#useless(checked.reason, now);
  }

  async turnToken(
    { subject, person, audience, notAfterSec }: TurnTokenRequest,
    now: Now,
  ): Promise<TokenAnswer<TurnToken>> {
    // Without a user there is nobody to name.
    if (person === undefined) return { kind: 'refused', error: 'invalid_request' };
    const fields = {
      token_type: 'pop',
      ...(subject !== undefined && { subject: subject.replaceAll(' ', ':') }),
      ...(audience !== undefined && { aud: audience }),
      ...(notAfterSec !== undefined && { not_after: String(notAfterSec) }),
    };
    const word = await this.#ask('turn', person, fields, now);
    if (word.kind !== 'said') return word;
    const read = readTurnAnswer(word.body, this.#parts.serverName, now);
    return read.ok ? { kind: 'made', token: read.value } : this.#useless(read.reason, now);
  }

  /** No standard request revokes the tokens of a subject. They end with the session at the latest. */
  releaseTurn(): void {
    return;
  }

  #ask(scope: Scope, impi: string, more: Readonly<Record<string, string>>, now: Now): Promise<WafWord> {
    const { client, signer } = this.#parts;
    const fields = (at: Now) => ({ grant_type: JWT_BEARER, scope, ...more, assertion: signer.nameUser(impi, at) });
    return client.ask(fields, now);
  }

  /** Metadata that are read again may name another place. */
  #keysAt(uri: string | undefined): KeySource | undefined {
    if (uri === undefined) return undefined;
    if (this.#keys?.uri !== uri) this.#keys = { uri, source: this.#parts.keysAt(uri) };
    return this.#keys.source;
  }

  #useless(fault: WafFault, now: Now): TokenAnswer<never> {
    this.#parts.report(fault, now);
    return { kind: 'unavailable', retryAfterSec: RETRY_SEC };
  }
}
