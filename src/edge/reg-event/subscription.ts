import { type Clock } from '../../base/clock.ts';
import { TokenBucket } from '../../base/token-bucket.ts';
import { type TimerHandle, type TimerQueue } from '../../base/timer-queue.ts';
import { parseDeltaSeconds } from '../../sip/contact.ts';
import { type SipHeaders, type SipRequest, type SipResponse } from '../../sip/message.ts';
import { parseParams } from '../../sip/params.ts';
import { type RequestEssentials } from '../../sip/validate-request.ts';
import { Dialog, type DialogEnds } from './dialog.ts';
import { type Happening, move, type Phase } from './phase.ts';
import { type Reginfo } from './reginfo.ts';

export interface SubscriptionContext {
  readonly clock: Clock;
  readonly timers: TimerQueue;
  /** Seconds to ask for. */
  readonly expiresSec: number;
  /** Sends a SUBSCRIBE. `onFinal` is called once. */
  readonly send: (request: SipRequest, onFinal: (response: SipResponse) => void) => void;
  /** Who subscribes to whom now; `undefined` while the core cannot reach this edge. */
  readonly ends: () => DialogEnds | undefined;
  /** A dialog has begun, or the last one is over. */
  readonly dialogChanged: (dialog: Dialog | undefined, before: Dialog | undefined) => void;
  /** The core took a SUBSCRIBE, for so many seconds. */
  readonly accepted: (expiresSec: number) => void;
  /** It is over for now; another one is asked for later. */
  readonly lost: (cause: 'failed' | 'terminated', status?: number) => void;
  /** The core does not want it, and says so by this answer. */
  readonly refused: (response: SipResponse) => void;
}

/** Answers by which a core says that it will not, and not only for the moment. */
const REFUSALS: ReadonlySet<number> = new Set([401, 402, 403, 405, 407, 420, 489, 501, 603]);
/** RFC 6665 §4.1.3: reasons by which a notifier says that another subscription would end as well. */
const FINAL_REASONS: ReadonlySet<string | undefined> = new Set(['rejected', 'invariant']);

/** TS 24.229 §5.2.3: so long before the end, or half the time of a short one. */
const AHEAD_SEC = 600;
const LONG_SEC = 1200;
const STEADY_SEC = 60;
const MIN_REFRESH_MS = 10_000;
const FIRST_REST_MS = 1000;
const MAX_REST_MS = 600_000;
/** How often a whole document is asked for out of turn. */
const FETCH_LIMITS = { burst: 3, perSec: 1 / 60 };
/** NOTIFYs of one subscription: a user has few devices, and each does little. */
const NOTIFY_LIMITS = { burst: 20, perSec: 2 };

/** Keeps one subscription to the registrations of one public identity alive (RFC 3680, TS 24.229 §5.2.3). */
export class Subscription {
  readonly #context: SubscriptionContext;
  readonly #fetches: TokenBucket;
  readonly #notifies: TokenBucket;
  #phase: Phase = 'resting';
  #dialog: Dialog | undefined;
  #timer: TimerHandle | undefined;
  #restMs = FIRST_REST_MS;
  #expiresSec: number;
  #version: number | undefined;

  constructor(context: SubscriptionContext) {
    this.#context = context;
    this.#expiresSec = context.expiresSec;
    this.#fetches = new TokenBucket({ ...FETCH_LIMITS, nowMs: this.#nowMs });
    this.#notifies = new TokenBucket({ ...NOTIFY_LIMITS, nowMs: this.#nowMs });
  }

  get phase(): Phase {
    return this.#phase;
  }

