import { randomBytes } from 'node:crypto';
import { type TypedEvents } from '../base/typed-events.ts';
import { type Form } from './form.ts';
import { type OAuthEvents, type WebFacts, type WebMessage } from './oauth-events.ts';
import { type Grant, GRANTS, type Scope, SCOPES } from './oauth-words.ts';

export type OAuthObservers = Pick<TypedEvents<OAuthEvents>, 'has' | 'emit'>;

type Passing = Pick<WebMessage, 'from' | 'to' | 'what'>;

/** Tells of the answer of an exchange. */
export type TellAnswer = (answer: Pick<WebMessage, 'status' | 'error'> & WebFacts) => void;

const NOBODY_LISTENS: TellAnswer = () => undefined;
const EXCHANGE_BYTES = 9;

/** Tells of a request; of its answer, by what is returned. Makes nothing while nobody listens. */
export function traceExchange(
  events: OAuthObservers,
  { from, to, what }: Passing,
  facts: () => WebFacts & { readonly exchange?: string },
): TellAnswer {
  if (!events.has('web-message')) return NOBODY_LISTENS;
  const asked = { exchange: randomBytes(EXCHANGE_BYTES).toString('base64url'), ...facts() };
  events.emit('web-message', { ...asked, from, to, what });
  return (answer) => {
    events.emit('web-message', { ...asked, ...answer, from: to, to: from, what });
  };
}

const GRANT_OF_RESPONSE_TYPE: ReadonlyMap<string | undefined, string> = new Map([
  ['code', 'authorization_code'],
  ['token', 'implicit'],
]);

/** What a request to the token or to the authorization endpoint asks for, as far as it can be read. */
export function askedFor(form: Form): WebFacts {
  const grant = form.get('grant_type') ?? GRANT_OF_RESPONSE_TYPE.get(form.get('response_type'));
  const scope = form.get('scope') ?? (form.get('token_type') === 'pop' ? 'turn' : undefined);
  return {
    ...(grant !== undefined && Object.hasOwn(GRANTS, grant) && { grant: grant as Grant }),
    ...(scope !== undefined && Object.hasOwn(SCOPES, scope) && { scope: scope as Scope }),
  };
}
