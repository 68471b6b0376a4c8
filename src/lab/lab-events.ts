import { type ServerEvents } from '../server.ts';

/** A lab is handed out when it is ready. */
export type LabEventName = Exclude<keyof ServerEvents, 'ready'>;

/** What a lab adds to an event of the server. */
interface LabEventFacts<Name extends LabEventName> {
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
  [N in Name]: Readonly<Omit<ServerEvents[N], 'user'>> & LabEventFacts<N>;
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
