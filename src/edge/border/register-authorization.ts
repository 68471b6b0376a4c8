import { parseAuthFields } from '../../sip/auth-params.ts';
import { trimBlanks } from '../../sip/character-class.ts';
import { splitList } from '../../sip/list.ts';
import { type SipHeaders } from '../../sip/message.ts';

/** How far the edge vouches for the connection a proof came over (TS 24.229 §5.2.2, SIP digest with TLS). */
export type IntegrityProtection = 'tls-pending' | 'tls-yes';

const FIELDS = ['Authorization', 'Proxy-Authorization'];
/**
 * Parameters with which an edge speaks to the core; a client that wrote them would vouch for itself. `authorization-entity` names the WAF
 * whose token the edge has checked (TS 24.371, draft-holmberg-sipcore-auth-id): with digest there is none, so the edge has none to name.
 */
const EDGE_PARAMS = new Set(['integrity-protected', 'authorization-entity']);
const EDGE_PARAM = /integrity-protected|authorization-entity/i;

/**
 * Takes the edge's own parameters off what a client has sent. All others stay byte for byte; a field that cannot be read and yet mentions
 * one of them is dropped, since the core might read it.
 */
export function dropEdgeParams(headers: SipHeaders): void {
  for (const name of FIELDS) {
    const values = headers.getAll(name);
    if (!values.some((value) => EDGE_PARAM.test(value))) continue;
    headers.remove(name);
    for (const value of values) {
      const cleaned = withoutEdgeParams(value);
      if (cleaned !== undefined) headers.append(name, cleaned);
    }
  }
}

/** Adds `integrity-protected` to each digest proof of a REGISTER; `of` decides by its user name. A request without a proof gets none. */
export function vouchForProofs(headers: SipHeaders, of: (username: string) => IntegrityProtection): void {
  const values = headers.getAll('Authorization');
  const vouched = values.map((value) => {
    const fields = parseAuthFields(value);
    const username = fields?.scheme === 'digest' ? fields.params?.get('username') : undefined;
    const isProof = (fields?.params?.get('response') ?? '') !== '';
    return username === undefined || !isProof ? value : `${value}, integrity-protected="${of(username)}"`;
  });
  if (vouched.every((value, index) => value === values[index])) return;
  headers.remove('Authorization');
  for (const value of vouched) headers.append('Authorization', value);
}

function withoutEdgeParams(value: string): string | undefined {
  if (!EDGE_PARAM.test(value)) return value;
  const fields = parseAuthFields(value);
  // Repeated names make a list unreadable, so the items are judged first and the rest afterwards.
  const items = splitList(fields?.rest ?? '');
  const kept = items.filter(
    (item) => !EDGE_PARAMS.has(trimBlanks(item.slice(0, Math.max(0, item.indexOf('=')))).toLowerCase()),
  );
  const scheme = value.slice(0, fields?.scheme.length ?? 0);
  const text = `${scheme} ${kept.join(', ')}`;
  if (!EDGE_PARAM.test(text)) return text;
  const isReadable = fields !== undefined && parseAuthFields(text)?.params !== undefined;
  return isReadable && isQuotedPlainly(text) ? text : undefined;
}

/** Whether what is left stands in quotes for every reader, also for one that knows no backslash. */
function isQuotedPlainly(text: string): boolean {
  return !text.includes('\\') && !EDGE_PARAM.test(text.replace(/"[^"]*"/g, '""'));
}
