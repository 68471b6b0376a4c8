import { type Socket } from 'node:net';
import { TLSSocket } from 'node:tls';

export interface JoinedStreamsOptions {
  /** What may wait for one side before the other is no longer read; one read more can come on top. */
  readonly bufferedBytes: number;
  /** How long a side may take nothing of what waits for it before both are closed. */
  readonly stuckSec: number;
}

/** Counts what is carried. False: the bandwidth does not allow for it now, and nothing was counted. */
type Admit = (bytes: number) => boolean;

/** How long a side is not read that brings more than its bandwidth. */
const HOLD_MS = 20;

/**
 * Two sockets of which each gets what the other brings. Who reads slowly slows down the other; the end of one direction is passed on and the
 * other direction lives (RFC 9293 §3.6); when one of them is gone the other goes once it has what was meant for it.
 */
export class JoinedStreams {
  readonly #options: JoinedStreamsOptions;
  readonly #ways: readonly [Way, Way];

  constructor(client: Socket, peer: Socket, admits: { toPeer: Admit; toClient: Admit }, options: JoinedStreamsOptions) {
    this.#options = options;
    client.allowHalfOpen = true;
    this.#ways = [
      new Way(client, peer, admits.toPeer, options.bufferedBytes),
      new Way(peer, client, admits.toClient, options.bufferedBytes),
    ];
  }

  /** True when one side has taken nothing for too long. To be asked every now and then. */
  isStuck(nowMs: number): boolean {
    return this.#ways.map((way) => way.stuckMs(nowMs)).some((ms) => ms >= this.#options.stuckSec * 1000);
  }

  destroy(): void {
    for (const way of this.#ways) way.destroy();
  }
}

class Way {
  readonly #from: Socket;
  readonly #to: Socket;
  /** What waited when last looked at, and since when it has been as much. */
  #waiting = 0;
  #sinceMs = 0;
  /** Waits with what `admit` did not let pass. */
  #hold: NodeJS.Timeout | undefined;
  readonly #afterHold: (() => void)[] = [];
  readonly #admit: Admit;
  readonly #bufferedBytes: number;

  constructor(from: Socket, to: Socket, admit: Admit, bufferedBytes: number) {
    this.#from = from;
    this.#to = to;
    this.#admit = admit;
    this.#bufferedBytes = bufferedBytes;
    from.on('data', (chunk: Buffer) => {
      this.#pass(chunk);
    });
    to.on('drain', () => {
      if (this.#hold === undefined) from.resume();
    });
    from.on('end', () => {
      this.#atEnd(() => to.end());
    });
    from.on('close', (failed: boolean) => {
      if (failed) {
        clearTimeout(this.#hold);
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

  /** A stream ends also while it is paused, and then what is held comes first. */
  #atEnd(then: () => void): void {
    this.#afterHold.push(then);
    this.#endUnlessHeld();
  }

  #endUnlessHeld(): void {
    if (this.#hold !== undefined) return;
    for (const then of this.#afterHold.splice(0)) then();
  }

  /** True when it may be read on. */
  #pass(chunk: Buffer): boolean {
    if (this.#admit(chunk.length)) {
      if (this.#to.write(chunk) || this.#to.writableLength < this.#bufferedBytes) return true;
      this.#from.pause();
      return false;
    }
    this.#from.pause();
    this.#hold = setTimeout(() => {
      this.#hold = undefined;
      if (this.#pass(chunk)) this.#from.resume();
      this.#endUnlessHeld();
    }, HOLD_MS);
    return false;
  }

  stuckMs(nowMs: number): number {
    const waiting = this.#to.writableLength;
    if (waiting === 0 || waiting !== this.#waiting) {
      this.#waiting = waiting;
      this.#sinceMs = nowMs;
    }
    return nowMs - this.#sinceMs;
  }

  destroy(): void {
    clearTimeout(this.#hold);
    this.#from.destroy();
  }
}

/** What was cut is not to look like what was ended; TLS shows that by itself. */
function cut(socket: Socket): void {
  if (socket instanceof TLSSocket) socket.destroy();
  else socket.resetAndDestroy();
}
