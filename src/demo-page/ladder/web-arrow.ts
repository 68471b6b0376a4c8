import { type Grant, JWT_BEARER } from '../../oauth/oauth-words.ts';
import { type ArrowFacts, type LadderEvent, type Party } from './arrow.ts';
import { numberField, textField } from './lab-fields.ts';

const PARTIES: ReadonlyMap<unknown, Party> = new Map([
  ['wic', 'wic'],
  ['wwsf', 'wwsf'],
  ['waf', 'waf'],
]);

interface Words {
  readonly asks: string;
  readonly gets: string;
}

const ACCESS_TOKEN: Words = { asks: 'Asks for an access token', gets: 'access token, session key and kid' };
const REGISTRATION_TOKEN: Words = { asks: 'Asks for a registration token', gets: 'registration token' };
const CREDENTIAL: Words = { asks: 'Asks for a TURN credential', gets: 'TURN credential' };
const TOKEN: Words = { asks: 'Asks for a token', gets: 'token' };
const CODE: Words = { asks: 'Asks for a code', gets: 'code' };

const WORDS: ReadonlyMap<string, Words> = new Map([
  ['login', { asks: 'Logs in', gets: 'logged in' }],
  ['guest', { asks: 'Asks for an identity as a guest', gets: 'identity, lent' }],
  ['logout', { asks: 'Logs out', gets: 'logged out' }],
  ['registration-token', REGISTRATION_TOKEN],
]);
const BY_SCOPE: ReadonlyMap<unknown, Words> = new Map([
  ['turn', ACCESS_TOKEN],
  ['sip', REGISTRATION_TOKEN],
]);
const GRANT_WORDS = {
  client_credentials: 'client credentials',
  [JWT_BEARER]: 'signed assertion',
  implicit: 'implicit grant',
  authorization_code: 'authorization code',
} as const satisfies Record<Grant, string>;
const GRANTS: ReadonlyMap<unknown, string> = new Map(Object.entries(GRANT_WORDS));
const FIELDS = ['what', 'grant', 'scope', 'form', 'impi', 'error'];

/** A request to the web server or to the authorization server, or its answer. `undefined` for what goes between parties that are not known. */
export function webArrow(event: LadderEvent): ArrowFacts | undefined {
  const [from, to] = [PARTIES.get(event.from), PARTIES.get(event.to)];
  const what = textField(event, 'what');
  if (!from || !to || what === undefined) return undefined;
  const { user, atUnixMs } = event;
  const words = wordsOf(event, what);
  const text = FIELDS.flatMap((name) => {
    const value = textField(event, name);
    return value === undefined ? [] : `${name}: ${value}`;
  }).join('\n');
  const shared = { kind: 'web', from, to, user, text, routine: false, atUnixMs, origin: webOrigin(event) } as const;
  const status = numberField(event, 'status');
  if (status === undefined) {
    const grant = GRANTS.get(event.grant);
    const title = grant === undefined ? words.asks : `${words.asks} (${grant})`;
    return { ...shared, label: what, title, look: 'plain' };
  }
  const label = `${status} ${what}`;
  const error = textField(event, 'error');
  if (status >= 400 || error !== undefined) {
    return { ...shared, label, title: error === undefined ? label : `${label}: ${error}`, look: 'failure' };
  }
  const isForm = what === 'authorization' && status === 200;
  return {
    ...shared,
    label,
    title: `${status}: ${isForm ? 'login form' : words.gets}`,
    look: isForm ? 'plain' : 'good',
  };
}

/** What the requests and answers of one exchange have in common. */
function webOrigin(event: LadderEvent): string {
  return `web ${textField(event, 'exchange') ?? ''}`;
}

function wordsOf({ scope, form, grant }: LadderEvent, what: string): Words {
  if (what === 'turn-credentials') return form === 'token' ? ACCESS_TOKEN : CREDENTIAL;
  if (what === 'authorization' && grant !== 'implicit') return CODE;
  // At the authorization server, who logs in is sent back with what the page has asked for.
  if (what === 'login' && grant !== undefined) {
    const { gets } = grant === 'implicit' ? (BY_SCOPE.get(scope) ?? TOKEN) : CODE;
    return { asks: 'Logs in', gets };
  }
  return WORDS.get(what) ?? BY_SCOPE.get(scope) ?? TOKEN;
}
