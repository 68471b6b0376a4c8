import { type Approach, type ArrowFacts, type LadderEvent, type Party } from './arrow.ts';
import { credentialDelivered, credentialIssued, credentialMade, deliveryFailed } from './credential-arrows.ts';
import { addressField, causeOf, numberField, textField } from './lab-fields.ts';
import { note, type Look } from './note.ts';
import { sipArrow } from './sip-arrow.ts';
import { turnArrow, turnOrigin } from './turn-arrow.ts';
import { webArrow } from './web-arrow.ts';
import { signedIn, signedOut, signInRefused, tokenIssued, tokenRefused } from './web-notes.ts';

/** What of an arrow its event does not tell. */
export interface DrawContext {
  readonly approach: Approach;
  /** Whether the newest request of the TURN client that the event is about showed an access token. */
  readonly usesToken: boolean;
}

type Draw = (event: LadderEvent, context: DrawContext) => ArrowFacts | undefined;

const PARTIES: ReadonlyMap<unknown, Party> = new Map([
  ['wic', 'wic'],
  ['edge', 'edge'],
  ['core', 'core'],
]);
/** Where a fault hits whose name does not begin with the party's. */
const FAULT_PARTIES: ReadonlyMap<string, Party> = new Map([
  ['authorization-server-down', 'waf'],
  ['credential-store-down', 'store'],
  ['credential-unusable', 'turn'],
  ['access-token-refused', 'turn'],
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
  ['web-message', webArrow],
  ['signed-in', signedIn],
  ['signed-out', signedOut],
  ['sign-in-refused', signInRefused],
  ['token-issued', tokenIssued],
  ['token-refused', tokenRefused],
  ['web-credential-issued', credentialIssued],
  ['credential-made', credentialMade],
  ['credential-delivered', credentialDelivered],
  ['delivery-failed', deliveryFailed],
  ['credential-revoked', (event) => note(event, 'turn', 'Honours u no longer')],
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
export function labArrow(event: LadderEvent, context: DrawContext): ArrowFacts | undefined {
  return DRAWN.get(event.type)?.(event, context);
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

function unregistered(event: LadderEvent): ArrowFacts | undefined {
  const isInMessages = event.cause === 'requested' || event.cause === 'replaced' || event.cause === 'flow-closed';
  return isInMessages ? undefined : note(event, 'core', `Registration ended${causeOf(event)}`, 'failure');
}

function allocationCreated(event: LadderEvent, { usesToken }: DrawContext): ArrowFacts {
  const relayed = addressField(event, 'relayed');
  const keyId = textField(event, 'keyId') ?? '';
  const name = textField(event, 'turnName') ?? '';
  const way = usesToken ? TOKEN : (BY_KEY.get(keyId) ?? SHARED_KEY);
  const text = [
    `${way.name}: ${name}`,
    `${way.key}: ${keyId}`,
    `relayed address: ${relayed}`,
    `lifetime: ${numberField(event, 'lifetimeSec') ?? ''} s`,
  ].join('\n');
  return { ...note(event, 'turn', `${way.does}, opens relay ${relayed}`, 'good', text), origin: turnOrigin(event) };
}

/** How the TURN server has found the key of a request to be right. */
interface Verified {
  readonly does: string;
  readonly name: string;
  readonly key: string;
}

const SHARED_KEY: Verified = {
  does: 'Splits USERNAME, recomputes p',
  name: 'u, split from USERNAME',
  key: 'key that verified p',
};
const TOKEN: Verified = {
  does: 'Opens ACCESS-TOKEN, checks its session key',
  name: 'u, of the holder of the token',
  key: 'kid of the key that opened it',
};
/** Labels of keys that say where they are from. */
const BY_KEY: ReadonlyMap<string, Verified> = new Map([
  ['delivered', { does: 'Finds the key that was delivered for u', name: 'u, the whole of USERNAME', key: 'key' }],
  ['static', { does: 'Finds the key of a long-term user', name: 'user', key: 'key' }],
]);

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
  return note(
    event,
    FAULT_PARTIES.get(kind) ?? (atTurn ? 'turn' : 'edge'),
    title,
    'fault',
    text === '' ? undefined : text,
  );
}
