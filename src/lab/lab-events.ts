import { type ServerEvents } from '../server.ts';
import { type FaultEnded, type FaultFired } from './faults/active-fault.ts';
import { type PeerCallEnded, type PeerCallFacts } from './peers/peer-events.ts';
import { type TurnMessageFacts } from './turn-message-text.ts';

/** What happens in a lab only. */
export interface OwnLabEvents {
  'fault-fired': FaultFired;
  'fault-ended': FaultEnded;
  /** The server is back on its ports, without flows, registrations and allocations. */
  'server-restarted': { readonly downMs: number };
  'peer-call-started': PeerCallFacts;
  'peer-call-ended': PeerCallEnded;
}

/** What a lab tells: the events of its server, STUN messages as text in the place of bytes, and its own. */
interface LabEvents extends Omit<ServerEvents, 'ready' | 'turn-message'>, OwnLabEvents {
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

const OWN_NAMES: Readonly<Record<keyof OwnLabEvents, true>> = {
  'fault-fired': true,
  'fault-ended': true,
  'server-restarted': true,
  'peer-call-started': true,
  'peer-call-ended': true,
};

const SERVER_NAMES: Readonly<Record<Exclude<LabEventName, keyof OwnLabEvents>, true>> = {
  stopped: true,
  draining: true,
  'flow-opened': true,
  'flow-closed': true,
  'flow-refused': true,
  'register-challenged': true,
  'authentication-failed': true,
  registered: true,
  unregistered: true,
  'credential-issued': true,
  'credential-refused': true,
  limited: true,
  'core-up': true,
  'core-down': true,
  message: true,
  'turn-message': true,
  'allocation-created': true,
  'allocation-refreshed': true,
  'allocation-ended': true,
  'relay-ended': true,
  'allocation-moved': true,
  'peer-connected': true,
  'peer-closed': true,
  'permission-created': true,
  'channel-bound': true,
  'authentication-refused': true,
  'request-refused': true,
  'peer-denied': true,
};

export const SERVER_EVENT_NAMES = Object.keys(SERVER_NAMES) as readonly (keyof typeof SERVER_NAMES)[];
export const LAB_EVENT_NAMES: readonly LabEventName[] = [
  ...SERVER_EVENT_NAMES,
  ...(Object.keys(OWN_NAMES) as (keyof OwnLabEvents)[]),
];
