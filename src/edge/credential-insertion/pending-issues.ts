import { type Clock } from '../../base/clock.ts';
import { type IssueFailure } from '../../base/issue-failure.ts';
import { type LimitedLog } from '../../base/limited-log.ts';
import { type Later } from '../../base/outcome.ts';
import { fail, type Result } from '../../base/result.ts';
import { type TimerHandle, type TimerQueue } from '../../base/timer-queue.ts';
import { type AccessTokenCredential, type TurnCredential } from '../../credentials/credential.ts';
import { type Hop } from '../hop.ts';

/** How long an answer waits for its credential: well within the 32 s (64 × T1) after which a client gives its REGISTER up. */
const ISSUE_DEADLINE_MS = 5000;

/** A credential of either kind. */
export type AnyCredential = TurnCredential | AccessTokenCredential;

type Issued = Result<AnyCredential, IssueFailure>;

export interface PendingIssuesContext {
  readonly clock: Clock;
  readonly timers: TimerQueue;
  readonly limitedLog: LimitedLog;
  /** Runs what an issuer brings about, and survives its mistakes. */
  readonly run: (work: () => void) => void;
}

/**
 * Credentials that an issuer has not made yet. There are no more than there are transactions, whose number is limited; each ends by its
 * deadline, or with its flow.
 */
export class PendingIssues {
  readonly #context: PendingIssuesContext;
  readonly #timers = new Map<Hop, Set<TimerHandle>>();

  constructor(context: PendingIssuesContext) {
    this.#context = context;
  }

  /** What the issuer says, or `unavailable` if it says nothing in time; nothing when the flow is gone by then. */
  bounded(issuing: Later<Issued>, hop: Hop): Later<Issued> {
    const { clock, timers, limitedLog, run } = this.#context;
    return {
      later: (settle) => {
        const { monotonicMs } = clock.now();
        const timer = timers.schedule(monotonicMs + ISSUE_DEADLINE_MS, () => {
          if (!this.#forget(hop, timer)) return;
          const fields = { flowId: hop.id, cause: 'issue-timeout', waitedMs: ISSUE_DEADLINE_MS };
          limitedLog.warn('issue-timeout', fields, 'no TURN credential in time', clock.now().monotonicMs);
          settle(fail('unavailable'));
        });
        this.#timers.set(hop, (this.#timers.get(hop) ?? new Set()).add(timer));
        issuing.later((issued) => {
          run(() => {
            if (!this.#forget(hop, timer)) return;
            timers.cancel(timer);
            settle(issued);
          });
        });
      },
    };
  }

  /** Nobody waits for them any more. */
  drop(hop: Hop): void {
    for (const timer of this.#timers.get(hop) ?? []) this.#context.timers.cancel(timer);
    this.#timers.delete(hop);
  }

  /** False when it is over already. */
  #forget(hop: Hop, timer: TimerHandle): boolean {
    const ofHop = this.#timers.get(hop);
    if (!ofHop?.delete(timer)) return false;
    if (ofHop.size === 0) this.#timers.delete(hop);
    return true;
  }
}
