import { fail, ok, type Result } from '../../base/result.ts';
import { Poll, WakeUp } from './poll.ts';
import { ReceiveBatch } from './receive-batch.ts';
import { SendQueue } from './send-queue.ts';
import { readSockaddr, SOCKADDR_WORDS, writeSockaddr } from './sockaddr.ts';
import { type SystemCalls } from './system-calls.ts';
import { UdpSockets } from './udp-sockets.ts';

const LOOPBACK = { family: 4, address: '127.0.0.1', port: 0 } as const;
const PAYLOADS = [Buffer.from('one.'), Buffer.from('two.'), Buffer.from('3')];
const READY = 7;
const WAIT_MS = 1000;

/** What the kernel was seen to take. */
export interface KernelAbilities {
  /** Several datagrams as one message (UDP_SEGMENT). */
  readonly joins: boolean;
}

/**
 * Sends datagrams to itself through each struct that is laid out by hand, and compares what comes. The reason is one line: a filter of system
 * calls (seccomp) or a kernel that lacks one tells its name and error.
 */
export function selfTest(calls: SystemCalls): Result<KernelAbilities, string> {
  const open: (() => void)[] = [];
  try {
    return ok(roundTrips(calls, open));
  } catch (error) {
    return fail(error instanceof Error ? error.message : String(error));
  } finally {
    for (const close of open) close();
  }
}

function roundTrips(calls: SystemCalls, open: (() => void)[]): KernelAbilities {
  const sockets = new UdpSockets(calls);
  const openSocket = (): number => {
    const fd = sockets.open({ local: LOOPBACK, bufferBytes: 0, keepsErrors: true });
    open.push(() => {
      sockets.release(fd);
    });
    return fd;
  };
  const [from, to] = [openSocket(), openSocket()];
  const poll = new Poll(calls);
  const wakeUp = new WakeUp(calls);
  open.push(() => {
    poll.close();
    wakeUp.close();
  });

  poll.add(wakeUp.fd, READY - 1);
  wakeUp.wake();
  if (poll.wait(WAIT_MS) !== 1 || poll.ready(0) !== READY - 1)
    throw new Error('eventfd or epoll_wait: no wake-up came');
  wakeUp.clear();
  if (poll.wait(0) !== 0) throw new Error('eventfd: the wake-up stayed');

  if (calls.monotonicMs() <= 0) throw new Error('clock_gettime: no time came');
  poll.add(to, READY);
  const exchange = (joins: boolean): boolean => exchanges(calls, sockets, poll, { from, to }, joins);
  if (!exchange(false)) throw new Error('sendmmsg or recvmmsg: what came is not what was sent');
  return { joins: exchange(true) };
}

function exchanges(
  calls: SystemCalls,
  sockets: UdpSockets,
  poll: Poll,
  { from, to }: { readonly from: number; readonly to: number },
  joins: boolean,
): boolean {
  const words = new Uint32Array(SOCKADDR_WORDS);
  writeSockaddr(words, 0, { ...LOOPBACK, port: sockets.portOf(to) });
  let sent = 0;
  let messages = 0;
  const tally = {
    sent: (_owner: number, datagrams: number): void => {
      sent += datagrams;
      messages++;
    },
    notSent: (_owner: number, datagrams: number): void => {
      sent -= datagrams;
    },
    failed: (): void => undefined,
  };
  const queue = new SendQueue(calls, tally, joins);
  const memory = calls.memory(64);
  let at = 0;
  for (const payload of PAYLOADS) {
    memory.bytes.set(payload, at);
    queue.add(from, 0, 0, memory.address + at, payload.length, 0, words, 0);
    at += payload.length;
  }
  queue.flush();
  if (sent !== PAYLOADS.length) {
    if (joins) return false;
    throw calls.error('sendmmsg');
  }
  if (poll.wait(WAIT_MS) !== 1 || poll.ready(0) !== READY) throw new Error('epoll_wait: nothing came');
  const batch = new ReceiveBatch(calls, PAYLOADS.length, 64);
  const came = batch.receive(to, 0, PAYLOADS.length);
  if (came < 0) throw calls.error('recvmmsg');
  const port = sockets.portOf(from);
  const isRight = PAYLOADS.every((payload, i) => {
    const sender = readSockaddr(batch.memory.uint32, batch.nameWordAt(i));
    const start = batch.dataAt(i);
    const data = batch.memory.bytes.subarray(start, start + batch.lengthOf(i));
    return sender?.address === LOOPBACK.address && sender.port === port && data.equals(payload);
  });
  return came === PAYLOADS.length && isRight && messages === (joins ? 1 : PAYLOADS.length);
}
