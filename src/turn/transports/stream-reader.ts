import { type Socket } from 'node:net';
import { StreamFramer } from '../../stun/stream-framer.ts';
import { type Job, type RoundRobin, unitsOf } from '../dataplane/shared/round-robin.ts';
import { type FairShares } from './fair-shares.ts';

/** What the reader asks of the connection that it reads for. */
interface StreamReaderOwner {
  /** Whether the client has an allocation. */
  isKnown(): boolean;
  /** Serves one message. False when it proved nothing, which `FairShares.unproven` bounds. */
  serve(frame: Buffer): boolean;
  /** A message was over the limit, and is stepped over. */
  onOversized(): void;
  /** The stream is neither STUN nor ChannelData from here on. */
  onUnreadable(): void;
  /** The client has ended its direction, and everything before has been served. */
  onEnd(): void;
}

interface StreamReaderOptions {
  readonly maxFrameBytes: number;
  /** The client's address, canonical IP text. */
  readonly address: string;
}

/** Requests without proof that every connection has for itself: a challenge, a stale nonce, and one more. */
const UNPROVEN_PER_CONNECTION = 3;
const NOTHING = Buffer.alloc(0);

/**
 * Reads a client's stream a share at a time. While its share is used up the socket is paused: one read that was under way can come on top of
 * what is held here, so that no more than two reads of the kernel (64 KB each) wait for a connection.
 */
export class StreamReader implements Job {
  readonly source: string | undefined;
  readonly #socket: Socket;
  readonly #owner: StreamReaderOwner;
  readonly #shares: FairShares;
  readonly #framer: StreamFramer;
  /** Read from the socket and not served yet. */
  #held: Buffer = NOTHING;
  /** What the socket is paused for. */
  #waitsFor: 'turn' | 'allowance' | 'drain' | undefined;
  #units = 0;
  #unproven = 0;
  #hasEnded = false;
  #isOnHold = false;
  #isStopped = false;
  #isHandedOver = false;

  constructor(
    socket: Socket,
    owner: StreamReaderOwner,
    { maxFrameBytes, address }: StreamReaderOptions,
    shares: FairShares,
  ) {
    this.#socket = socket;
    this.#owner = owner;
    this.#shares = shares;
    this.#framer = new StreamFramer({
      maxFrameBytes,
      onOversized: () => {
        owner.onOversized();
      },
    });
    this.source = shares.unproven.sourceOf(address);
    // What a client sent before it ended its direction is still served and answered.
    socket.allowHalfOpen = true;
    socket.on('data', this.#onData);
    socket.on('end', this.#onEnd);
    socket.on('drain', this.#onDrain);
  }

  /** Hands the socket over, paused, while a message is served or later. What has been read and not served comes first out of it. */
  handOver(): Socket {
    const held = this.#held;
    this.stop();
    this.#isHandedOver = true;
    this.#socket.off('data', this.#onData).off('end', this.#onEnd).off('drain', this.#onDrain);
    this.#socket.pause();
    if (held.length > 0) this.#socket.unshift(held);
    return this.#socket;
  }

  /** Serves nothing more; what still comes is read, for its end, and forgotten. */
  stop(): void {
    this.#isStopped = true;
    this.#held = NOTHING;
    this.#shares.clients.leave(this);
    this.#shares.strangers.leave(this);
    this.#shares.unproven.leave(this);
    this.#socket.resume();
  }

  /** Serves nothing more until `release`. To be called while a message is served. */
  hold(): void {
    this.#isOnHold = true;
    this.#socket.pause();
  }

  release(): void {
    this.#isOnHold = false;
    if (!this.#isStopped && this.#waitsFor === undefined) this.#waitFor('turn');
  }

  /** The allowance has room for what was served. */
  wake(): void {
    this.#waitFor('turn');
  }

  run(units: number): void {
    if (this.#isOnHold) {
      this.#waitsFor = undefined;
      return;
    }
    if (this.#isOwedAnswers) {
      this.#waitFor('drain');
      return;
    }
    this.#waitsFor = undefined;
    const held = this.#held;
    this.#held = NOTHING;
    if (held.length > 0) this.#serve(held, units);
    if (this.#isWaiting || this.#isStopped) return;
    if (this.#hasEnded) this.#owner.onEnd();
    else this.#socket.resume();
  }

  readonly #onData = (chunk: Buffer): void => {
    if (this.#isStopped) return;
    const units = this.#round.unitsNow;
    if (units > 0) this.#serve(chunk, units);
    else {
      this.#held = chunk;
      this.#waitFor('turn');
    }
  };

  readonly #onEnd = (): void => {
    this.#hasEnded = true;
    if (this.#held.length === 0) this.#owner.onEnd();
  };

  readonly #onDrain = (): void => {
    if (this.#waitsFor === 'drain') this.#waitFor('turn');
  };

  /** Many messages of one read, and so many answers: over TCP, one write to the kernel for all of them. */
  #serve(chunk: Buffer, units: number): void {
    this.#units = units;
    this.#socket.cork();
    const isReadable = this.#framer.push(chunk, this.#onFrame);
    this.#socket.uncork();
    const { rest } = this.#framer;
    if (this.#isHandedOver && rest.length > 0) this.#socket.unshift(rest);
    if (this.#isStopped) return;
    if (!isReadable) {
      this.#owner.onUnreadable();
      return;
    }
    this.#held = rest;
    if (this.#isWaiting) return;
    if (this.#isOwedAnswers) this.#waitFor('drain');
    else if (rest.length > 0) this.#waitFor('turn');
  }

  readonly #onFrame = (frame: Buffer): void => {
    const units = unitsOf(frame.length);
    this.#units -= units;
    this.#round.spend(units);
    const isPaid = this.#owner.serve(frame) || this.#unproven++ < UNPROVEN_PER_CONNECTION;
    if (!isPaid && !this.#isStopped && !this.#shares.unproven.take(this)) this.#waitFor('allowance');
    if (this.#units <= 0 || this.#isWaiting || this.#isStopped) this.#framer.pause();
  };

  #waitFor(what: 'turn' | 'allowance' | 'drain'): void {
    this.#waitsFor = what;
    this.#socket.pause();
    if (what === 'turn') this.#round.wait(this);
  }

  get #isWaiting(): boolean {
    return this.#waitsFor !== undefined || this.#isOnHold;
  }

  /** A client that does not read its answers is not read from. With an allocation it may be busy writing media, and is read on. */
  get #isOwedAnswers(): boolean {
    return !this.#owner.isKnown() && this.#socket.writableNeedDrain;
  }

  get #round(): RoundRobin {
    return this.#owner.isKnown() ? this.#shares.clients : this.#shares.strangers;
  }
}
