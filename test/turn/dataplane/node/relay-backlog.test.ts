import { beforeEach, describe, expect, it } from 'vitest';
import { RelayBacklog } from '../../../../src/turn/dataplane/node/relay-backlog.ts';
import { type RelaySocket } from '../../../../src/turn/dataplane/node/relay-socket.ts';
import { Relay } from '../../../../src/turn/dataplane/node/relay-state.ts';
import { ReceiveBatch } from '../../../../src/turn/kernel/receive-batch.ts';
import { loadSystemCalls } from '../../../../src/turn/kernel/system-calls.ts';

const calls = loadSystemCalls();
const BATCH = 32;
const PER_TURN = 32;

describe.skipIf(!calls.ok)('what waits at a relay', () => {
  let turnMs: number;
  let nowMs: number;
  let backlog: RelayBacklog;

  beforeEach(() => {
    turnMs = 1_000_000;
    nowMs = turnMs;
    if (!calls.ok) throw new Error('no system calls');
    const batch = new ReceiveBatch(calls.value, BATCH, 0);
    const times = { turnMs: () => turnMs, nowMs: () => nowMs };
    backlog = new RelayBacklog(batch, times);
  });

  /** A relay at which `waiting` datagrams wait behind those that are read. */
  function relayWith(waiting: number): Relay {
    let left = waiting;
    const discard = (): number => {
      const taken = Math.min(left, BATCH);
      left -= taken;
      return taken;
    };
    const socket = { discard } as Partial<RelaySocket> as RelaySocket;
    return new Relay(0, { family: 4, address: '127.0.0.1', port: 1 }, socket, new Map());
  }

  /** Reads so many datagrams of a relay in one turn. How many were given up behind them. */
  function read(relay: Relay, datagrams: number): number {
    let givenUp = 0;
    for (let i = 0; i < datagrams; i++) givenUp += backlog.giveUpBehind(relay);
    return givenUp;
  }

  it('gives nothing up of a burst that comes while the event loop keeps up', () => {
    expect(read(relayWith(300), PER_TURN)).toBe(0);
    nowMs += 49;
    expect(read(relayWith(300), PER_TURN)).toBe(0);
  });

  it('gives up what waits behind the share of a relay once a turn is long, and nothing of its share', () => {
    nowMs += 50;
    const relay = relayWith(300);
    expect(read(relay, PER_TURN - 1)).toBe(0);
    expect(read(relay, 1)).toBe(300);
  });

  it('leaves alone a relay that has less than its share, however long a turn is', () => {
    nowMs += 500;
    const relay = relayWith(300);
    for (let turn = 0; turn < 10; turn++) {
      turnMs = nowMs;
      expect(read(relay, PER_TURN - 1)).toBe(0);
      nowMs += 500;
    }
  });

  it('gives up at relays that a turn reads first, too, for half a second after a long one', () => {
    nowMs += 50;
    read(relayWith(1), PER_TURN);
    turnMs = nowMs;
    expect(read(relayWith(40), PER_TURN)).toBe(40);
    nowMs += 500;
    turnMs = nowMs;
    expect(read(relayWith(40), PER_TURN)).toBe(0);
  });

  it('gives up no more at once than a sender who goes on sending can make it look through', () => {
    nowMs += 50;
    expect(read(relayWith(Infinity), PER_TURN)).toBe(16 * BATCH);
  });
});
