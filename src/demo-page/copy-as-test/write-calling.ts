import { quote } from './code.ts';
import { type Agent, type Call, type Draft } from './draft.ts';
import { answersTo, decisive, type StoryAction } from './story.ts';
import { writeOther } from './write-registering.ts';
import { writeRelayOutcomes } from './write-relay.ts';

const DECLINE = 603;
const CANCELLED = 487;

/** Calls as the page did, and expects the answer it saw. `known`: users of the lab of the page. */
export function writeCall(draft: Draft, action: StoryAction, known: readonly string[]): void {
  const agent = draft.agents.get(action.user);
  if (!agent) return;
  const callee = userOf(String(action.detail.callee));
  const events = draft.story.after(action);
  const relayOnly = action.detail.relayOnly !== false;
  const hasRelay = writeRelayOutcomes(draft, agent, events);
  if (relayOnly && !hasRelay) {
    draft.write(`// Without a relay candidate the call to ${callee} had no path.`);
    return;
  }
  draft.titles.push(`${agent.user} calls ${callee}`);
  const answers = answersTo('INVITE', events);
  const status = decisive(answers)?.status;
  const isHere = draft.story.actions.some(({ user, kind }) => user === callee && kind === 'register');
  // Whoever rings, answers or declines is there: in this tab, or in another window.
  const rang = answers.some((answer) => answer.status === 180) || (status !== undefined && status < 300);
  const needsOther = known.includes(callee) && !isHere && rang;
  const other = draft.agents.get(callee) ?? (needsOther ? writeOther(draft, callee) : undefined);
  const call = writeInvite(draft, agent, callee, { relayOnly, other });
  if (isHere && decidesLater(draft, action, callee)) return;
  if (other && status !== undefined && status !== CANCELLED) writeDecision(draft, call, other, status, relayOnly);
  else writeOutcome(draft, call, status, rang);
}

/** Answers or declines a call, of somebody in this tab or in another. */
export function writeAnswer(draft: Draft, action: StoryAction, known: readonly string[]): void {
  const agent = draft.agents.get(action.user);
  if (!agent) return;
  const { user } = agent;
  const relayOnly = action.detail.relayOnly !== false;
  let call = draft.calls.findLast(({ callee, isAnswered }) => callee === user && !isAnswered);
  if (!call) {
    const caller = callerOf(draft, action, known);
    if (caller === undefined) return;
    const other = draft.agents.get(caller) ?? writeOther(draft, caller);
    draft.titles.push(`${caller} calls ${user}`);
    call = writeInvite(draft, other, user, { relayOnly, other: agent });
  }
  draft.titles.push(`${user} ${action.kind === 'answer' ? 'answers' : 'declines'}`);
  writeDecision(draft, call, agent, action.kind === 'answer' ? 200 : DECLINE, relayOnly);
}

export function writeHangUp(draft: Draft, { user }: StoryAction): void {
  const call = draft.calls.findLast(({ caller, callee }) => caller === user || callee === user);
  if (!call) return;
  forget(draft, call);
  const session = call.caller === user ? call.name : call.atCallee;
  if (session === undefined) return;
  if (call.isAnswered) {
    draft.titles.push(`${user} hangs up`);
    draft.write(`${session}.terminate();`);
    return;
  }
  draft.titles.push(`${user} cancels`);
  const cancelled = draft.names.give('cancelled');
  draft.write(`const ${cancelled} = once(${session}, 'failed');`, `${session}.terminate();`);
  draft.write(`expect((await ${cancelled})[0].cause).toBe('Canceled');`);
}

function writeInvite(
  draft: Draft,
  { user, name }: Agent,
  callee: string,
  { relayOnly, other }: { readonly relayOnly: boolean; readonly other: Agent | undefined },
): Call {
  draft.needs.add('calls');
  const session = draft.names.give('call');
  const rings = other && draft.names.give(`${other.name}Rings`);
  if (other && rings !== undefined) draft.write(`const ${rings} = once(${other.name}, 'newRTCSession');`);
  const target = `\`sip:${callee.replace(/[`\\$]/g, '\\$&')}@\${lab.domain}\``;
  draft.write(`const ${session} = ${name}.call(${target}, ${mediaOf(draft, user, relayOnly)});`);
  const atCallee = other && draft.names.give(`${session}At${capital(other.name)}`);
  if (atCallee !== undefined && rings !== undefined) draft.write(`const [{ session: ${atCallee} }] = await ${rings};`);
  const call: Call = { caller: user, callee, name: session, atCallee, isAnswered: false };
  draft.calls.push(call);
  return call;
}

/** What the callee of the test does, and what the caller hears of it. */
function writeDecision(draft: Draft, call: Call, { user }: Agent, status: number, relayOnly: boolean): void {
  if (call.atCallee === undefined) return;
  if (status < 300) draft.write(`${call.atCallee}.answer(${mediaOf(draft, user, relayOnly)});`);
  else draft.write(`${call.atCallee}.terminate({ status_code: ${status} });`);
  writeOutcome(draft, call, status, true);
}

function writeOutcome(draft: Draft, call: Call, status: number | undefined, rang: boolean): void {
  if (status === undefined || status === CANCELLED) {
    if (rang && call.atCallee === undefined) draft.write(`await once(${call.name}, 'progress'); // It rings.`);
  } else if (status < 300) {
    call.isAnswered = true;
    draft.write(`await once(${call.name}, 'confirmed');`);
  } else {
    forget(draft, call);
    const failure = draft.names.give('failure');
    draft.write(`const [${failure}] = await once(${call.name}, 'failed');`);
    draft.write(`expect(${failure}.message.status_code).toBe(${status});`);
  }
}

/** Whether the callee, in this tab, answers or declines that very call. */
function decidesLater({ story }: Draft, action: StoryAction, callee: string): boolean {
  const later = story.actions.slice(story.actions.indexOf(action) + 1);
  const next = later.find(({ user, kind }) => user === callee && kind !== 'fault');
  return next?.kind === 'answer' || next?.kind === 'decline';
}

/** Who called, from the INVITE that came before the answer; else anybody. */
function callerOf({ story }: Draft, action: StoryAction, known: readonly string[]): string | undefined {
  const others = known.filter((name) => name !== action.user);
  return others.find((name) => name === story.invitedBy(action)) ?? others[0];
}

function mediaOf(draft: Draft, user: string, relayOnly: boolean): string {
  draft.users(user);
  return relayOnly
    ? `media(lab.credentialOf(${quote(user)}).iceServer)`
    : `media(lab.credentialOf(${quote(user)}).iceServer, 'all')`;
}

/** `bob` of `bob`, `sip:bob@domain` and `bob@domain`. */
function userOf(callee: string): string {
  return /^(?:sips?:)?([^@]+)/.exec(callee)?.[1] ?? callee;
}

function forget(draft: Draft, call: Call): void {
  draft.calls.splice(draft.calls.indexOf(call), 1);
}

function capital(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}
