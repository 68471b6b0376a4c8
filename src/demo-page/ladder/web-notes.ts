import { type ArrowFacts, type LadderEvent, type Party } from './arrow.ts';
import { causeOf, textField } from './lab-fields.ts';
import { note } from './note.ts';

const WAYS: ReadonlyMap<unknown, string> = new Map([
  ['password', 'by password'],
  ['openid', 'by an OpenID provider'],
  ['guest', 'as a guest'],
]);

export function signedIn(event: LadderEvent): ArrowFacts {
  const title = `Knows the user, signed in ${WAYS.get(event.by) ?? ''}`;
  return note(event, serverOf(event), title, 'plain', `user: ${textField(event, 'impi') ?? ''}`);
}

export function signInRefused(event: LadderEvent): ArrowFacts {
  return note(event, serverOf(event), `Sign-in refused${causeOf(event)}`, 'failure');
}

export function signedOut(event: LadderEvent): ArrowFacts {
  return note(event, 'wwsf', 'Ends the session');
}

export function tokenIssued(event: LadderEvent): ArrowFacts {
  const isForTurn = event.scope === 'turn';
  const title = isForTurn ? 'Makes access token, session key and kid' : 'Signs a registration token';
  const name = textField(event, 'name');
  const text = [
    `client: ${textField(event, 'client') ?? ''}`,
    ...(name === undefined ? [] : [`u: ${name}`]),
    `user: ${textField(event, 'impi') ?? 'not told'}`,
  ].join('\n');
  return note(event, 'waf', title, 'good', text);
}

export function tokenRefused(event: LadderEvent): ArrowFacts {
  return note(event, 'waf', `No token${causeOf(event)}`, 'failure');
}

function serverOf({ at }: LadderEvent): Party {
  return at === 'waf' ? 'waf' : 'wwsf';
}
