import { sipIn } from './sip-in.ts';
import { type StoryAction, type StoryEvent } from './story.ts';

/** What is kept at most; the oldest go first. */
const MOST_ACTIONS = 100;
const MOST_EVENTS = 2000;
/** Events of the lab that a written test may expect. */
const TELLING: ReadonlySet<string> = new Set([
  'registered',
  'authentication-failed',
  'credential-refused',
  'allocation-created',
  'allocation-ended',
  'authentication-refused',
  'request-refused',
  'fault-fired',
]);

/** What was done in this tab and what followed, for a test to be made of. */
export class Recording {
  #actions: StoryAction[] = [];
  #events: StoryEvent[] = [];

  get actions(): readonly StoryAction[] {
    return this.#actions;
  }

  get events(): readonly StoryEvent[] {
    return this.#events;
  }

  action(action: StoryAction): void {
    this.#actions = [...this.#actions, action].slice(-MOST_ACTIONS);
  }

  /** At the time of this tab: the server's clock may be another. */
  labEvent(event: { readonly type: string; readonly [field: string]: unknown }, nowMs: number): void {
    const isMedia = event.type === 'fault-fired' && String(event.kind).startsWith('relay-');
    if (TELLING.has(event.type) && !isMedia) this.#add({ ...event, atUnixMs: nowMs });
  }

  sip(user: string, text: string, atUnixMs: number): void {
    const message = sipIn(user, text, atUnixMs);
    if (message) this.#add(message);
  }

  relayCandidate(user: string, atUnixMs: number): void {
    this.#add({ type: 'relay-candidate', user, atUnixMs });
  }

  relayError(user: string, code: number, atUnixMs: number): void {
    this.#add({ type: 'relay-error', user, code, atUnixMs });
  }

  clear(): void {
    this.#actions = [];
    this.#events = [];
  }

  #add(event: StoryEvent): void {
    this.#events.push(event);
    if (this.#events.length >= 2 * MOST_EVENTS) this.#events = this.#events.slice(-MOST_EVENTS);
  }
}
