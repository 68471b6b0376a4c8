import { type ClientPath } from '../../contract/client-path.ts';
import { type BatchLeg } from './batch-relay.ts';
import { type Listeners } from './listeners.ts';
import { Numbers } from './numbers.ts';
import { type Shards } from './shards.ts';
import { Command, ON_MAIN } from './shard-words.ts';

/** The client's side of relays: who the client is, and where data for it goes. */
export class Legs {
  readonly #shards: Shards;
  readonly #listeners: Listeners;
  readonly #numbers: Numbers;
  readonly #byClient = new Map<string, BatchLeg>();
  readonly #byNumber: (BatchLeg | undefined)[] = [];

  constructor(shards: Shards, listeners: Listeners) {
    this.#shards = shards;
    this.#listeners = listeners;
    this.#numbers = new Numbers(shards.threads, Infinity);
  }

  of({ key }: ClientPath): BatchLeg | undefined {
    return this.#byClient.get(key);
  }

  at(number: number): BatchLeg | undefined {
    return this.#byNumber[number];
  }

  /** Another relay of a client. */
  join(client: ClientPath): BatchLeg {
    const leg = this.of(client) ?? this.#make(client);
    leg.relayCount++;
    return leg;
  }

  /** A relay has ended. */
  leave(leg: BatchLeg): void {
    leg.relayCount--;
    if (leg.relayCount > 0) return;
    this.#byClient.delete(leg.client.key);
    this.#byNumber[leg.number] = undefined;
    this.#shards.tellAll(Command.EndLeg, leg.number);
    this.#numbers.retire(leg.number, () => undefined);
  }

  move(leg: BatchLeg, client: ClientPath): void {
    this.#byClient.delete(leg.client.key);
    leg.client = client;
    this.#place(leg);
  }

  close(): void {
    this.#numbers.close();
  }

  #make(client: ClientPath): BatchLeg {
    const leg = { number: this.#numbers.take() ?? 0, client, isOnMain: false, relayCount: 0 };
    this.#byNumber[leg.number] = leg;
    this.#place(leg);
    return leg;
  }

  #place(leg: BatchLeg): void {
    const { client, number } = leg;
    const listener = this.#listeners.ofSocket(client.socket);
    leg.isOnMain = listener === undefined;
    this.#byClient.set(client.key, leg);
    this.#shards.tellAll(Command.Leg, number, listener?.number ?? ON_MAIN, 0, listener?.addressOf(client));
  }
}
