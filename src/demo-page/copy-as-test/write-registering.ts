import { quote } from './code.ts';
import { type Agent, type Draft } from './draft.ts';
import { answersTo, decisive, type SipIn, type StoryAction, type StoryEvent } from './story.ts';

/** Faults after which a credential that was given is not simply honoured. */
const SPOIL_CREDENTIAL = [
  ...['credential-wrong-password', 'credential-revoked', 'credential-unusable', 'credential-ttl'],
  ...['clock-skew', 'turn-answer', 'turn-no-answer'],
];

/** Registers a user as the page did, and expects what it saw. `known`: users of the lab of the page. */
export function writeRegister(draft: Draft, action: StoryAction, known: readonly string[]): void {
  const { user } = action;
  const events = draft.story.after(action);
  const answer = decisive(answersTo('REGISTER', events));
  const failure = events.find(({ type }) => type === 'authentication-failed')?.cause;
  const isKnown = known.includes(user) || (answer !== undefined && answer.status < 300);
  draft.agents.delete(user);
  if (!answer) {
    const agent = writeAgent(draft, user, isKnown, undefined);
    draft.titles.push(`${user} hears nothing of a registration`);
    draft.write(`${agent.name}.start(); // No answer came.`);
  } else if (answer.status < 300) {
    draft.titles.push(`${user} registers`);
    writeRegistered(draft, user, answer);
  } else {
    draft.titles.push(`${user} is refused with ${answer.status}`);
    // With the right password a 401 is not the last word, unless a fault makes it so.
    const wrongPassword =
      answer.status === 401 && !draft.hasFault(user, 'sip-answer', 'sip-wrong-realm', 'sip-stale-nonce');
    const agent = writeAgent(draft, user, isKnown, wrongPassword ? 'not-the-password' : undefined);
    const refused = draft.names.give(`${agent.name}Refused`);
    draft.write(`${agent.name}.start();`);
    draft.write(`const [${refused}] = await once(${agent.name}, 'registrationFailed');`);
    draft.write(`expect(${refused}.response.status_code).toBe(${answer.status});`);
    if (failure !== undefined && wrongPassword) draft.waitFor('authentication-failed', { cause: failure });
    draft.write(`${agent.name}.stop();`);
  }
}

/** Registers a user who is needed, though the page did not do it. */
export function writeOther(draft: Draft, user: string): Agent {
  draft.write(`// ${user} was in another window.`);
  const agent = writeAgent(draft, user, true, undefined);
  draft.write(`${agent.name}.start();`, `await once(${agent.name}, 'registered');`);
  draft.waitFor('registered', { user });
  agent.hasCredential = true;
  draft.agents.set(user, agent);
  return agent;
}

export function writeUnregister(draft: Draft, { user }: StoryAction): void {
  const agent = draft.agents.get(user);
  if (!agent) return;
  draft.agents.delete(user);
  draft.titles.push(`${user} leaves`);
  draft.write(`${agent.name}.stop();`);
  draft.waitFor('unregistered', { user });
}

/** Asks for another credential by OPTIONS. */
export function writeRefresh(draft: Draft, action: StoryAction): void {
  const { user } = action;
  const agent = draft.agents.get(user);
  if (agent?.turn === undefined) return;
  const events = draft.story.after(action);
  const refusal = events.find(({ type, via }) => type === 'credential-refused' && via === 'OPTIONS');
  const status = decisive(answersTo('OPTIONS', events));
  const moves = action.detail.moveCall === true && hasLiveCall(draft, user);
  draft.titles.push(`${user} refreshes${moves ? ' and moves the call' : ''}`);
  if (refusal) {
    draft.write(`${agent.turn}.refresh();`);
    draft.waitFor('credential-refused', { cause: refusal.cause, via: 'OPTIONS' });
  } else if (status?.credential !== 'given') {
    draft.write(`${agent.turn}.refresh(); // No credential came.`);
  } else if (moves) {
    writeMove(draft, user, agent.turn);
  } else {
    draft.write(`${agent.turn}.refresh();`);
    draft.waitFor('credential-issued', { user, via: 'OPTIONS' });
    agent.hasCredential = true;
  }
}

function writeMove(draft: Draft, user: string, turn: string): void {
  draft.needs.add('pause');
  const before = draft.names.give('before');
  draft.write(
    'await pause(1100); // t counts whole seconds, and two credentials of one second are the same.',
    `const ${before} = ${turn}.iceServers();`,
    `${turn}.refresh();`,
    `await expect.poll(() => ${turn}.iceServers()).not.toEqual(${before});`,
    `${turn}.moveCalls();`,
  );
  draft.waitFor('allocation-created', { user }, '{ fresh: true }');
}

function writeRegistered(draft: Draft, user: string, answer: SipIn): void {
  const agent = writeAgent(draft, user, true, undefined);
  const registered = draft.names.give(`${agent.name}Registered`);
  draft.write(`${agent.name}.start();`, `const [${registered}] = await once(${agent.name}, 'registered');`);
  draft.waitFor('registered', { user });
  draft.write(`expect(${registered}.response.${expectedField(answer)};`);
  agent.hasCredential = answer.credential === 'given';
  draft.agents.set(user, agent);
  if (agent.hasCredential && !draft.hasFault(user, ...SPOIL_CREDENTIAL)) {
    draft.write(`expect(await lab.tryAllocate(lab.credentialOf(${quote(user)}))).toMatchObject({ granted: true });`);
  }
}

function expectedField({ credential, error = '' }: SipIn): string {
  switch (credential) {
    case 'given':
      return `getHeader('TURN-Lifetime')).toMatch(/^\\d+$/)`;
    case 'malformed':
      return `getHeader('TURN-Lifetime')).not.toMatch(/^\\d+$/)`;
    case 'error':
      return `getHeader('TURN-Cred-Rsp')).toMatch(/^error=${error}/)`;
    case 'none':
      return `getHeader('TURN-Cred-Rsp')).toBeUndefined()`;
  }
}

function writeAgent(draft: Draft, user: string, isKnown: boolean, password: string | undefined): Agent {
  const name = draft.names.give(user);
  // One that asks by itself must not ask a second time in a header field of its own, so all or none.
  const refreshes = draft.story.actions.some(({ kind }) => kind === 'refresh');
  const account = isKnown
    ? password === undefined
      ? draft.users(user)
      : `{ ...${draft.users(user)}, password: ${quote(password)} }`
    : `{ uri: \`sip:${user}@\${lab.domain}\`, password: ${quote(password ?? 'any')} }`;
  draft.write(`const ${name} = createAgent(lab, ${account});`);
  const turn = refreshes ? draft.names.give(`${name}Turn`) : undefined;
  if (turn !== undefined) {
    draft.needs.add('turn');
    draft.write(`const ${turn} = attachTurnCredentials(${name});`, `onTestFinished(() => ${turn}.detach());`);
  }
  return { user, name, turn, hasCredential: false };
}

function hasLiveCall(draft: Draft, user: string): boolean {
  return draft.calls.some(({ caller, callee }) => caller === user || callee === user);
}

/** Events that say that a user is registered (again). */
export function isRegistration({ type, method, status }: StoryEvent): boolean {
  return type === 'registered' || (type === 'sip-in' && method === 'REGISTER' && status === 200);
}
