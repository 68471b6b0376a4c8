import { type Arrow, type ArrowFacts, type LadderEvent } from './arrow.ts';
import { addressField, numberField, textField } from './lab-fields.ts';

/** The client begins without credentials, or takes up a new nonce: what every healthy exchange has. */
const CHALLENGES: ReadonlySet<number | undefined> = new Set([401, 438]);

/** One STUN message between a WIC and the TURN server. */
export function turnArrow(event: LadderEvent): ArrowFacts {
  const method = textField(event, 'method') ?? '';
  const text = textField(event, 'text');
  const shared = {
    kind: 'turn',
    user: event.user,
    text,
    routine: method === 'Binding',
    atUnixMs: event.atUnixMs,
    origin: turnOrigin(event),
  } as const;
  if (event.direction === 'in') {
    const title = `${method}${requestDetail(method, text)}${viaText(event)}`;
    return { ...shared, from: 'wic', to: 'turn', label: method, title, look: 'plain' };
  }
  const answer = { ...shared, from: 'turn', to: 'wic' } as const;
  const code = numberField(event, 'code');
  if (event.class === 'error' || code !== undefined) {
    const label = `${code ?? 'error'} ${method}`;
    const reason = attribute(text, 'ERROR-CODE')?.replace(/^\d+ ?/, '') ?? '';
    const look = CHALLENGES.has(code) ? 'plain' : 'failure';
    return { ...answer, label, title: reason === '' ? label : `${label}: ${reason}`, look };
  }
  const relayed = attribute(text, 'XOR-RELAYED-ADDRESS');
  const label = `${method} success`;
  return {
    ...answer,
    label,
    title: relayed === undefined ? label : `${label}: relay ${relayed}`,
    look: method === 'Allocate' ? 'good' : 'plain',
  };
}

/** Whether a request brought an access token (RFC 7635). */
export function showsToken({ kind, title }: Arrow): boolean {
  return kind === 'turn' && title.includes(' with ACCESS-TOKEN');
}

/** What the messages of one TURN client have in common. */
export function turnOrigin(event: LadderEvent): string {
  return `${textField(event, 'transport') ?? ''} ${addressField(event, 'client')}`;
}

function requestDetail(method: string, text: string | undefined): string {
  if (text === undefined || method === 'Binding') return '';
  if (attribute(text, 'USERNAME') === undefined) return ' without credentials';
  const hasToken = attribute(text, 'ACCESS-TOKEN') !== undefined;
  if (method === 'Allocate') return hasToken ? ' with ACCESS-TOKEN' : ' with USERNAME';
  if (method === 'Refresh') return attribute(text, 'LIFETIME') === '0' ? ', to give the relay back' : '';
  const peer = attribute(text, 'XOR-PEER-ADDRESS');
  return peer === undefined ? '' : ` for ${peer}`;
}

/** Browsers try several ways at a time, which look the same but for this. */
function viaText(event: LadderEvent): string {
  const transport = textField(event, 'transport');
  return transport === undefined ? '' : ` (${transport.toUpperCase()})`;
}

/** The value on the line of that attribute. */
function attribute(text: string | undefined, name: string): string | undefined {
  const start = `${name}: `;
  return text
    ?.split('\n')
    .find((line) => line.startsWith(start))
    ?.slice(start.length);
}
