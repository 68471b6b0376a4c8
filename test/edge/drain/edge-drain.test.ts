import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { EdgeDrain } from '../../../src/edge/drain/edge-drain.ts';
import { type EdgeDrainOptions } from '../../../src/edge/edge-options.ts';
import { collect } from '../../base/held-per-message.ts';
import { FakeClock } from '../support/fake-clock.ts';

const OPTIONS = { noticeMs: 0, windowMs: 10_000, transactionMs: 5000, callMs: 0 };

interface Client {
  readonly id: number;
  open: boolean;
  busy: boolean;
  inCall: boolean;
  goneAfterMs?: number;
}

function drainOf(count: number, options: Partial<EdgeDrainOptions> = {}, set?: (clients: Client[]) => void) {
  const clock = new FakeClock();
  const startMs = clock.now().monotonicMs;
  const clients = Array.from({ length: count }, (_, id): Client => ({ id, open: true, busy: false, inCall: false }));
  set?.(clients);
  const order: Client[] = [];
  const drain = new EdgeDrain<Client>({
    options: { ...OPTIONS, ...options },
    clients,
    isOpen: ({ open }) => open,
    isBusy: ({ busy }) => busy,
    isInCall: ({ inCall }) => inCall,
    close: (client) => {
      client.open = false;
      client.goneAfterMs = clock.now().monotonicMs - startMs;
      order.push(client);
    },
    afterReading: (run) => {
      run();
    },
    clock,
    timers: clock.timers,
  });
  const state = { done: false };
  void drain.done.then(() => (state.done = true));
  return { clock, clients, order, drain, state };
}

const left = (clients: readonly Client[]) => clients.filter(({ open }) => open).length;

it('nobody there: done at once, without a timer', async () => {
  const { drain, clock } = drainOf(0, { noticeMs: 60_000 });
  await drain.done;
  expect(clock.timers.size).toBe(0);
});

it('one client is sent away at once, and few within a tenth of a second each, however long the window', async () => {
  const alone = drainOf(1, { windowMs: 3_600_000 });
  await alone.drain.done;
  const few = drainOf(5, { windowMs: 3_600_000 });
  few.clock.advance(450);
  await few.drain.done;
  expect(few.clock.timers.size).toBe(0);
});

it('many are spread evenly over the window, in an order that is not that of their coming', () => {
  const { clock, clients, order } = drainOf(1000);
  for (let second = 1; second <= 10; second += 1) {
    clock.advance(1000);
    expect(Math.abs(left(clients) - (1000 - 100 * second))).toBeLessThanOrEqual(5);
  }
  const ids = order.map(({ id }) => id);
  expect(new Set(ids).size).toBe(1000);
  expect(ids).not.toEqual([...ids].sort((a, b) => a - b));
});

it('nobody is sent away within the notice', () => {
  const { clock, clients } = drainOf(10, { noticeMs: 5000 });
  clock.advance(4900);
  expect(left(clients)).toBe(10);
  clock.advance(1200);
  expect(left(clients)).toBe(0);
});

it('who is busy at its turn goes as soon as it is not, and at the latest when its time is up', async () => {
  const { clock, clients, drain } = drainOf(3, {}, (all) => {
    all.forEach((client) => (client.busy = true));
  });
  clock.advance(2000);
  expect(left(clients)).toBe(3);
  clients[1]!.busy = false;
  clock.advance(100);
  expect(clients.map(({ open }) => open)).toEqual([true, false, true]);
  clock.advance(3200);
  expect(left(clients)).toBe(0);
  await drain.done;
});

it('those in a call are the last of the window', () => {
  const { clock, order } = drainOf(100, {}, (all) => {
    all.slice(0, 10).forEach((client) => (client.inCall = true));
  });
  clock.advance(10_100);
  expect(order).toHaveLength(100);
  expect(order.slice(90).every(({ inCall }) => inCall)).toBe(true);
});

it('calls are waited for as long as callMs says, each from the turn of its client, and what hangs up meanwhile goes at once', () => {
  const { clock, clients } = drainOf(100, { callMs: 60_000 }, (all) => {
    all.forEach((client) => (client.inCall = true));
  });
  clock.advance(30_000);
  expect(left(clients)).toBe(100);
  clients[7]!.inCall = false;
  clock.advance(100);
  expect(clients[7]!.open).toBe(false);
  clock.advance(35_000);
  // The turns were 100 ms apart, and so are the ends.
  expect(left(clients)).toBeGreaterThan(40);
  expect(left(clients)).toBeLessThan(60);
  clock.advance(6000);
  expect(left(clients)).toBe(0);
});

it('a call that is hung up in its last moment still gets its answer', () => {
  const { clock, clients } = drainOf(1, { callMs: 60_000 }, ([only]) => {
    only!.inCall = true;
    only!.busy = true;
  });
  clock.advance(62_000);
  expect(left(clients)).toBe(1);
  clients[0]!.busy = false;
  clock.advance(100);
  expect(left(clients)).toBe(0);
});

it('who leaves by himself is not waited for', async () => {
  const { clock, clients, order, drain } = drainOf(50);
  for (const client of clients) client.open = false;
  clock.advance(50);
  await drain.done;
  expect(order.length).toBeLessThanOrEqual(1);
});

it('an abort ends the waiting, and closes nobody', async () => {
  const { clock, clients, drain } = drainOf(10, { noticeMs: 1000 });
  drain.abort();
  await drain.done;
  clock.advance(60_000);
  expect(left(clients)).toBe(10);
  expect(clock.timers.size).toBe(0);
});

it('holds nobody who is gone', async () => {
  const clock = new FakeClock();
  const begin = (): { drain: EdgeDrain<{ open: boolean }>; gone: WeakRef<object>[] } => {
    const clients = Array.from({ length: 10 }, () => ({ open: true }));
    const drain = new EdgeDrain({
      options: OPTIONS,
      clients,
      isOpen: ({ open }) => open,
      isBusy: () => false,
      isInCall: () => false,
      close: (client) => {
        client.open = false;
      },
      afterReading: (run) => {
        run();
      },
      clock,
      timers: clock.timers,
    });
    return { drain, gone: clients.map((client) => new WeakRef(client)) };
  };
  const { drain, gone } = begin();
  clock.advance(10_000);
  await drain.done;
  await nextTurn();
  collect();
  expect(gone.flatMap((client) => client.deref() ?? [])).toEqual([]);
  drain.abort();
});
