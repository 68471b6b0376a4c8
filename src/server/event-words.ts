import { DELIVERY_EVENTS } from '../credentials/delivered/delivery-events.ts';
import { DELIVERY_FAILURES } from '../credentials/delivered/delivery-words.ts';
import { EDGE_EVENTS } from '../edge/edge-events.ts';
import {
  AUTHENTICATION_FAILURES,
  CORE_DOWN_CAUSES,
  CREDENTIAL_REFUSALS,
  FLOW_CLOSE_CAUSES,
  FLOW_REFUSALS,
  LIMIT_CAUSES,
  REG_EVENT_ENDS,
  REG_EVENT_ORDERS,
  UNREGISTERED_CAUSES,
} from '../edge/edge-words.ts';
import { OAUTH_EVENTS } from '../oauth/oauth-events.ts';
import { SIGN_IN_REFUSALS, TOKEN_REFUSALS } from '../oauth/oauth-words.ts';
import { TURN_EVENTS } from '../turn/engine/observe/turn-events.ts';
import {
  ALLOCATION_END_CAUSES,
  AUTHENTICATION_CAUSES,
  PEER_DENIALS,
  REFUSAL_CAUSES,
  RELAY_END_CAUSES,
} from '../turn/engine/observe/turn-words.ts';
import { REVOCATION_LOSSES } from './revocation-words.ts';
import { type PartEvents, type ServerEvents } from './server-types.ts';

export { DELIVERY_EVENTS, EDGE_EVENTS, OAUTH_EVENTS, TURN_EVENTS };

/** `cause` of an event; `never` where an event has none. */
export type CauseOf<Event> = Event extends { readonly cause: infer Cause extends string } ? Cause : never;
/** Names of the events that have a `cause`. */
export type NamesWithCause<Events> = {
  [Name in keyof Events]: Events[Name] extends { readonly cause: string } ? Name : never;
}[keyof Events];
/** What each `cause` means, by the name of the event. */
export type CausesOf<Events> = {
  readonly [Name in NamesWithCause<Events>]: Readonly<Record<CauseOf<Events[Name]>, string>>;
};

/** Events of a server and its parts that have a `cause`, and what each cause means. */
export const EVENT_CAUSES = {
  'flow-closed': FLOW_CLOSE_CAUSES,
  'flow-refused': FLOW_REFUSALS,
  'authentication-failed': AUTHENTICATION_FAILURES,
  unregistered: UNREGISTERED_CAUSES,
  'credential-refused': CREDENTIAL_REFUSALS,
  limited: LIMIT_CAUSES,
  'core-down': CORE_DOWN_CAUSES,
  'reg-event-ended': REG_EVENT_ENDS,
  'reg-event-obeyed': REG_EVENT_ORDERS,
  'allocation-ended': ALLOCATION_END_CAUSES,
  'relay-ended': RELAY_END_CAUSES,
  'authentication-refused': AUTHENTICATION_CAUSES,
  'request-refused': REFUSAL_CAUSES,
  'peer-denied': PEER_DENIALS,
  'revocations-forgotten': REVOCATION_LOSSES,
  'sign-in-refused': SIGN_IN_REFUSALS,
  'token-refused': TOKEN_REFUSALS,
  'delivery-failed': DELIVERY_FAILURES,
} as const satisfies CausesOf<ServerEvents>;

/** What each event of the server itself says. */
export const SERVER_EVENTS = {
  ready: 'The server has started, or is back after a restart. The fields say where it is reached.',
  stopped: 'The server has stopped.',
  'credential-revoked':
    'A TURN name is no longer good, since its registration was ended or the operator revoked it. Its allocations end.',
  'revocations-forgotten':
    'Names that were revoked are good again before their end. There is one such event every ten seconds at most.',
  draining: 'A drain has begun, or another second of it has passed. The fields say what is left.',
} as const satisfies Readonly<Record<Exclude<keyof ServerEvents, keyof PartEvents>, string>>;
