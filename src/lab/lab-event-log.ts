import { EpcscfTurnError } from '../core/errors.ts';
import { LAB_EVENT_NAMES, type LabEvent, type LabEventName } from './lab-events.ts';
import { describeWait, LabWaitError } from './lab-wait-error.ts';

/** Events kept at most; the oldest go first. */
const HISTORY = 10_000;
const DEFAULT_TIMEOUT_MS = 5000;
/** What a timer of Node can wait. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1;

export interface WaitOptions {
  /** 5000 when absent. */
  readonly timeoutMs?: number;
  /** Leaves out what happened before this call. */
  readonly fresh?: boolean;
}

interface Wait {
  readonly name: LabEventName;
  readonly matches: (event: LabEvent) => boolean;
  readonly resolve: (event: LabEvent) => void;
  /** Without an error: the lab was stopped. */
  readonly reject: (error?: Error) => void;
}

/** What happened in a lab, and who waits for what. */
export class LabEventLog {
  readonly #startedAtUnixMs = Date.now();
  #history: LabEvent[] = [];
  /** What waits have been given: an event ends one wait in the past, and all that wait when it comes. */
  readonly #given = new WeakSet<LabEvent>();
  readonly #waits = new Set<Wait>();
  #closed = false;

  add(event: LabEvent): void {
    this.#history.push(event);
    // In portions, so that a full history does not move at each event.
    if (this.#history.length >= 2 * HISTORY) this.#history = this.#history.slice(-HISTORY);
    for (const wait of [...this.#waits]) this.#offer(wait, event);
  }

  events(): readonly LabEvent[] {
    return this.#history.slice(-HISTORY);
  }

  waitFor<Name extends LabEventName>(
    name: Name,
    condition: (event: LabEvent<Name>) => boolean,
    { timeoutMs = DEFAULT_TIMEOUT_MS, fresh = false }: WaitOptions,
  ): Promise<LabEvent<Name>> {
    const problem = problemOf(name, timeoutMs);
    if (problem !== undefined) return Promise.reject(new EpcscfTurnError('ERR_INVALID_ARGUMENT', problem));
    const before = new WeakSet(fresh ? this.#history : []);
    const isSpent = (event: LabEvent): boolean => before.has(event) || this.#given.has(event);
    const waiting = new Promise<LabEvent>((resolve, reject) => {
      const fail = (code: LabWaitError['code'], what: string): void => {
        const happened = this.events();
        const facts = { name, happened, startedAtUnixMs: this.#startedAtUnixMs, isSpent };
        reject(new LabWaitError(code, describeWait(what, facts), happened));
      };
      const timer = setTimeout(() => {
        this.#waits.delete(wait);
        fail('ERR_LAB_TIMEOUT', `nothing matched within ${timeoutMs} ms`);
      }, timeoutMs);
      const wait: Wait = {
        name,
        matches: (event) => condition(event as LabEvent<Name>),
        resolve: (event) => {
          clearTimeout(timer);
          resolve(event);
        },
        reject: (error) => {
          clearTimeout(timer);
          if (error) reject(error);
          else fail('ERR_LAB_STOPPED', 'the lab was stopped first');
        },
      };
      this.#begin(wait, isSpent);
    });
    return waiting as Promise<LabEvent<Name>>;
  }

  close(): void {
    this.#closed = true;
    for (const wait of this.#waits) wait.reject();
    this.#waits.clear();
  }

  #begin(wait: Wait, isSpent: (event: LabEvent) => boolean): void {
    this.#waits.add(wait);
    for (const event of this.events()) {
      if (!isSpent(event)) this.#offer(wait, event);
      if (!this.#waits.has(wait)) return;
    }
    if (this.#closed && this.#waits.delete(wait)) wait.reject();
  }

  #offer(wait: Wait, event: LabEvent): void {
    if (event.type !== wait.name) return;
    try {
      if (!wait.matches(event)) return;
      this.#waits.delete(wait);
      this.#given.add(event);
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
  const isTime = timeoutMs >= 0 && timeoutMs <= MAX_TIMEOUT_MS;
  return isTime ? undefined : `waitFor: timeoutMs: expected 0 to ${MAX_TIMEOUT_MS}, got ${timeoutMs}`;
}
