import { type ServerEvents } from '../server.ts';
import { type TurnMessageFacts } from './turn-message-text.ts';

/** What a lab tells: the events of its server, STUN messages as text in the place of bytes. */
interface LabEvents extends Omit<ServerEvents, 'ready' | 'turn-message'> {
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

const NAMES: Readonly<Record<LabEventName, true>> = {
  stopped: true,
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
  message: true,
  'turn-message': true,
  'allocation-created': true,
  'allocation-refreshed': true,
  'allocation-ended': true,
  'permission-created': true,
  'channel-bound': true,
  'authentication-refused': true,
  'request-refused': true,
  'peer-denied': true,
};

export const LAB_EVENT_NAMES = Object.keys(NAMES) as readonly LabEventName[];
