import { PR_SET_TIMERSLACK } from '../../kernel/linux.ts';
import { Poll, WakeUp } from '../../kernel/poll.ts';
import { SOCKADDR_WORDS, writeSockaddr } from '../../kernel/sockaddr.ts';
import { type SystemCalls } from '../../kernel/system-calls.ts';
import { UdpSockets } from '../../kernel/udp-sockets.ts';
import { Drop } from '../shared/drop-counters.ts';
import { MailboxReader, MailboxWriter } from './mailbox.ts';
import { PacketPath } from './packet-path.ts';
import { type PathPorts } from './path-ports.ts';
import { RelayBuckets, SCOPES } from './relay-buckets.ts';
import { ShardCounters } from './shard-counters.ts';
import { ShardTables } from './shard-tables.ts';
import { Command, FIRST_LISTENER, Flag, ShardEvent, WAKE_UP, type ShardStart } from './shard-words.ts';
import { SharedBuckets } from './shared-buckets.ts';
import { WakePace } from './wake-pace.ts';

/** No wait is longer, so that a thread always comes back to see whether it is to stop. */
const LONGEST_WAIT_MS = 500;
/**
 * Datagrams taken of each listener and of all relays in turn, and of relays in a round. What clients send waits for no more than that of what is
 * sent to them, and has as much of the time.
 */
const SHARE = 64;
const RELAYS_IN_ROUND = 256;
/** Errors of one relay that are read in one go. */
const ERRORS_AT_ONCE = 16;

/** One thread of the plane: a poll with sockets of listeners and relays, and the rounds in which they are served. */
export class Shard {
  readonly #calls: SystemCalls;
  readonly #flags: Int32Array;
  readonly #commands: MailboxReader;
  readonly #events: MailboxWriter;
  readonly #poll: Poll;
  readonly #wakeUp: WakeUp;
  readonly #sockets: UdpSockets;
  readonly #tables: ShardTables;
  readonly #counters: ShardCounters;
  readonly #buckets: RelayBuckets;
  readonly #path: PacketPath;
  readonly #pace = new WakePace();
  readonly #clockOffsetMs: number;
  readonly #wakeMain: () => void;
  readonly #listeners: number[] = [];
  readonly #errorAddress = new Uint32Array(SOCKADDR_WORDS);
  #applying = false;
  #told = false;

  /** `wakeMain` brings the main thread to read what it is told. */
  constructor(calls: SystemCalls, start: ShardStart, wakeMain: () => void) {
    this.#calls = calls;
    this.#flags = new Int32Array(start.flags);
    this.#commands = new MailboxReader(start.commands);
    this.#events = new MailboxWriter(start.events);
    this.#poll = new Poll(calls, start.pollFd);
    this.#wakeUp = new WakeUp(calls, start.wakeUpFd);
    this.#sockets = new UdpSockets(calls);
    this.#tables = new ShardTables(start.seed);
    this.#counters = new ShardCounters(start.counters);
    this.#clockOffsetMs = start.clockOffsetMs;
    this.#wakeMain = wakeMain;
    this.#buckets = new RelayBuckets(new SharedBuckets(start.buckets));
    const parts = { calls, tables: this.#tables, counters: this.#counters, buckets: this.#buckets };
    this.#path = new PacketPath({ ...parts, joins: start.joins }, this.#ports());
  }

  /** Serves packets until it is told to stop. */
  run(): void {
    // A pause is to be as long as it is asked for.
    this.#calls.prctl(PR_SET_TIMERSLACK, 1);
    while (Atomics.load(this.#flags, Flag.Stopped) === 0) {
      const ready = this.#wait();
      this.#path.nowMs = this.#calls.monotonicMs() + this.#clockOffsetMs;
      this.#apply();
      const served = this.#serve(ready);
      this.#commands.setDone();
      this.#tellMain();
      const pauseNs = this.#pace.pauseAfter(served, this.#path.nowMs);
      if (pauseNs > 0) this.#pause(pauseNs);
    }
  }

  /** Sleeps until a socket has something or the main thread says something. */
  #wait(): number {
    Atomics.store(this.#flags, Flag.ShardAsleep, 1);
    // Whatever was said before the flag was up has woken nobody.
    const ready = this.#poll.wait(this.#commands.hasMore ? 0 : LONGEST_WAIT_MS);
    Atomics.store(this.#flags, Flag.ShardAsleep, 0);
    return ready;
  }

  #pause(nanoseconds: number): void {
    const fromMs = this.#calls.monotonicMs();
    this.#calls.sleep(nanoseconds);
    this.#pace.paused(this.#calls.monotonicMs() - fromMs, this.#path.nowMs);
  }

  #serve(ready: number): number {
    let served = 0;
    let isListenerReady = ready === this.#poll.maxReady;
    for (let i = 0; i < ready; i++) {
      const number = this.#poll.ready(i);
      if (number === WAKE_UP) this.#wakeUp.clear();
      else if (number >= FIRST_LISTENER) isListenerReady = true;
    }
    if (isListenerReady) served += this.#serveListeners();
    let ofRelays = 0;
    let share = SHARE;
    for (let i = 0; i < ready && ofRelays < RELAYS_IN_ROUND; i++) {
      const number = this.#poll.ready(i);
      if (number < FIRST_LISTENER) ofRelays += this.#path.serveRelay(number);
      if (ofRelays < share) continue;
      this.#path.flush();
      served += this.#serveListeners();
      share = ofRelays + SHARE;
    }
    this.#path.flush();
    return served + ofRelays;
  }

  #serveListeners(): number {
    return this.#listeners.reduce((served, listener) => served + this.#path.serveListener(listener, SHARE), 0);
  }

