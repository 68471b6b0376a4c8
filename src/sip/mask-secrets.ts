import { isUtf8 } from 'node:buffer';
import { parseAuthFields } from './auth-params.ts';
import { bodyText } from './body-text.ts';
import { trimBlanks } from './character-class.ts';
import { startLineOf } from './format-message.ts';
import { HeaderField } from './header-field.ts';
import { headerKey } from './header-names.ts';
import { splitList } from './list.ts';
import { SipHeaders, type SipMessage } from './message.ts';
import { endOfParam, parseParams } from './params.ts';

/*
 * Messages for people to read. What is well formed keeps its shape, with the secrets alone taken out; of what is not, more is taken out
 * rather than less, since nobody can say where a secret in it ends.
 */

const MASK = '[masked]';
const QUOTED_MASK = `"${MASK}"`;

/*
 * By the text of a parameter, not its name alone: what looks like a secret inside the quotes of another is taken for one. `response` and
 * `rspauth` let a password be guessed offline; `ik` and `ck` are the keys that IMS AKA leaves to a P-CSCF.
 */
const DIGEST_SECRET = /(?<![\w+/-])(?:response|rspauth|ik|ck)[ \t]*=/i;
const CREDENTIAL_SECRET = /(?:pwd|token)[ \t]*=/i;

const SCHEMES = new Set(['digest', 'bearer', 'basic']);

/** Line breaks and tabs stay. */
const UNPRINTABLE = /[^\t\n\r -~]/g;

type Mask = (value: string) => string;

const MASKS: ReadonlyMap<string, Mask> = new Map([
  ...maskAll(['TURN-Password', 'TURN-Password-Hdr', 'TURN-Token'], () => MASK),
  ...maskAll(['TURN-Cred-Rsp', 'TURN-Cred-Rsp-Hdr'], maskCredential),
  ...maskAll(['Authorization', 'Proxy-Authorization', 'WWW-Authenticate', 'Proxy-Authenticate'], maskAuthorization),
  ...maskAll(['Authentication-Info', 'Proxy-Authentication-Info'], maskDigestParams),
]);

/**
 * The message as it goes on the wire, for a trace: TURN passwords and tokens, digest responses, Bearer tokens, ICE passwords and SRTP keys
 * read `[masked]`. A body that is not UTF-8 is announced as such, and its octets that are not printable ASCII read `\xff`. Content-Length is
 * that of the message itself. Never throws; leaves the message as it is.
 */
export function formatMasked(message: SipMessage): string {
  const headers = new SipHeaders();
  for (const field of message.headers.fields) {
    const { name, key, value } = field;
    const mask = MASKS.get(key);
    headers.appendField(mask ? new HeaderField(name, key, mask(value)) : field);
  }
  const lines = headers.formatLines(message.body.length);
  return `${startLineOf(message)}\r\n${lines}\r\n${formatBody(message)}`;
}

/** Octet by octet where the body is not text, so that secrets are found also in an SDP that stands beside something binary. */
function formatBody(message: SipMessage): string {
  const { body } = message;
  if (isUtf8(body)) return maskSdp(bodyText(message));
  const octets = maskSdp(Buffer.from(body).toString('latin1')).replace(UNPRINTABLE, (octet) => {
    return `\\x${octet.charCodeAt(0).toString(16).padStart(2, '0')}`;
  });
  return `[${body.length} bytes, not UTF-8]\r\n${octets}`;
}

function maskAll(names: readonly string[], mask: Mask): [string, Mask][] {
  return names.map((name) => [headerKey(name), mask]);
}

/** TURN-Cred-Rsp; from the first sign of a secret on where it is malformed. */
function maskCredential(value: string): string {
  if (!parseParams(`;${value}`).ok) {
    const sign = value.search(/pwd|token/i);
    return sign < 0 ? value : value.slice(0, sign) + MASK;
  }
  const params: string[] = [];
  for (let start = 0, end = 0; start <= value.length; start = end + 1) {
    end = endOfParam(value, start);
    params.push(value.slice(start, end));
  }
  return params.map((param) => (CREDENTIAL_SECRET.test(param) ? withMask(param) : param)).join(';');
}

/** A digest keeps all but its proofs; of any other scheme nobody knows what in it is secret. */
function maskAuthorization(value: string): string {
  const fields = parseAuthFields(value);
  // Whoever forgets the scheme has put the token in its place.
  if (!fields || !SCHEMES.has(fields.scheme)) return MASK;
  const scheme = value.slice(0, fields.scheme.length);
  if (fields.rest === '') return scheme;
  return fields.scheme === 'digest' ? `${scheme} ${maskDigestParams(fields.rest)}` : `${scheme} ${MASK}`;
}

function maskDigestParams(rest: string): string {
  // The scheme here is for the parser alone: the Authentication-Info fields have none.
  if (!parseAuthFields(`Digest ${rest}`)?.params) return MASK;
  return splitList(rest)
    .map((param) => (DIGEST_SECRET.test(param) ? withMask(param) : param))
    .join(', ');
}

/** An empty value is no secret, and to see that it is empty may be what the trace is read for. */
function withMask(param: string): string {
  const equals = param.indexOf('=');
  const value = trimBlanks(param, equals + 1);
  return value === '' || value === '""' ? param : param.slice(0, equals + 1) + QUOTED_MASK;
}

/** Secret lines of RFC 8866 §5.12, RFC 4567, RFC 4568 and RFC 8839 §5.4, in any body: trickled candidates come in one that is no SDP. */
function maskSdp(body: string): string {
  return body
    .replace(/^([ \t]*(?:a=(?:ice-pwd|key-mgmt):|k=))[^\r\n]*/gim, `$1${MASK}`)
    .replace(/^([ \t]*a=crypto:)([^\r\n]*)/gim, (_line, name: string, value: string) => {
      const suite = /^\d+[ \t]+[\w-]+[ \t]+inline:/.exec(value);
      return `${name}${suite?.[0] ?? ''}${MASK}`;
    });
}
