import {
  type CausesOf,
  DELIVERY_EVENTS,
  EDGE_EVENTS,
  EVENT_CAUSES,
  OAUTH_EVENTS,
  SERVER_EVENTS,
  TURN_EVENTS,
} from '../server/event-words.ts';
import { type ServerEvents } from '../server/server-types.ts';
import { FAULT_END_CAUSES, type FaultEnded, type FaultFired } from './faults/active-fault.ts';
import { PEER_CALL_ENDS, type PeerCallEnded, type PeerCallFacts } from './peers/peer-events.ts';
import { type TurnMessageFacts } from './turn-message-text.ts';

/** Events that only a lab has. */
export interface OwnLabEvents {
  'fault-fired': FaultFired;
  'fault-ended': FaultEnded;
  /** The server is back on its ports, without flows, registrations and allocations. */
  'server-restarted': { readonly downMs: number };
  'peer-call-started': PeerCallFacts;
  'peer-call-ended': PeerCallEnded;
}

/** Events of refusals that a fault may have caused, and only a lab says so. */
type FaultableEvents = {
  readonly [Name in 'authentication-refused' | 'request-refused']: Omit<ServerEvents[Name], 'cause'> & {
    readonly cause: ServerEvents[Name]['cause'] | 'fault';
  };
};

/** What a lab tells: the events of its server, STUN messages as text in the place of bytes, and its own. */
interface LabEvents
  extends Omit<ServerEvents, 'ready' | 'turn-message' | keyof FaultableEvents>, FaultableEvents, OwnLabEvents {
  'turn-message': Omit<ServerEvents['turn-message'], 'bytes'> & TurnMessageFacts;
}

/** A lab is handed out when it is ready. */
export type LabEventName = keyof LabEvents;

/** What a lab adds to an event of the server. */
interface LabEventFacts<Name extends LabEventName> {
  /** 1, 2, 3 …: the place of the event among all of its lab. */
  readonly seq: number;
  readonly type: Name;
  /** UNIX milliseconds. */
  readonly atUnixMs: number;
  /** The lab user whom it concerns, `alice`, as far as that is known. Before a 200 to REGISTER: whom the client claims to be. */
  readonly user: string | undefined;
  /** u, the pseudonymous TURN name, where the event has one. */
  readonly turnName: string | undefined;
}

/** An event of the server (see `ServerEvents`) with `user` as the lab knows the user: `event.user === 'alice'`. */
export type LabEvent<Name extends LabEventName = LabEventName> = {
  [N in Name]: Readonly<Omit<LabEvents[N], 'user'>> & LabEventFacts<N>;
}[Name];

/** An event that its lab has not counted yet. */
export type UncountedEvent<Name extends LabEventName = LabEventName> = {
  [N in Name]: Omit<LabEvent<N>, 'seq'>;
}[Name];

/** What each event of a lab alone says. */
export const OWN_LAB_EVENTS = {
  'fault-fired': 'A fault has hit.',
  'fault-ended': 'A fault has ended.',
  'server-restarted': 'The server is back on its ports, without WebSockets, registrations and allocations.',
  'peer-call-started': 'A peer of the lab was called.',
  'peer-call-ended': 'A call to a peer of the lab has ended.',
} as const satisfies Readonly<Record<keyof OwnLabEvents, string>>;

const BY_FAULT = {
  fault: 'A fault was asked for, and this is it. Take the fault away to see the healthy exchange.',
} as const;

/** Events of a lab that have a `cause`, and what each cause means. */
export const LAB_EVENT_CAUSES = {
  ...EVENT_CAUSES,
  'authentication-refused': { ...EVENT_CAUSES['authentication-refused'], ...BY_FAULT },
  'request-refused': { ...EVENT_CAUSES['request-refused'], ...BY_FAULT },
  'fault-ended': FAULT_END_CAUSES,
  'peer-call-ended': PEER_CALL_ENDS,
} as const satisfies CausesOf<LabEvents>;

/** Events of the server that a lab passes on, and what each says. `ready` is none of them: a lab is handed out when it is ready. */
export const PASSED_ON_EVENTS = {
  server: {
    stopped: SERVER_EVENTS.stopped,
    draining: SERVER_EVENTS.draining,
    'credential-revoked': SERVER_EVENTS['credential-revoked'],
    'revocations-forgotten': SERVER_EVENTS['revocations-forgotten'],
  },
  edge: EDGE_EVENTS,
  turn: TURN_EVENTS,
  oauth: OAUTH_EVENTS,
  delivery: DELIVERY_EVENTS,
} as const;

export const SERVER_EVENT_NAMES = namesOf({
  ...PASSED_ON_EVENTS.server,
  ...PASSED_ON_EVENTS.edge,
  ...PASSED_ON_EVENTS.turn,
  ...PASSED_ON_EVENTS.oauth,
  ...PASSED_ON_EVENTS.delivery,
} satisfies Readonly<Record<Exclude<LabEventName, keyof OwnLabEvents>, string>>);
export const LAB_EVENT_NAMES: readonly LabEventName[] = [...SERVER_EVENT_NAMES, ...namesOf(OWN_LAB_EVENTS)];

function namesOf<Events extends object>(events: Events): (keyof Events)[] {
  return Object.keys(events) as (keyof Events)[];
}
