import { describe, expect, it } from 'vitest';
import { loadSystemCalls } from '../../../src/turn/kernel/system-calls.ts';
import { ReceiveBatch } from '../../../src/turn/kernel/receive-batch.ts';
import { SendQueue } from '../../../src/turn/kernel/send-queue.ts';
import { SOCKADDR_WORDS, writeSockaddr } from '../../../src/turn/kernel/sockaddr.ts';
import { UdpSockets } from '../../../src/turn/kernel/udp-sockets.ts';

const loaded = loadSystemCalls();
const LOOPBACK = { family: 4, address: '127.0.0.1', port: 0 } as const;
const ERRORS = 40;

describe.runIf(loaded.ok)('the send queue', () => {
  it('sends what comes after forty datagrams that nobody took, also where their errors are read one by one', () => {
    if (!loaded.ok) return;
    const calls = loaded.value;
    const sockets = new UdpSockets(calls);
    const open = (): number => sockets.open({ local: LOOPBACK, bufferBytes: 0, keepsErrors: true });
    const [from, to, gone] = [open(), open(), open()];
    const words = new Uint32Array(2 * SOCKADDR_WORDS);
    writeSockaddr(words, 0, { ...LOOPBACK, port: sockets.portOf(gone) });
    writeSockaddr(words, SOCKADDR_WORDS, { ...LOOPBACK, port: sockets.portOf(to) });
    sockets.release(gone);
    const lost: number[] = [];
    const tally = {
      sent: () => undefined,
      notSent: (owner: number): unknown => lost.push(owner),
      failed: (): void => void sockets.readError(from),
    };
    const queue = new SendQueue(calls, tally, true);
    const memory = calls.memory(8);
    for (let i = 0; i < ERRORS; i++) queue.add(from, 1, i, memory.address, 4, 0, words, 0);
    queue.flush();
    for (let i = 0; i < ERRORS; i++) {
      queue.add(from, 2, ERRORS + i, memory.address, 4, 0, words, SOCKADDR_WORDS);
      queue.flush();
    }
    const batch = new ReceiveBatch(calls, 2 * ERRORS, 0);
    const came = batch.receive(to, 0, 2 * ERRORS);
    for (const fd of [from, to]) sockets.release(fd);
    expect(lost).toEqual([]);
    expect(came).toBe(ERRORS);
  });
});
