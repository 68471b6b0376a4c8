import { BoundedMap } from '../base/bounded-map.ts';
import { type Clock } from '../base/clock.ts';
import { formatTransportAddress } from '../base/transport-address.ts';
import { type ServerEvents } from '../server/server-types.ts';
import { type UncountedEvent } from './lab-events.ts';
import { type LabIdentities } from './lab-identities.ts';
import { readTurnMessage } from './turn-message-text.ts';

/** How many TURN clients are remembered by name. Beyond it the oldest is forgotten. */
const CLIENTS = 10_000;

/** What a client has called itself, or what the TURN server calls it: an access token names nobody to others. */
type ClientName = { readonly username: string } | { readonly user: string };

/** Makes events of a lab out of those of its server. */
export class LabEventRecorder {
  readonly #identities: LabIdentities;
  readonly #clock: Clock;
  readonly #nameByClient = new BoundedMap<ClientName>(CLIENTS);

  constructor(identities: LabIdentities, clock: Clock) {
    this.#identities = identities;
    this.#clock = clock;
  }

  record<Name extends keyof ServerEvents>(type: Name, event: ServerEvents[Name]): UncountedEvent {
    if (type === 'turn-message') return this.#turnMessage(event as ServerEvents['turn-message']);
    if (type === 'allocation-created') this.#noteClient(event as ServerEvents['allocation-created']);
    return { ...event, ...causeOf(type, event), type, ...this.#facts(event) } as unknown as UncountedEvent;
  }

  #turnMessage({ bytes, ...event }: ServerEvents['turn-message']): UncountedEvent {
    const { facts, username } = readTurnMessage(bytes);
    const client = clientKey(event);
    // RFC 8489 §9.2.3.1: a client begins without credentials. Whoever had the address before it is gone.
    if (username === undefined && facts.method === 'Allocate' && facts.class === 'request') {
      this.#nameByClient.delete(client);
    }
    if (username !== undefined) this.#nameByClient.set(client, { username });
    const whom = this.#facts(this.#nameByClient.get(client) ?? {});
    return { ...event, ...facts, type: 'turn-message', ...whom };
  }

  #noteClient(event: ServerEvents['allocation-created']): void {
    this.#nameByClient.set(clientKey(event), { user: event.user });
  }

  #facts(event: object) {
    return { atUnixMs: this.#clock.now().unixMs, ...this.#identities.identify(event) };
  }
}

function clientKey({ transport, client }: Pick<ServerEvents['turn-message'], 'transport' | 'client'>): string {
  return `${transport} ${formatTransportAddress(client)}`;
}

/** Nobody but its faults has the TURN server of a lab refuse what is in order. */
function causeOf(type: keyof ServerEvents, event: object): { readonly cause?: 'fault' } {
  const isRefusal = type === 'authentication-refused' || type === 'request-refused';
  return isRefusal && 'cause' in event && event.cause === 'operator' ? { cause: 'fault' } : {};
}
