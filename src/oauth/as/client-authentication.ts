import { fail, ok, type Result } from '../../base/result.ts';
import { type Form } from '../form.ts';
import { type OAuthClient, type OAuthClients } from '../oauth-client.ts';
import { ASSERTION_TYPE, type ClientRefusal } from '../oauth-words.ts';
import { SecretCheck } from '../secret-check.ts';
import { SignedAssertions } from './signed-assertions.ts';

/** What a request says of its client. Nothing of it is checked yet. */
export interface ClientClaim {
  readonly id: string;
  readonly proof:
    | { readonly kind: 'secret'; readonly secret: string }
    | { readonly kind: 'assertion'; readonly assertion: string }
    | { readonly kind: 'none' };
}

/** Longest client id (`oauth.clients[].id`). */
const MAX_ID_CHARACTERS = 64;
const BASIC = /^Basic +([\w+/]{1,1024}={0,2}) *$/i;

/**
 * Reads the one way in which a request proves its client: `client_secret_basic`, `client_secret_post` (RFC 6749 §2.3.1), `private_key_jwt` (RFC 7523 §2.2),
 * or none.
 */
export function readClient(form: Form, authorization: string | undefined): Result<ClientClaim, ClientRefusal> {
  const basic = authorization === undefined ? undefined : readBasic(authorization);
  if (authorization !== undefined && !basic) return fail('no-proof');
  const secret = form.get('client_secret');
  const assertion = form.get('client_assertion');
  const id = form.get('client_id');
  if ([basic, secret, assertion].filter((proof) => proof !== undefined).length > 1) return fail('several-proofs');
  const named = basic?.id ?? (assertion === undefined ? id : SignedAssertions.subjectOf(assertion));
  if (named === undefined || named.length > MAX_ID_CHARACTERS) {
    return fail(assertion === undefined ? 'no-proof' : 'malformed-assertion');
  }
  if (id !== undefined && id !== named) return fail('several-proofs');
  if (basic) return ok({ id: named, proof: { kind: 'secret', secret: basic.secret } });
  if (secret !== undefined) return ok({ id: named, proof: { kind: 'secret', secret } });
  if (assertion === undefined) return ok({ id: named, proof: { kind: 'none' } });
  if (form.get('client_assertion_type') !== ASSERTION_TYPE) return fail('malformed-assertion');
  return ok({ id: named, proof: { kind: 'assertion', assertion } });
}

function readBasic(authorization: string): { readonly id: string; readonly secret: string } | undefined {
  const [, encoded] = BASIC.exec(authorization) ?? [];
  if (encoded === undefined) return undefined;
  const text = Buffer.from(encoded, 'base64').toString();
  const colon = text.indexOf(':');
  if (colon < 0) return undefined;
  try {
    return { id: formDecode(text.slice(0, colon)), secret: formDecode(text.slice(colon + 1)) };
  } catch {
    return undefined;
  }
}

/** Decodes id or secret, which are form-encoded before they are joined (RFC 6749 §2.3.1). */
function formDecode(text: string): string {
  return decodeURIComponent(text.replaceAll('+', ' '));
}

/** Checks the proofs of clients. */
export class ClientAuthentication {
  readonly #clients: OAuthClients;
  readonly #assertions: SignedAssertions;
  readonly #secrets = new SecretCheck();

  constructor(clients: OAuthClients, assertions: SignedAssertions) {
    this.#clients = clients;
    this.#assertions = assertions;
  }

  check({ id, proof }: ClientClaim, nowSec: number): Result<OAuthClient, ClientRefusal> {
    const client = this.#clients.get(id);
    if (proof.kind === 'secret') return this.#checkSecret(client, proof.secret);
    if (!client) return fail('unknown-client');
    if (proof.kind === 'none') return client.proof.kind === 'none' ? ok(client) : fail('no-proof');
    const checked = this.#assertions.checkClient(client, proof.assertion, nowSec);
    return checked.ok ? ok(client) : checked;
  }

  /** Checks a client secret. It takes as long when the client does not exist. */
  #checkSecret(client: OAuthClient | undefined, secret: string): Result<OAuthClient, ClientRefusal> {
    const known = client?.proof.kind === 'secret' ? client.proof.secret : undefined;
    const isSame = this.#secrets.isSame(known, secret);
    if (!client) return fail('unknown-client');
    if (!known) return fail('other-proof');
    return isSame ? ok(client) : fail('wrong-secret');
  }
}
