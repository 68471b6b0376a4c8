import { sourceKey } from '../../../base/address-key.ts';
import { type TimerHandle } from '../../../base/timer-queue.ts';
import { type StunMessage } from '../../../stun/message.ts';
import { type ClientPath } from '../../contract/client-path.ts';

/** Requests that may wait for a verifier: of one IPv4 address or IPv6 /64, behind which many clients may be, and in all. */
const MAX_PER_SOURCE = 64;
const MAX_WAITING = 4096;
/** Longest request in bytes that may wait: a token of 2 KB has room in it. */
const MAX_BYTES = 4096;
/** How long a request waits: less than a client's own patience, which for UDP is 39.5 s (RFC 8489 §6.2.1) and for browsers some 10 s. */
export const LOOKUP_DEADLINE_MS = 5000;

/** A request that waits for what a verifier says of its name. */
export interface WaitingRequest {
  readonly key: string;
  readonly client: ClientPath;
  readonly source: string;
  timer: TimerHandle | undefined;
}

/** The requests that wait for a verifier, so many and no more. With a verifier that answers at once, nobody waits. */
export class WaitingRequests {
  readonly #byKey = new Map<string, WaitingRequest>();
  readonly #bySource = new Map<string, Set<WaitingRequest>>();

  get size(): number {
    return this.#byKey.size;
  }

  /** Whether this is a retransmission of a request that waits: the same transaction on the same 5-tuple (RFC 8489 §6.3.1). */
  has(client: ClientPath, message: StunMessage): boolean {
    return this.#byKey.size > 0 && this.#byKey.has(keyOf(client, message));
  }

  /** Adds a request; `undefined` when there is no room for it. */
  add(client: ClientPath, message: StunMessage): WaitingRequest | undefined {
    if (message.bytes.length > MAX_BYTES || this.#byKey.size >= MAX_WAITING) return undefined;
    const source = sourceKey(client.remote);
    const ofSource = this.#bySource.get(source) ?? new Set<WaitingRequest>();
    if (ofSource.size >= MAX_PER_SOURCE) return undefined;
    const waiting: WaitingRequest = { key: keyOf(client, message), client, source, timer: undefined };
    this.#byKey.set(waiting.key, waiting);
    this.#bySource.set(source, ofSource.add(waiting));
    return waiting;
  }

  /** Removes a request. Returns false when it no longer waits: it was answered, or its client is gone. */
  remove(waiting: WaitingRequest): boolean {
    if (this.#byKey.get(waiting.key) !== waiting) return false;
    this.#byKey.delete(waiting.key);
    const ofSource = this.#bySource.get(waiting.source);
    ofSource?.delete(waiting);
    if (ofSource?.size === 0) this.#bySource.delete(waiting.source);
    return true;
  }

  /** The waiting requests of one client path. */
  of(client: ClientPath): readonly WaitingRequest[] {
    if (this.#byKey.size === 0) return [];
    const ofSource = this.#bySource.get(sourceKey(client.remote)) ?? [];
    return [...ofSource].filter((waiting) => waiting.client.key === client.key);
  }

  all(): readonly WaitingRequest[] {
    return [...this.#byKey.values()];
  }
}

function keyOf({ key }: ClientPath, { transaction }: StunMessage): string {
  return `${key} ${transaction}`;
}
