import { type Clock } from '../../base/clock.ts';
import { readForm } from '../form.ts';
import { noStore, type OAuthContext, refuse } from '../oauth-http.ts';
import { type AuthorizationCodes } from './authorization-codes.ts';
import { type ClientDoor } from './client-door.ts';
import { type SigningRing } from './signing-ring.ts';

export interface IntrospectionParts {
  readonly door: ClientDoor;
  readonly ring: SigningRing;
  readonly codes: AuthorizationCodes;
  readonly clock: Clock;
}

/** Tells an edge whether a registration token is good, and what it says (RFC 7662). */
export class IntrospectionEndpoint {
  readonly #parts: IntrospectionParts;

  constructor(parts: IntrospectionParts) {
    this.#parts = parts;
  }

  async post(context: OAuthContext): Promise<Response> {
    const { door, ring, codes, clock } = this.#parts;
    const form = await readForm(context);
    if (!form.ok) return refuse(context, 'invalid_request');
    const now = clock.now();
    const client = door.admit(context, form.value, now);
    if (client instanceof Response) return client;
    if (!client.introspects) return refuse(context, 'unauthorized_client');
    const token = form.value.get('token');
    if (token === undefined) return refuse(context, 'invalid_request');
    noStore(context);
    const claims = ring.verify(token, Math.floor(now.unixMs / 1000));
    const isGood = typeof claims?.jti === 'string' && !codes.isVoid(claims.jti);
    // RFC 7662 §2.2: of a token that is not good, nothing else is said.
    return context.json(isGood ? { active: true, token_type: 'Bearer', ...claims } : { active: false });
  }
}
