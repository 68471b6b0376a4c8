import { parseAuthFields } from '../../sip/auth-params.ts';
import { trimBlanks } from '../../sip/character-class.ts';
import { type SipHeaders } from '../../sip/message.ts';

/** What a request says with Bearer credentials. `malformed`: they cannot be read, or there is more than one token. */
export type BearerField =
  { readonly kind: 'none' } | { readonly kind: 'token'; readonly token: string } | { readonly kind: 'malformed' };

/** A signed token of an authorization server has about 700; a line of a message is limited too. */
export const MAX_TOKEN_CHARACTERS = 8000;
/** How many Authorization fields are looked at. A client has no use for more than one. */
const MAX_FIELDS = 4;

const BEARER = /^bearer(?![^ \t])/i;
const BEARER_LENGTH = 'bearer'.length;
/** `b64token` of RFC 6750 §2.1, which every kind of token fits. */
const TOKEN = /^[\w\-.~+/]+=*$/;

const NONE: BearerField = { kind: 'none' };
const MALFORMED: BearerField = { kind: 'malformed' };

/**
 * The Bearer token of a request, in either spelling: `Bearer <token>` (RFC 8898 §3) or `Bearer access_token="<token>"` (TS 24.371 A.3.2). Credentials of
 * other schemes beside it play no part.
 */
export function readBearer(headers: SipHeaders): BearerField {
  if (!headers.has('Authorization')) return NONE;
  const values = headers.getAll('Authorization');
  const [first, second] = values.filter((value) => BEARER.test(value));
  if (first === undefined) return NONE;
  if (second !== undefined || values.length > MAX_FIELDS) return MALFORMED;
  const token = tokenIn(first);
  return token === undefined ? MALFORMED : { kind: 'token', token };
}

function tokenIn(value: string): string | undefined {
  const text = trimBlanks(value, BEARER_LENGTH);
  if (text.length > MAX_TOKEN_CHARACTERS) return undefined;
  if (TOKEN.test(text)) return text;
  const token = parseAuthFields(value)?.params?.get('access_token');
  return token !== undefined && TOKEN.test(token) ? token : undefined;
}
