import { BoundedMap } from '../base/bounded-map.ts';
import { type Clock } from '../base/clock.ts';
import { formatTransportAddress } from '../base/transport-address.ts';
import { type ServerEvents } from '../server/server-types.ts';
import { type UncountedEvent } from './lab-events.ts';
import { type LabIdentities } from './lab-identities.ts';
import { readTurnMessage } from './turn-message-text.ts';

/** TURN clients whose name is remembered at most; the longest-known is forgotten first. */
const CLIENTS = 10_000;

/** Makes events of a lab out of those of its server. */
export class LabEventRecorder {
  readonly #identities: LabIdentities;
  readonly #clock: Clock;
  readonly #usernameByClient = new BoundedMap<string>(CLIENTS);

  constructor(identities: LabIdentities, clock: Clock) {
    this.#identities = identities;
    this.#clock = clock;
  }

  record<Name extends keyof ServerEvents>(type: Name, event: ServerEvents[Name]): UncountedEvent {
    if (type === 'turn-message') return this.#turnMessage(event as ServerEvents['turn-message']);
    return { ...event, ...causeOf(type, event), type, ...this.#facts(event) } as unknown as UncountedEvent;
  }

  #turnMessage({ bytes, ...event }: ServerEvents['turn-message']): UncountedEvent {
    const { facts, username } = readTurnMessage(bytes);
    const client = `${event.transport} ${formatTransportAddress(event.client)}`;
    // RFC 8489 §9.2.3.1: a client begins without credentials. Whoever had the address before it is gone.
    if (username === undefined && facts.method === 'Allocate' && facts.class === 'request') {
      this.#usernameByClient.delete(client);
    }
    if (username !== undefined) this.#usernameByClient.set(client, username);
    const known = this.#usernameByClient.get(client);
    const whom = this.#facts(known === undefined ? {} : { username: known });
    return { ...event, ...facts, type: 'turn-message', ...whom };
  }

  #facts(event: object) {
    return { atUnixMs: this.#clock.now().unixMs, ...this.#identities.identify(event) };
  }
}

/** Nobody but its faults has the TURN server of a lab refuse what is in order. */
function causeOf(type: keyof ServerEvents, event: object): { readonly cause?: 'fault' } {
  const isRefusal = type === 'authentication-refused' || type === 'request-refused';
  return isRefusal && 'cause' in event && event.cause === 'operator' ? { cause: 'fault' } : {};
}
