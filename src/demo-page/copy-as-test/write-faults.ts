import { type Draft } from './draft.ts';
import { isRegistration } from './write-registering.ts';
import { type StoryAction, type StoryEvent } from './story.ts';

/** Faults that end a WebSocket, after which clients come back by themselves. */
const CUT: readonly unknown[] = ['flow-closed', 'flow-cut', 'server-restart'];
/** Faults that end allocations at once. */
const ENDS_ALLOCATIONS: readonly unknown[] = ['allocation-ended', 'credential-revoked'];
/** Faults that hit nothing in a lab as it is without options. */
const NEEDS: ReadonlyMap<unknown, 'tokens' | 'approach-2'> = new Map([
  ['web-token-refused', 'tokens'],
  ['access-token-refused', 'tokens'],
  ['authorization-server-down', 'tokens'],
  ['credential-store-down', 'approach-2'],
]);
/** What a test without media, and without a timer of its own, need not meet. */
const NOT_MET = 'relay-';
const MET_METHODS: readonly unknown[] = [undefined, 'REGISTER', 'INVITE', 'Allocate', 3];
/** JsSIP waits two seconds before it connects again, longer each time. */
const RECONNECT = '{ timeoutMs: 20_000 }';

interface Fault {
  readonly request: Readonly<Record<string, unknown>>;
  readonly name: string;
}

/** Causes a fault, or ends one, and expects what it did by itself. */
export function writeFault(draft: Draft, action: StoryAction): void {
  const { request, ended } = action.detail;
  if (ended === 'all') {
    draft.faults.splice(0);
    draft.write('lab.faults.clear();');
  } else if (isRequest(ended)) {
    const place = draft.faults.findIndex((fault) => isSame(fault.request, ended));
    const [fault] = place < 0 ? [] : draft.faults.splice(place, 1);
    if (fault) draft.write(`${fault.name}.clear();`);
  } else if (isRequest(request)) {
    writeNewFault(draft, action, request);
  }
}

/** Expects the hits of faults that followed an action, each once. */
export function writeHits(draft: Draft, action: StoryAction): void {
  const told = new Set<unknown>();
  for (const { kind, user, method } of draft.story.hitsAfter(action)) {
    const isMet =
      !String(kind).startsWith(NOT_MET) &&
      (MET_METHODS.includes(method) || (method === 'OPTIONS' && action.kind === 'refresh'));
    const isOurs = user === undefined || draft.labUsers.has(user);
    if (told.has(kind) || !isMet || !isOurs) continue;
    told.add(kind);
    draft.waitFor('fault-fired', { kind, ...(user !== undefined && { user }) });
  }
}

function writeNewFault(draft: Draft, action: StoryAction, request: Fault['request']): void {
  const { kind, user } = request;
  draft.titles.push(`fault ${String(kind)}`);
  if (typeof user === 'string') draft.users(user);
  const need = NEEDS.get(kind);
  if (need) draft.labNeeds.add(need);
  const endsLater = draft.story.actions.some(
    ({ kind: other, detail }) => other === 'fault' && isSame(request, detail.ended),
  );
  const name = endsLater ? draft.names.give('fault') : '';
  draft.writeCall(`${endsLater ? `const ${name} = ` : ''}lab.faults.add(`, request);
  const isInstant = (CUT.includes(kind) && request.method === undefined) || ENDS_ALLOCATIONS.includes(kind);
  if (!isInstant) draft.faults.push({ request, name });
  for (const agent of draft.agents.values()) {
    const events = draft.story.afterFault(action, agent.user);
    if (ENDS_ALLOCATIONS.includes(kind)) writeEnded(draft, agent.user, events);
    if (isInstant && CUT.includes(kind) && events.some(isRegistration)) {
      draft.waitFor('registered', { user: agent.user }, RECONNECT);
    }
  }
}

function writeEnded(draft: Draft, user: string, events: readonly StoryEvent[]): void {
  const isInCall = draft.calls.some(({ caller, callee, isAnswered }) => isAnswered && [caller, callee].includes(user));
  const ended = events.find(({ type }) => type === 'allocation-ended');
  if (isInCall && ended) draft.waitFor('allocation-ended', { user, cause: ended.cause });
}

function isRequest(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && 'kind' in value;
}

/** What the server lists of a fault has its defaults besides. */
function isSame(request: Fault['request'], ended: unknown): boolean {
  return isRequest(ended) && Object.entries(request).every(([name, value]) => ended[name] === value);
}
