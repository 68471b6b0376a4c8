import { type Approach, type ArrowFacts, type LadderEvent, type Party } from './arrow.ts';
import { causeOf, numberField, textField } from './lab-fields.ts';
import { note } from './note.ts';

/** Sessions of the web server have credentials too; the issuers know them by ids that begin so. */
const OF_WEB_SERVER = 'wwsf ';

/** What the edge, or the web server for a page, has made. Under approach 2 the making is an event of its own. */
export function credentialIssued(
  event: LadderEvent,
  { approach }: { readonly approach: Approach },
): ArrowFacts | undefined {
  const at = makerOf(event);
  if (event.kind === 'oauth') {
    const text = [nameLine(event), endLine(event), 'token: encrypted for the TURN server'].join('\n');
    return note(event, at, 'Makes access token, session key and kid', 'good', text);
  }
  if (approach === 'delivered') return undefined;
  const via = textField(event, 'via');
  const text = [
    nameLine(event),
    endLine(event),
    'p: HASH(u + t, Km); only the WIC is told it',
    via === undefined ? `for: ${textField(event, 'impi') ?? ''}` : `for: ${via} of ${textField(event, 'aor') ?? ''}`,
  ].join('\n');
  return note(event, at, 'Makes u, t and p = HASH(u + t, Km)', 'good', text);
}

export function credentialMade(event: LadderEvent): ArrowFacts {
  const text = [nameLine(event), endLine(event), 'p: random; only the WIC is told it'].join('\n');
  return note(event, makerOf(event), 'Makes u and p at random', 'good', text);
}

export function credentialDelivered(event: LadderEvent): ArrowFacts {
  const text = [nameLine(event), endLine(event), `store: ${textField(event, 'store') ?? ''}`].join('\n');
  return toStore(event, 'Delivers u and the key of p, good until t', 'good', text);
}

export function deliveryFailed(event: LadderEvent): ArrowFacts {
  return toStore(event, `Not delivered${causeOf(event)}`, 'failure', nameLine(event));
}

function toStore(event: LadderEvent, title: string, look: ArrowFacts['look'], text: string): ArrowFacts {
  const { user, atUnixMs, type: label } = event;
  return {
    kind: 'delivery',
    from: makerOf(event),
    to: 'store',
    user,
    label,
    title,
    text,
    look,
    routine: false,
    atUnixMs,
    event,
  };
}

function makerOf(event: LadderEvent): Party {
  return textField(event, 'registrationId')?.startsWith(OF_WEB_SERVER) ? 'wwsf' : 'edge';
}

function nameLine(event: LadderEvent): string {
  return `u: ${textField(event, 'name') ?? ''}`;
}

function endLine(event: LadderEvent): string {
  const endSec = numberField(event, 'expiresAtSec') ?? 0;
  const date = new Date(endSec * 1000);
  const text = Number.isNaN(date.getTime()) ? 'beyond what a calendar holds' : date.toISOString();
  return `t: ${endSec} (${text})`;
}
