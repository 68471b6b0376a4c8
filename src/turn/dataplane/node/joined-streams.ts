import { type Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { type Job, type RoundRobin, unitsOf } from '../shared/round-robin.ts';

export interface JoinedStreamsOptions {
  /** Bytes that may wait for one side before the other is no longer read. The bytes of one more read can come on top. */
  readonly bufferedBytes: number;
  /** Seconds for which a side may take nothing of what waits for it before both are closed. */
  readonly stuckSec: number;
}

/** Counts what is carried. False: the bandwidth does not allow for it now, and nothing was counted. */
type Admit = (bytes: number) => boolean;

/** Milliseconds for which a side is not read after it has used up its bandwidth. */
const HOLD_MS = 20;

/**
 * RFC 6062 §5.5 has both connections closed when one is, and a FIN may be either: the end of one direction, or a program that has gone. So
 * the direction that is left lives for as long as it carries something at least this often.
 */
const HALF_OPEN_MS = 10_000;

/** Why two joined streams are to be closed: a side takes nothing, or one has ended and the other says nothing. */
export type JoinedStreamsEnd = 'stuck' | 'half-open';

/**
 * Two sockets of which each gets what the other brings. A slow reader slows down its sender; the end of one direction is passed on and the
 * other direction lives (RFC 9293 §3.6) while it is used; when one of them is gone the other goes once it has what was meant for it.
 */
export class JoinedStreams {
  readonly #options: JoinedStreamsOptions;
  readonly #ways: readonly [Way, Way];

  /** `round`: what all joined streams of a server share. */
  constructor(
    client: Socket,
    peer: Socket,
    admits: { toPeer: Admit; toClient: Admit },
    options: JoinedStreamsOptions,
    round: RoundRobin,
  ) {
    this.#options = options;
    client.allowHalfOpen = true;
    const { bufferedBytes } = options;
    this.#ways = [
      new Way(client, peer, admits.toPeer, bufferedBytes, round),
      new Way(peer, client, admits.toClient, bufferedBytes, round),
    ];
  }

  /** Why both are to be closed now, if they are. To be asked every now and then: it counts from what it saw when it was last asked. */
  overdue(nowMs: number): JoinedStreamsEnd | undefined {
    const [one, other] = this.#ways;
    const stuckMs = Math.max(one.stuckMs(nowMs), other.stuckMs(nowMs));
    if (stuckMs >= this.#options.stuckSec * 1000) return 'stuck';
    const quietMs = Math.max(other.hasEnded ? one.quietMs(nowMs) : 0, one.hasEnded ? other.quietMs(nowMs) : 0);
    return quietMs >= HALF_OPEN_MS ? 'half-open' : undefined;
  }

  destroy(): void {
    for (const way of this.#ways) way.destroy();
  }
}

class Way implements Job {
  readonly #from: Socket;
  readonly #to: Socket;
  readonly #admit: Admit;
  readonly #bufferedBytes: number;
  readonly #round: RoundRobin;
  /** What waited when last looked at, and since when it has been as much. */
  #waiting = 0;
  #waitingSinceMs = 0;
  /** What had been carried when last looked at, and since when it has been as much; `undefined` when never looked at. */
  #carried = 0;
  #carriedBefore: number | undefined;
  #quietSinceMs = 0;
  /** Waits for its turn, or for what `admit` did not let pass. */
  #held: Buffer | undefined;
  #hold: NodeJS.Timeout | undefined;
  readonly #afterHold: (() => void)[] = [];
  #hasEnded = false;

  constructor(from: Socket, to: Socket, admit: Admit, bufferedBytes: number, round: RoundRobin) {
    this.#from = from;
    this.#to = to;
    this.#admit = admit;
    this.#bufferedBytes = bufferedBytes;
    this.#round = round;
    from.on('data', (chunk: Buffer) => {
      this.#pass(chunk, round.unitsNow);
    });
    to.on('drain', () => {
      if (!this.#isHolding) from.resume();
    });
    from.on('end', () => {
      this.#hasEnded = true;
      this.#atEnd(() => to.end());
    });
    from.on('close', (failed: boolean) => {
      if (failed) {
        this.#letGo();
        cut(to);
      } else {
        this.#atEnd(() => {
          to.destroySoon();
        });
      }
    });
    if (from.destroyed) to.destroySoon();
    else from.resume();
  }

  /** Whether the side that brings has said that nothing more comes. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  get #isHolding(): boolean {
    return this.#held !== undefined;
  }

  run(units: number): void {
    const chunk = this.#held;
    this.#held = undefined;
    this.#hold = undefined;
    if (chunk === undefined || this.#pass(chunk, units)) this.#from.resume();
    if (this.#isHolding) return;
    for (const then of this.#afterHold.splice(0)) then();
  }

  stuckMs(nowMs: number): number {
    const waiting = this.#to.writableLength;
    if (waiting === 0 || waiting !== this.#waiting) {
      this.#waiting = waiting;
      this.#waitingSinceMs = nowMs;
    }
    return nowMs - this.#waitingSinceMs;
  }

  quietMs(nowMs: number): number {
    if (this.#carried !== this.#carriedBefore || this.#isHolding || this.#to.writableLength > 0) {
      this.#carriedBefore = this.#carried;
      this.#quietSinceMs = nowMs;
    }
    return nowMs - this.#quietSinceMs;
  }

  destroy(): void {
    this.#letGo();
    this.#from.destroy();
  }

  /** A stream ends also while it is paused, and then what is held comes first. */
  #atEnd(then: () => void): void {
    if (!this.#isHolding) then();
    else this.#afterHold.push(then);
  }

  /** Passes data on. Returns true when the side may be read on. */
  #pass(chunk: Buffer, units: number): boolean {
    if (units > 0 && this.#admit(chunk.length)) {
      this.#round.spend(unitsOf(chunk.length));
      this.#carried += chunk.length;
      if (this.#to.write(chunk) || this.#to.writableLength < this.#bufferedBytes) return true;
      this.#from.pause();
      return false;
    }
    this.#from.pause();
    this.#held = chunk;
    if (units <= 0) this.#round.wait(this);
    else {
      this.#hold = setTimeout(() => {
        this.#round.wait(this);
      }, HOLD_MS);
    }
    return false;
  }

  #letGo(): void {
    clearTimeout(this.#hold);
    this.#round.leave(this);
  }
}

/** Cuts a connection, so that it does not look like one that has ended. TLS shows that by itself. */
function cut(socket: Socket): void {
  if (socket instanceof TLSSocket) socket.destroy();
  else socket.resetAndDestroy();
}
