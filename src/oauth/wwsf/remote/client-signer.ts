import { createSecretKey, type KeyObject, randomUUID } from 'node:crypto';
import jwt, { type Algorithm } from 'jsonwebtoken';
import { type Now } from '../../../base/clock.ts';
import { type Secret } from '../../../base/secret.ts';
import { type SigningAlgorithm } from '../../../credentials/signing-keys.ts';
import { ASSERTION_TYPE } from '../../oauth-words.ts';

/** What this web server proves itself by: `client_secret_basic` or `private_key_jwt`. */
export type OwnProof =
  | { readonly kind: 'secret'; readonly secret: Secret }
  | { readonly kind: 'key'; readonly key: KeyObject; readonly algorithm: SigningAlgorithm };

/** A proof is used at once. */
const LIFE_SEC = 60;

/** Signs for the client that this web server is at an authorization server: who it is, and who its users are (RFC 7523 §2). */
export class ClientSigner {
  readonly #clientId: string;
  readonly #issuer: string;
  readonly #proof: OwnProof;

  /** `issuer`: of the authorization server, the one for whom the signatures are meant. */
  constructor(clientId: string, issuer: string, proof: OwnProof) {
    this.#clientId = clientId;
    this.#issuer = issuer;
    this.#proof = proof;
  }

  /** What proves the client in a request. Each is good once. */
  prove(now: Now): {
    readonly headers: Readonly<Record<string, string>>;
    readonly fields: Readonly<Record<string, string>>;
  } {
    const id = this.#clientId;
    if (this.#proof.kind === 'secret') {
      return { headers: { authorization: basic(id, this.#proof.secret.revealText()) }, fields: {} };
    }
    const assertion = this.#sign(id, now);
    return { headers: {}, fields: { client_assertion_type: ASSERTION_TYPE, client_assertion: assertion } };
  }

  /** An assertion that the user is `impi` (RFC 7521 §6.3). */
  nameUser(impi: string, now: Now): string {
    return this.#sign(impi, now);
  }

  #sign(sub: string, { unixMs }: Now): string {
    const iat = Math.floor(unixMs / 1000);
    const claims = { iss: this.#clientId, sub, aud: this.#issuer, iat, exp: iat + LIFE_SEC, jti: randomUUID() };
    return jwt.sign(claims, this.#key, { algorithm: this.#algorithm });
  }

  get #key(): KeyObject {
    return this.#proof.kind === 'key' ? this.#proof.key : createSecretKey(this.#proof.secret.reveal());
  }

  get #algorithm(): Algorithm {
    return this.#proof.kind === 'key' ? this.#proof.algorithm : 'HS256';
  }
}

/** RFC 6749 §2.3.1: both are written as in a form before they are joined. */
function basic(id: string, secret: string): string {
  const encoded = [id, secret].map((text) => new URLSearchParams({ '': text }).toString().slice(1)).join(':');
  return `Basic ${Buffer.from(encoded).toString('base64')}`;
}
