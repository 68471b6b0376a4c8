import { type LabEvent, type LabEventName } from './lab-events.ts';

const SHOWN = 25;
const LINE_CHARACTERS = 220;
const UNTOLD: ReadonlySet<string> = new Set(['seq', 'type', 'user', 'atUnixMs', 'at', 'text']);

/** `waitFor` ended without its event. `happened` is the history of that moment, oldest first. */
export class LabWaitError extends Error {
  override readonly name = 'LabWaitError';
  readonly code: 'ERR_LAB_TIMEOUT' | 'ERR_LAB_STOPPED';
  readonly happened: readonly LabEvent[];

  constructor(code: LabWaitError['code'], message: string, happened: readonly LabEvent[]) {
    super(message);
    this.code = code;
    this.happened = happened;
  }
}

export interface WaitFacts {
  readonly name: LabEventName;
  readonly happened: readonly LabEvent[];
  readonly startedAtUnixMs: number;
  /** `seq` of events that were given to earlier waits, or came before a wait for what is to come. */
  readonly spent: ReadonlySet<number>;
}

/** What did happen, so that a failing test says more than that it failed. */
export function describeWait(what: string, { name, happened, startedAtUnixMs, spent }: WaitFacts): string {
  const line = (event: LabEvent): string => formatEvent(event, startedAtUnixMs, spent.has(event.seq));
  const alike = happened.filter((event) => event.type === name);
  const others = happened.filter((event) => event.type !== name);
  return [
    `waitFor('${name}'): ${what}.`,
    ...section(`Of this kind, none of which met the condition`, alike, line),
    ...section('What happened instead', others, line),
    ...(happened.length === 0 ? ['Nothing has happened in this lab yet.'] : []),
  ].join('\n');
}

function section(title: string, events: readonly LabEvent[], line: (event: LabEvent) => string): string[] {
  if (events.length === 0) return [];
  const count = events.length > SHOWN ? ` (the last ${SHOWN} of ${events.length})` : '';
  return [`${title}${count}:`, ...events.slice(-SHOWN).map(line)];
}

/** Without what every event of a lab has, and without texts: they would hide the rest. */
function formatEvent(event: LabEvent, startedAtUnixMs: number, spent: boolean): string {
  const { type, user, atUnixMs } = event;
  const rest = Object.entries(event).filter(([field]) => !UNTOLD.has(field));
  const details = JSON.stringify(Object.fromEntries(rest));
  const short = details.length > LINE_CHARACTERS ? `${details.slice(0, LINE_CHARACTERS)}…` : details;
  const who = user === undefined ? '' : ` ${user}`;
  return `  +${atUnixMs - startedAtUnixMs} ms ${type}${who} ${short}${spent ? ' (not counted: an earlier wait had it, or it came before)' : ''}`;
}
