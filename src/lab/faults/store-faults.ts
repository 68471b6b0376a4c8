import { BoundedMap } from '../../base/bounded-map.ts';
import { type Now } from '../../base/clock.ts';
import { mapOutcome, type Outcome } from '../../base/outcome.ts';
import { fail, ok, type Result } from '../../base/result.ts';
import { type DeliveredCredential, type DeliveredName, type UserKey } from '../../credentials/delivered/delivery.ts';
import { type DeliveryFailure } from '../../credentials/delivered/delivery-words.ts';
import { type RedisTransport } from '../../redis/transport.ts';
import { type DeliveryStore } from '../../server/server-wrap.ts';
import { type FaultRegistry } from './fault-registry.ts';

/*
 * `credential-store-down`. A store is away for everybody. Where it is a Redis, its connections fail, and all else is the doing of what is always there for
 * that; where it is the memory of this process, it is made to behave like a Redis that is away.
 */

const KIND = 'credential-store-down';
const EVERYBODY = { user: undefined };
/** Credentials that a store remembers while it is away, and those to be taken back afterwards. */
const REMEMBERED = 10_000;

/**
 * Connections to Redis on which no command arrives and no message comes. A hit is a command that is lost; what only asks whether Redis is back
 * is none.
 */
export function faultyTransport(transport: RedisTransport, faults: FaultRegistry): RedisTransport {
  const find = () => faults.find([KIND], EVERYBODY);
  return {
    ...transport,
    send: (key, command) => {
      const fault = find();
      if (!fault) return transport.send(key, command);
      if (key !== undefined) fault.fire(EVERYBODY, { command: command[0] ?? '' });
      return Promise.reject(new Error('a fault keeps Redis away'));
    },
    subscribe: (channel, hear) => {
      transport.subscribe(channel, (message) => {
        if (!find()) hear(message);
      });
    },
  };
}

/** A store in memory that can be away. It then knows whom the TURN server has met, and takes nothing. */
export class FaultyStore implements DeliveryStore {
  readonly #store: DeliveryStore;
  readonly #faults: FaultRegistry;
  readonly #met = new BoundedMap<UserKey>(REMEMBERED);
  readonly #untaken = new BoundedMap<Parameters<DeliveryStore['remove']>[0]>(REMEMBERED);

  constructor(store: DeliveryStore, faults: FaultRegistry) {
    this.#store = store;
    this.#faults = faults;
  }

  put(credential: DeliveredCredential, now: Now): Outcome<Result<DeliveredCredential, DeliveryFailure>> {
    return this.#isAway('put') ? fail('unavailable') : this.#store.put(credential, now);
  }

  remove(credential: Parameters<DeliveryStore['remove']>[0]): void {
    if (this.#isAway('remove')) this.#untaken.set(keyOf(credential), credential);
    else this.#store.remove(credential);
  }

  find(name: DeliveredName, now: Now): Outcome<Result<UserKey | undefined, DeliveryFailure>> {
    const key = keyOf(name);
    if (this.#isAway('find')) {
      const met = this.#met.get(key);
      return met ? ok(met) : fail('unavailable');
    }
    return mapOutcome(this.#store.find(name, now), (found) => {
      if (found.ok && found.value) this.#met.set(key, found.value);
      else this.#met.delete(key);
      return found;
    });
  }

  #isAway(command: string): boolean {
    const fault = this.#faults.find([KIND], EVERYBODY);
    fault?.fire(EVERYBODY, { command });
    if (!fault) this.#takeBack();
    return fault !== undefined;
  }

  /** What could not be taken back while it was away. */
  #takeBack(): void {
    for (const { key, value } of [...this.#untaken.entries()]) {
      this.#untaken.delete(key);
      this.#store.remove(value);
    }
  }
}

function keyOf({ user, realm }: DeliveredName): string {
  return `${realm}\0${user}`;
}
