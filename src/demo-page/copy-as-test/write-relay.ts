import { quote } from './code.ts';
import { type Agent, type Draft } from './draft.ts';
import { type StoryEvent } from './story.ts';

/** What the TURN server said to a client that gathered. */
type Outcome =
  | { readonly kind: 'granted' }
  | { readonly kind: 'unauthenticated'; readonly cause: string | undefined; readonly code: number }
  | { readonly kind: 'refused'; readonly cause: string | undefined; readonly code: number }
  | { readonly kind: 'silent' };

/** Part of every exchange that is well. */
const ROUTINE = ['no-credentials', 'stale-nonce', 'foreign-nonce'];
/** Method number of Allocate. */
const ALLOCATE: readonly unknown[] = [0x003, 'Allocate'];
/** A credential that lives no longer is waited for; in place of a longer one stands one whose time is over. */
const LONGEST_WAIT_SEC = 15;

/** Expects each refusal that the page met when it gathered, in order; whether a relay came about after all. */
export function writeRelayOutcomes(draft: Draft, agent: Agent, events: readonly StoryEvent[]): boolean {
  if (!agent.hasCredential) {
    draft.titles.push(`${agent.user} has no credential for a call`);
    return false;
  }
  const outcomes = outcomesOf(draft, agent.user, events);
  for (const outcome of outcomes) {
    if (outcome.kind === 'granted') return true;
    writeRefusal(draft, agent.user, outcome);
  }
  return outcomes.length === 0;
}

function writeRefusal(draft: Draft, user: string, outcome: Exclude<Outcome, { kind: 'granted' }>): void {
  if (outcome.kind === 'silent') {
    draft.titles.push(`${user} hears nothing of the relay`);
    draft.write(`await expect(lab.tryAllocate(lab.credentialOf(${quote(user)}))).rejects.toThrow();`);
    return;
  }
  draft.titles.push(`${user} is refused a relay with ${outcome.code}`);
  const credential = writeCredential(draft, user, outcome.cause);
  const tried = draft.names.give('refusal');
  draft.write(`const ${tried} = await lab.tryAllocate(${credential});`);
  draft.write(`expect(${tried}).toMatchObject({ granted: false, code: ${outcome.code} });`);
  if (outcome.cause === undefined) return;
  // The 401 of a fault comes before the server looks whose credential it is.
  const type = outcome.kind === 'refused' ? 'request-refused' : 'authentication-refused';
  draft.waitFor(type, { user, cause: outcome.cause });
}

/** Code of a credential that is refused for that cause. */
function writeCredential(draft: Draft, user: string, cause: string | undefined): string {
  const newest = `lab.credentialOf(${quote(user)})`;
  if (cause === 'expired' && !draft.hasFault(user, 'clock-skew')) {
    const ttlSec = Number(draft.faultOf(user, 'credential-ttl')?.ttlSec ?? Infinity);
    if (ttlSec > LONGEST_WAIT_SEC) return `lab.mint(${quote(user)}, { expired: true })`;
    draft.needs.add('pause');
    const spent = draft.names.give('spent');
    draft.write(`const ${spent} = ${newest};`);
    draft.write(`await pause(Math.max(0, ${spent}.expiresAtSec * 1000 - Date.now()) + 1000);`);
    return spent;
  }
  if (cause === 'wrong-key-or-password' && !draft.hasFault(user, 'credential-wrong-password')) {
    return `{ ...${newest}, password: 'not-the-password' }`;
  }
  return newest;
}

function outcomesOf(draft: Draft, user: string, events: readonly StoryEvent[]): readonly Outcome[] {
  const outcomes = new Map<string, Outcome>();
  for (const event of events) {
    const outcome = outcomeOf(draft, user, event);
    // A browser asks each server over each of its networks; one answer of a kind is enough.
    if (outcome) outcomes.set(JSON.stringify(outcome), outcomes.get(JSON.stringify(outcome)) ?? outcome);
  }
  const told = [...outcomes.values()];
  // What the browser reports is the same again without its cause.
  return told.filter((one) => !isRepeated(one, told));
}

function outcomeOf(draft: Draft, user: string, event: StoryEvent): Outcome | undefined {
  const cause = typeof event.cause === 'string' ? event.cause : undefined;
  switch (event.type) {
    case 'allocation-created':
    case 'relay-candidate':
      return { kind: 'granted' };
    case 'authentication-refused': {
      if (cause === undefined || ROUTINE.includes(cause)) return undefined;
      const code = cause === 'fault' ? Number(draft.faultOf(user, 'turn-answer')?.code ?? 401) : 401;
      return { kind: 'unauthenticated', cause, code };
    }
    case 'request-refused':
      if (!ALLOCATE.includes(event.method)) return undefined;
      return { kind: 'refused', cause, code: Number(event.code) };
    case 'relay-error':
      if (event.code === 701) return draft.hasFault(user, 'turn-no-answer') ? { kind: 'silent' } : undefined;
      return { kind: 'refused', cause: undefined, code: Number(event.code) };
    case 'fault-fired':
      return event.kind === 'turn-no-answer' ? { kind: 'silent' } : undefined;
    default:
      return undefined;
  }
}

function isRepeated(one: Outcome, all: readonly Outcome[]): boolean {
  if (one.kind !== 'refused' || one.cause !== undefined) return false;
  return all.some((other) => other !== one && 'code' in other && other.code === one.code);
}
