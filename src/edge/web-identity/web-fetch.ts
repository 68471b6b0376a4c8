import { type Secret } from '../../base/secret.ts';

/** One request to an authorization server. */
export interface WebRequest {
  readonly url: string;
  /** POST, with this body of `application/x-www-form-urlencoded`; GET when absent. */
  readonly form?: string;
  /** Client of RFC 6749 §2.3.1 that the request is made as. */
  readonly client?: { readonly id: string; readonly secret: Secret };
}

export interface WebAnswer {
  readonly status: number;
  readonly body: string;
}

/**
 * Asks an authorization server. It bounds time and size by itself, follows no redirection, and rejects where there is no answer. An edge opens no
 * connections of its own for this: whoever makes it hands it in.
 */
export type WebFetch = (request: WebRequest) => Promise<WebAnswer>;

/** The JSON of an answer, or `undefined` where it has none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
