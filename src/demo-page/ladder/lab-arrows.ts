import { type ArrowFacts, type LadderEvent, type Party } from './arrow.ts';
import { addressField, numberField, textField } from './lab-fields.ts';
import { sipArrow } from './sip-arrow.ts';
import { turnArrow } from './turn-arrow.ts';

type Draw = (event: LadderEvent) => ArrowFacts | undefined;
type Look = ArrowFacts['look'];

const PARTIES: ReadonlyMap<unknown, Party> = new Map([
  ['wic', 'wic'],
  ['edge', 'edge'],
  ['core', 'core'],
]);
/** Ends that somebody meant. */
const QUIET_ENDS: ReadonlySet<unknown> = new Set(['deleted-by-client', 'client-closed', 'stopped']);

const DRAWN: ReadonlyMap<string, Draw> = new Map<string, Draw>([
  ['message', message],
  ['turn-message', turnArrow],
  ['flow-opened', (event) => webSocket(event, 'WebSocket', 'WebSocket opened', 'plain')],
  ['flow-closed', flowClosed],
  ['flow-refused', (event) => webSocket(event, 'WebSocket refused', `WebSocket refused${causeOf(event)}`, 'failure')],
  ['credential-issued', credentialIssued],
  ['credential-refused', (event) => note(event, 'edge', `No TURN credential${causeOf(event)}`, 'failure')],
  ['authentication-failed', (event) => note(event, 'core', `Login refused${causeOf(event)}`, 'failure')],
  ['limited', (event) => note(event, 'edge', `Limit reached${causeOf(event)}`, 'failure')],
  ['core-down', (event) => note(event, 'core', `Core down${causeOf(event)}`, 'failure')],
  ['core-up', (event) => note(event, 'core', 'Core up')],
  ['unregistered', unregistered],
  ['allocation-created', allocationCreated],
  ['allocation-ended', allocationEnded],
  ['permission-created', (event) => note(event, 'turn', `Permission for ${textField(event, 'peerAddress') ?? ''}`)],
  ['channel-bound', channelBound],
  [
    'peer-denied',
    (event) => note(event, 'turn', `Peer ${addressField(event, 'peer')} denied${causeOf(event)}`, 'failure'),
  ],
  ['fault-fired', faultFired],
  ['server-restarted', (event) => note(event, 'edge', 'Server restarted', 'fault')],
]);

/** What an event of the lab looks like in the ladder; `undefined` for one that other arrows tell of. */
export function labArrow(event: LadderEvent): ArrowFacts | undefined {
  return DRAWN.get(event.type)?.(event);
}

/** A box at one party. Its label is the type of the event. */
export function note(event: LadderEvent, at: Party, title: string, look: Look = 'plain', text?: string): ArrowFacts {
  const { user, atUnixMs, type: label } = event;
  const origin = textField(event, 'flowId');
  return { kind: 'note', from: at, to: at, user, label, title, text, look, routine: false, atUnixMs, origin, event };
}

function message(event: LadderEvent): ArrowFacts | undefined {
  const [from, to] = [PARTIES.get(event.from), PARTIES.get(event.to)];
  if (!from || !to) return undefined;
  return sipArrow({
    from,
    to,
    user: event.user,
    atUnixMs: event.atUnixMs,
    origin: textField(event, 'flowId'),
    method: textField(event, 'method'),
    status: numberField(event, 'status'),
    text: textField(event, 'text'),
  });
}

function webSocket(event: LadderEvent, label: string, title: string, look: Look): ArrowFacts {
  const isOpening = event.type === 'flow-opened' || event.type === 'flow-refused';
  const [from, to]: [Party, Party] = isOpening || event.cause === 'client' ? ['wic', 'edge'] : ['edge', 'wic'];
  const { user, atUnixMs } = event;
  const origin = textField(event, 'flowId');
  return { kind: 'sip', from, to, user, label, title, look, routine: false, atUnixMs, origin, event };
}

function flowClosed(event: LadderEvent): ArrowFacts {
  const isMeant = event.cause === 'client' || event.cause === 'unregistered';
  const title = `WebSocket closed: ${textField(event, 'cause') ?? ''}, code ${numberField(event, 'code') ?? 'none'}`;
  return webSocket(event, 'WebSocket closed', title, isMeant ? 'plain' : 'failure');
}

function credentialIssued(event: LadderEvent): ArrowFacts {
  const expiresAtSec = numberField(event, 'expiresAtSec') ?? 0;
  const text = [
    `u: ${textField(event, 'name') ?? ''}`,
    `t: ${expiresAtSec} (${timeText(expiresAtSec)})`,
    'p: HASH(u + t, Km); only the WIC is told it',
    `for: ${textField(event, 'via') ?? ''} of ${textField(event, 'aor') ?? ''}`,
  ].join('\n');
  return note(event, 'edge', 'Makes u, t and p = HASH(u + t, Km)', 'good', text);
}

function unregistered(event: LadderEvent): ArrowFacts | undefined {
  const isInMessages = event.cause === 'requested' || event.cause === 'replaced' || event.cause === 'flow-closed';
  return isInMessages ? undefined : note(event, 'core', `Registration ended${causeOf(event)}`, 'failure');
}

function allocationCreated(event: LadderEvent): ArrowFacts {
  const relayed = addressField(event, 'relayed');
  const text = [
    `u, split from USERNAME: ${textField(event, 'turnName') ?? ''}`,
    `key that verified p: ${textField(event, 'keyId') ?? ''}`,
    `relayed address: ${relayed}`,
    `lifetime: ${numberField(event, 'lifetimeSec') ?? ''} s`,
  ].join('\n');
  return note(event, 'turn', `Splits USERNAME, recomputes p, opens relay ${relayed}`, 'good', text);
}

function allocationEnded(event: LadderEvent): ArrowFacts {
  const look = QUIET_ENDS.has(event.cause) ? 'plain' : 'failure';
  return note(event, 'turn', `Relay ${addressField(event, 'relayed')} ended${causeOf(event)}`, look);
}

function channelBound(event: LadderEvent): ArrowFacts {
  const channel = numberField(event, 'channel')?.toString(16) ?? '';
  return note(event, 'turn', `Channel 0x${channel} to ${addressField(event, 'peer')}`);
}

function faultFired(event: LadderEvent): ArrowFacts {
  const kind = textField(event, 'kind') ?? '';
  const detail: unknown = event.detail;
  const facts = new Map<string, unknown>(typeof detail === 'object' && detail !== null ? Object.entries(detail) : []);
  const atTurn = /^(turn|relay|allocation)-/.test(kind) || (kind === 'clock-skew' && facts.get('of') !== 'edge');
  const method = textField(event, 'method');
  const title = `Fault ${kind}${method === undefined ? '' : ` on ${method}`}`;
  const text = [...facts].map(([name, value]) => `${name}: ${String(value)}`).join('\n');
  return note(event, atTurn ? 'turn' : 'edge', title, 'fault', text === '' ? undefined : text);
}

function causeOf(event: LadderEvent): string {
  const cause = textField(event, 'cause');
  return cause === undefined ? '' : `: ${cause}`;
}

function timeText(unixSec: number): string {
  const date = new Date(unixSec * 1000);
  return Number.isNaN(date.getTime()) ? 'beyond what a calendar holds' : date.toISOString();
}
