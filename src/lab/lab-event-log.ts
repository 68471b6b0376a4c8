import { type Clock } from '../base/clock.ts';
import { LONGEST_TIMEOUT_MS } from '../base/deadline-timer.ts';
import { EpcscfTurnError } from '../base/errors.ts';
import { LabEventHistory, type HistoryEntry } from './lab-event-history.ts';
import { LAB_EVENT_NAMES, type LabEvent, type LabEventName, type UncountedEvent } from './lab-events.ts';
import { describeWait, LabWaitError } from './lab-wait-error.ts';

const DEFAULT_TIMEOUT_MS = 5000;

export interface WaitOptions {
  /** Milliseconds to wait. Default: 5000. */
  readonly timeoutMs?: number;
  /** Whether to ignore events from before this call. Default: no. */
  readonly fresh?: boolean;
  /** Only events with a higher `seq` count, even those that an earlier wait was given. */
  readonly since?: number;
  /** Ends the wait with the signal's reason. */
  readonly signal?: AbortSignal;
}

interface Wait {
  readonly name: LabEventName;
  readonly matches: (event: LabEvent) => boolean;
  readonly isSpent: (entry: HistoryEntry) => boolean;
  readonly resolve: (event: LabEvent) => void;
  /** Ends the wait without an event. Without an error: the lab was stopped. */
  readonly reject: (error?: Error) => void;
}

/** What has happened in a lab, and the waits for what is to come. */
export class LabEventLog {
  readonly clock: Clock;
  readonly #startedAtUnixMs: number;
  readonly #history: LabEventHistory;
  readonly #waits = new Set<Wait>();
  readonly #listeners = new Set<() => void>();
  #closed = false;

  constructor(clock: Clock, history = new LabEventHistory()) {
    this.clock = clock;
    this.#startedAtUnixMs = clock.now().unixMs;
    this.#history = history;
  }

  /** `seq` of the newest event, 0 before the first. */
  get lastSeq(): number {
    return this.#history.lastSeq;
  }

  /** Adds an event. It ends every wait that it meets; an event of the past ends only one. */
  add(uncounted: UncountedEvent): LabEvent {
    const entry = this.#history.add(uncounted);
    for (const wait of [...this.#waits]) this.#offer(wait, entry);
    for (const listener of [...this.#listeners]) listener();
    return entry.event;
  }

  /** Events with a `seq` above `since`, oldest first, at most `limit` of them. */
  events(since = 0, limit = Infinity): readonly LabEvent[] {
    return this.#history.after(since, limit).map(({ event }) => event);
  }

  /** Calls `listener` after each event, and once when the lab is stopped. Returns a function that takes it off. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  get closed(): boolean {
    return this.#closed;
  }

  waitFor<Name extends LabEventName>(
    name: Name,
    condition: (event: LabEvent<Name>) => boolean,
    { timeoutMs = DEFAULT_TIMEOUT_MS, fresh = false, since, signal }: WaitOptions,
  ): Promise<LabEvent<Name>> {
    const problem = problemOf(name, timeoutMs);
    if (problem !== undefined) return Promise.reject(new EpcscfTurnError('ERR_INVALID_ARGUMENT', problem));
    const after = fresh ? this.lastSeq : since;
    const isSpent = ({ event, given }: HistoryEntry): boolean => (after === undefined ? given : event.seq <= after);
    const waiting = new Promise<LabEvent>((resolve, reject) => {
      const fail = (code: LabWaitError['code'], what: string): void => {
        const entries = this.#history.after(0);
        const happened = entries.map(({ event }) => event);
        const spent = new Set(entries.filter(isSpent).map(({ event }) => event.seq));
        const facts = { name, happened, startedAtUnixMs: this.#startedAtUnixMs, spent };
        reject(new LabWaitError(code, describeWait(what, facts), happened));
      };
      const abort = (): void => {
        const reason: unknown = signal?.reason;
        this.#waits.delete(wait);
        wait.reject(reason instanceof Error ? reason : new Error(String(reason)));
      };
      const release = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', abort);
      };
      const timer = setTimeout(() => {
        this.#waits.delete(wait);
        release();
        fail('ERR_LAB_TIMEOUT', `nothing matched within ${timeoutMs} ms`);
      }, timeoutMs);
      const wait: Wait = {
        name,
        isSpent,
        matches: (event) => condition(event as LabEvent<Name>),
        resolve: (event) => {
          release();
          resolve(event);
        },
        reject: (error) => {
          release();
          if (error) reject(error);
          else fail('ERR_LAB_STOPPED', 'the lab was stopped first');
        },
      };
      if (signal?.aborted) {
        abort();
        return;
      }
      signal?.addEventListener('abort', abort);
      this.#begin(wait);
    });
    return waiting as Promise<LabEvent<Name>>;
  }

  close(): void {
    this.#closed = true;
    for (const wait of this.#waits) wait.reject();
    this.#waits.clear();
    for (const listener of [...this.#listeners]) listener();
  }

  #begin(wait: Wait): void {
    this.#waits.add(wait);
    for (const entry of this.#history.after(0)) {
      if (!wait.isSpent(entry)) this.#offer(wait, entry);
      if (!this.#waits.has(wait)) return;
    }
    if (this.#closed && this.#waits.delete(wait)) wait.reject();
  }

  #offer(wait: Wait, entry: HistoryEntry): void {
    const { event } = entry;
    if (event.type !== wait.name) return;
    try {
      if (!wait.matches(event)) return;
      this.#waits.delete(wait);
      entry.given = true;
      wait.resolve(event);
    } catch (error) {
      this.#waits.delete(wait);
      wait.reject(error instanceof Error ? error : new Error(`the condition threw ${String(error)}`));
    }
  }
}

function problemOf(name: string, timeoutMs: number): string | undefined {
  if (!(LAB_EVENT_NAMES as readonly string[]).includes(name)) {
    return `waitFor: there is no event "${name}"; there are ${LAB_EVENT_NAMES.join(', ')}`;
  }
  const isTime = timeoutMs >= 0 && timeoutMs <= LONGEST_TIMEOUT_MS;
  return isTime ? undefined : `waitFor: timeoutMs: expected 0 to ${LONGEST_TIMEOUT_MS}, got ${timeoutMs}`;
}