  /** The first SUBSCRIBE. A later one has its time already. */
  start(): void {
    if (this.#phase === 'resting' && !this.#timer) this.#due();
  }

  /** Asks for a whole document. False when one was asked for just now, or nobody can be asked. */
  fetch(): boolean {
    if (this.#phase !== 'active' || !this.#fetches.take(this.#nowMs)) return false;
    this.#due();
    return true;
  }

  /** Nobody is registered any more. False if there was nothing to end. */
  end(): boolean {
    const dialog = this.#dialog;
    const ends = this.#context.ends();
    const isThere = this.#phase === 'active' || this.#phase === 'refreshing';
    if (!this.#move('unneeded')) return false;
    if (dialog?.isMade && isThere && ends) this.#context.send(dialog.subscribe(0, ends.edgeUri), () => undefined);
    this.#setDialog(undefined);
    return isThere;
  }

  /** Whole seconds that the sender of a NOTIFY has to wait; 0 if it is taken. */
  waitSec(): number {
    return this.#notifies.take(this.#nowMs) ? 0 : this.#notifies.waitSec();
  }

  /** Takes a NOTIFY that its dialog owns; false if it is out of order. */
  notified(request: SipRequest, essentials: RequestEssentials): boolean {
    return this.#dialog?.notified(request, essentials) === true;
  }

  /**
   * Whether a document is news (RFC 3680 §5.2). An equal version, of which that says nothing, is news if the document is a whole one: some
   * registrars never count, and the order of NOTIFYs is kept by their CSeq. After a gap a whole one is asked for.
   */
  isNews({ version, isFull }: Reginfo): boolean {
    const before = this.#version;
    if (before !== undefined && (version < before || (version === before && !isFull))) return false;
    this.#version = version;
    if (!isFull && (before === undefined || version > before + 1)) this.fetch();
    return true;
  }

  /** What a NOTIFY says of the subscription itself (RFC 6665 §4.1.3). */
  takeState(headers: SipHeaders): void {
    const value = headers.get('Subscription-State') ?? '';
    const semicolon = value.indexOf(';');
    const params = parseParams(value, semicolon < 0 ? value.length : semicolon);
    const read = (name: string): string | undefined => (params.ok ? params.value.get(name) : undefined);
    const state = (semicolon < 0 ? value : value.slice(0, semicolon)).trim().toLowerCase();
    if (state === 'terminated') {
      const retrySec = parseDeltaSeconds(read('retry-after') ?? '');
      const isFinal = FINAL_REASONS.has(read('reason')?.toLowerCase());
      this.#rest('terminated', isFinal ? MAX_REST_MS : (retrySec ?? 0) * 1000);
      return;
    }
    const expiresSec = parseDeltaSeconds(read('expires') ?? '');
    if (this.#phase === 'active' && expiresSec !== undefined) this.#refreshBefore(expiresSec);
  }

  #due(): void {
    const ends = this.#context.ends();
    const phase = move(this.#phase, 'due');
    if (!phase || !ends) {
      this.#schedule(MAX_REST_MS);
      return;
    }
    this.#move('due');
    if (phase === 'asking') this.#setDialog(new Dialog(ends));
    const dialog = this.#dialog;
    if (!dialog) return;
    this.#context.send(dialog.subscribe(this.#expiresSec, ends.edgeUri), (response) => {
      if (dialog === this.#dialog) this.#answered(response, dialog);
    });
  }

  #answered(response: SipResponse, dialog: Dialog): void {
    const { status, headers } = response;
    if (status < 300) {
      dialog.answered(response);
      if (!this.#move('accepted')) return;
      const grantedSec = Math.min(parseDeltaSeconds(headers.get('Expires') ?? '') ?? Infinity, this.#expiresSec);
      // One that is granted for a moment only is asked for ever more seldom.
      if (grantedSec >= STEADY_SEC) this.#restMs = FIRST_REST_MS;
      this.#refreshBefore(grantedSec);
      this.#context.accepted(grantedSec);
    } else if (REFUSALS.has(status)) {
      if (!this.#move('refused')) return;
      this.#setDialog(undefined);
      this.#context.refused(response);
    } else {
      const least = status === 423 ? parseDeltaSeconds(headers.get('Min-Expires') ?? '') : undefined;
      if (least !== undefined) this.#expiresSec = Math.max(this.#expiresSec, least);
      this.#rest('failed', (parseDeltaSeconds(headers.get('Retry-After') ?? '') ?? 0) * 1000, status);
    }
  }

  #refreshBefore(expiresSec: number): void {
    this.#schedule((expiresSec > LONG_SEC ? expiresSec - AHEAD_SEC : expiresSec / 2) * 1000, MIN_REFRESH_MS);
  }

  /** A new subscription later, later still if that ends as well. */
  #rest(happening: 'failed' | 'terminated', leastMs: number, status?: number): void {
    if (!this.#move(happening)) return;
    this.#setDialog(undefined);
    this.#schedule(Math.min(Math.max(leastMs, this.#restMs), MAX_REST_MS));
    this.#restMs = Math.min(2 * this.#restMs, MAX_REST_MS);
    this.#context.lost(happening, status);
  }

  #schedule(afterMs: number, leastMs = 0): void {
    this.#cancel();
    this.#timer = this.#context.timers.schedule(this.#nowMs + Math.max(leastMs, afterMs), () => {
      this.#timer = undefined;
      this.#due();
    });
  }

  #cancel(): void {
    if (this.#timer) this.#context.timers.cancel(this.#timer);
    this.#timer = undefined;
  }

  #move(happening: Happening): boolean {
    const phase = move(this.#phase, happening);
    if (phase === undefined) return false;
    this.#cancel();
    this.#phase = phase;
    return true;
  }

  #setDialog(dialog: Dialog | undefined): void {
    const before = this.#dialog;
    this.#dialog = dialog;
    this.#version = undefined;
    this.#context.dialogChanged(dialog, before);
  }

  get #nowMs(): number {
    return this.#context.clock.now().monotonicMs;
  }
}
