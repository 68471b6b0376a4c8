import { type Mutable } from '../base/mutable.ts';
import { ownText } from '../base/own-text.ts';
import { type LabEvent, type UncountedEvent } from './lab-events.ts';

/** How many events are kept. Beyond it the oldest is forgotten. */
const HISTORY_EVENTS = 10_000;

export interface HistoryLimits {
  readonly events: number;
  /** Characters kept of the texts of SIP and STUN messages; beyond, the oldest events lose their text. */
  readonly textCharacters: number;
  /** Characters kept of all text in all events; beyond, the oldest events are forgotten. */
  readonly characters: number;
}

const LIMITS: HistoryLimits = { events: HISTORY_EVENTS, textCharacters: 8_000_000, characters: 32_000_000 };

export interface HistoryEntry {
  event: LabEvent;
  /** Whether a wait was given the event. */
  given: boolean;
  textCharacters: number;
  otherCharacters: number;
}

/** What happened, oldest first, within bounds that no client can move: also one that sends large messages. */
export class LabEventHistory {
  readonly #limits: HistoryLimits;
  #entries: HistoryEntry[] = [];
  /** The first entry that is kept; those before it leave the array in portions, so that a full history does not move at each event. */
  #first = 0;
  /** The first entry that may still have a text. */
  #firstText = 0;
  #textCharacters = 0;
  #otherCharacters = 0;
  #lastSeq = 0;

  constructor(limits: HistoryLimits = LIMITS) {
    this.#limits = limits;
  }

  /** `seq` of the newest event, 0 before the first. */
  get lastSeq(): number {
    return this.#lastSeq;
  }

  add(uncounted: UncountedEvent): HistoryEntry {
    this.#lastSeq += 1;
    const event = ownEvent({ seq: this.#lastSeq, ...uncounted } as LabEvent);
    const textCharacters = textOf(event)?.length ?? 0;
    const entry = { event, given: false, textCharacters, otherCharacters: charactersOf(event) - textCharacters };
    this.#entries.push(entry);
    this.#textCharacters += entry.textCharacters;
    this.#otherCharacters += entry.otherCharacters;
    this.#shrink();
    return entry;
  }

  /** Events with a higher number than `seq`, oldest first, at most `limit` of them. */
  after(seq: number, limit = Infinity): HistoryEntry[] {
    const oldest = this.#lastSeq - (this.#entries.length - this.#first) + 1;
    const start = this.#first + Math.max(0, seq + 1 - oldest);
    return this.#entries.slice(start, start + limit);
  }

  #shrink(): void {
    const { events, textCharacters, characters } = this.#limits;
    while (this.#entries.length - this.#first > events) this.#dropOldest();
    while (this.#textCharacters > textCharacters && this.#dropOldestText());
    while (this.#otherCharacters + this.#textCharacters > characters && this.#entries.length - this.#first > 1) {
      this.#dropOldest();
    }
    if (this.#first < events) return;
    this.#entries = this.#entries.slice(this.#first);
    this.#firstText = Math.max(0, this.#firstText - this.#first);
    this.#first = 0;
  }

  #dropOldest(): void {
    const entry = this.#entries[this.#first];
    this.#first += 1;
    if (!entry) return;
    this.#textCharacters -= entry.textCharacters;
    this.#otherCharacters -= entry.otherCharacters;
  }

  /** Takes the text off the oldest event that has one, in a copy: an event that was handed out stays as it was. False when there is no text left. */
  #dropOldestText(): boolean {
    this.#firstText = Math.max(this.#firstText, this.#first);
    const entry = this.#entries[this.#firstText];
    if (!entry) return false;
    this.#firstText += 1;
    if (entry.textCharacters === 0) return true;
    this.#textCharacters -= entry.textCharacters;
    entry.textCharacters = 0;
    const textless = { ...entry.event } as Mutable<LabEvent<'message'>>;
    delete textless.text;
    entry.event = textless;
    return true;
  }
}

/** A copy of the event that shares no memory with the messages it tells of: an observer is given text as it came. */
function ownEvent(event: LabEvent): LabEvent {
  const fields = Object.entries(event).map(([name, value]: [string, unknown]) => [
    name,
    typeof value === 'string' ? ownText(value) : value,
  ]);
  return Object.fromEntries(fields) as LabEvent;
}

function textOf(event: LabEvent): string | undefined {
  return event.type === 'message' || event.type === 'turn-message' ? event.text : undefined;
}

/** What an event holds beside text is of fixed size. */
function charactersOf(event: LabEvent): number {
  let sum = 0;
  for (const value of Object.values(event)) if (typeof value === 'string') sum += value.length;
  return sum;
}