  #ports(): PathPorts {
    return {
      tell: (...event) => {
        this.#tell(...event);
      },
      hasNews: () => !this.#applying && this.#commands.hasMore,
      catchUp: () => {
        this.#apply();
      },
      failed: (relay) => {
        this.#readErrors(relay);
      },
      setDontFragment: (fd, isSet) => {
        this.#sockets.setDontFragment(fd, 4, isSet);
      },
    };
  }

  #tell(
    kind: ShardEvent,
    first: number,
    second: number,
    third: number,
    words: Uint32Array,
    at: number,
    data: Uint8Array | undefined,
    from: number,
    length: number,
  ): void {
    if (this.#events.post(kind, first, second, third, 0, words, at, data, from, length)) this.#told = true;
    else this.#counters.drop(Drop.EngineBusy);
  }

  #tellMain(): void {
    if (!this.#told) return;
    this.#told = false;
    if (Atomics.exchange(this.#flags, Flag.MainTold, 1) === 0) this.#wakeMain();
  }

  #readErrors(relay: number): void {
    const fd = this.#tables.relayFds[relay] ?? -1;
    for (let i = 0; i < ERRORS_AT_ONCE; i++) {
      const error = this.#sockets.readError(fd);
      if (error === undefined) return;
      if (error === 'other') continue;
      writeSockaddr(this.#errorAddress, 0, error.peer);
      const typeAndCode = error.type | (error.code << 8);
      this.#tell(ShardEvent.PeerError, relay, typeAndCode, error.data, this.#errorAddress, 0, undefined, 0, 0);
    }
  }

  #apply(): void {
    if (this.#applying) return;
    this.#applying = true;
    while (this.#commands.take()) this.#applyOne(this.#commands);
    this.#applying = false;
  }

  #applyOne(mail: MailboxReader): void {
    const tables = this.#tables;
    const { first, second, timeMs, words, addressAt } = mail;
    switch (mail.kind as Command) {
      case Command.Listener:
        if (!this.#listeners.includes(first)) this.#listeners.push(first);
        tables.setListener(first, second);
        break;
      case Command.Leg:
        tables.setLeg(first, second, words, addressAt);
        break;
      case Command.EndLeg:
        tables.endLeg(first);
        break;
      case Command.OpenRelay:
        tables.openRelay(first, second | 0, words, addressAt);
        break;
      case Command.ClaimRelay:
        tables.claimRelay(first, second, timeMs);
        break;
      case Command.RelayEnd:
        tables.relayEnds[first] = timeMs;
        break;
      case Command.CloseRelay:
        tables.closeRelay(first);
        this.#buckets.clear(first);
        break;
      case Command.Permission:
        tables.setPermission(first, timeMs, second === 1, words, addressAt);
        break;
      case Command.Channel:
        tables.setChannel(first, second, timeMs, words, addressAt);
        break;
      case Command.Deliver:
        this.#path.deliver(mail);
        break;
      case Command.Frame:
        this.#path.frame(mail);
        break;
      case Command.Bandwidth:
        this.#buckets.set(first, new Int32Array(mail.copyData().buffer, 0, SCOPES.length));
        break;
      case Command.GuardedPorts:
        tables.setGuardedPorts(new Uint16Array(mail.copyData().buffer));
    }
  }
}
