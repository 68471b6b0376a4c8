import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseAuthFields } from '../../src/sip/auth-params.ts';
import { parseContacts } from '../../src/sip/contact.ts';
import { createResponse } from '../../src/sip/create-response.ts';
import { parseCSeq } from '../../src/sip/cseq.ts';
import { parseAuthorization } from '../../src/sip/digest-authorization.ts';
import { createAck, createCancel } from '../../src/sip/hop-requests.ts';
import { splitList } from '../../src/sip/list.ts';
import { formatSipMessage } from '../../src/sip/format-message.ts';
import { type SipMessage } from '../../src/sip/message.ts';
import { parseSipMessage } from '../../src/sip/parse-message.ts';
import { parseNameAddr } from '../../src/sip/name-addr.ts';
import { parseParams } from '../../src/sip/params.ts';
import { clientTransactionKey, serverTransactionKey } from '../../src/sip/transaction/transaction-key.ts';
import { parseCredentialRequest, stripCredentialHeaders } from '../../src/sip/turn-credential.ts';
import { addressOfRecord, parseSipUri } from '../../src/sip/uri.ts';
import { formatSipUri } from './format-sip-uri.ts';
import { parseTurnCredential } from './received-credential.ts';
import { sameSipUri } from '../../src/sip/uri-equality.ts';
import { validateRequest } from '../../src/sip/validate-request.ts';
import { formatVia, parseVia, topVia } from '../../src/sip/via.ts';
import { inviteText, limits, registerText } from './sample-messages.ts';
import { formatText, parseText } from './message-text.ts';

const awkward = fc.constantFrom(
  ...[
    '\r\n',
    '\n',
    '\r',
    '\0',
    ' ',
    '\t',
    ':',
    ';',
    ',',
    '=',
    '"',
    '\\',
    '<',
    '>',
    '%',
    '@',
    '[',
    ']',
    '*',
    '/',
    '?',
    '&',
  ],
  ...[
    'sip:',
    'sips:',
    'SIP/2.0',
    'Via: ',
    '\r\n ',
    '\r\n\r\n',
    'Content-Length: 1\r\n',
    '__proto__',
    'ä',
    '\ud83d\ude00',
    '\ud800',
    '%C3',
  ],
);
const soup = fc.array(fc.oneof(awkward, fc.string({ unit: 'binary', maxLength: 6 })), { maxLength: 30 });
const anyText = soup.map((parts) => parts.join(''));
const mutated = fc
  .tuple(
    fc.constantFrom(registerText, inviteText),
    fc.array(fc.tuple(fc.nat(700), fc.nat(9), awkward), { maxLength: 6 }),
  )
  .map(([text, cuts]) =>
    cuts.reduce((all, [at, length, piece]) => all.slice(0, at) + piece + all.slice(at + length), text),
  );

/** Everything that the edge may do with a message from the network. */
function exercise(message: SipMessage): void {
  const { headers } = message;
  clientTransactionKey(message);
  parseContacts(headers);
  parseCredentialRequest(headers);
  parseTurnCredential(headers);
  for (const [name, value] of headers.entries()) {
    exerciseValue(value);
    headers.getList(name);
  }
  if (message.kind === 'response') return;
  validateRequest(message);
  const via = topVia(headers);
  if (via) serverTransactionKey(message.method, via);
  const answer = createResponse(message, 200);
  const written = [formatText(answer)];
  // Nobody writes a request on the ground of one whose request line was at fault.
  if (message.uri !== '') {
    written.push(formatText(createAck(message, answer)), formatText(createCancel(message)));
  }
  for (const text of written) expect(parseText(text, { maxHeaders: 1000, maxLineBytes: 100_000 }).ok).toBe(true);
  const copy = headers.clone();
  stripCredentialHeaders(copy);
  while (copy.removeFirst('Via') !== undefined);
  expect(copy.has('Via')).toBe(false);
}

function exerciseValue(value: string): void {
  splitList(value);
  parseParams(value);
  parseNameAddr(value);
  parseCSeq(value);
  parseAuthFields(value);
  parseAuthorization(value);
  const via = parseVia(value);
  if (via.ok) expect(parseVia(formatVia(via.value))).toEqual(via);
  const uri = parseSipUri(value);
  if (!uri.ok) return;
  expect(parseSipUri(formatSipUri(uri.value))).toEqual(uri);
  expect(sameSipUri(uri.value, uri.value)).toBe(true);
  addressOfRecord(uri.value);
}

describe('hostile input', () => {
  it('of any kind makes no parser throw', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        exerciseValue(text);
        const result = parseText(text, limits);
        if (result.ok) exercise(result.value);
      }),
      { numRuns: 1000 },
    );
  });

  it('made from good messages makes no parser throw, and what parses can be forwarded as it came', () => {
    let accepted = 0;
    fc.assert(
      fc.property(mutated, (text) => {
        const result = parseText(text, limits);
        const message = result.ok ? result.value : result.request;
        if (!message) return;
        exercise(message);
        if (!result.ok) return;
        accepted++;
        const again = parseSipMessage(formatSipMessage(result.value), limits);
        expect(again.ok && [...again.value.headers.entries()].filter(isNotLength)).toEqual(
          [...result.value.headers.entries()].filter(isNotLength),
        );
        expect(again.ok && again.value.body).toEqual(result.value.body);
      }),
      { numRuns: 700 },
    );
    expect(accepted).toBeGreaterThan(100);
  });

  it('is refused, or read back as it was written, when it repeats one thing 20,000 times', () => {
    for (const unit of [
      '"',
      '\\',
      '<',
      '>',
      ',',
      ';',
      '=',
      ' ',
      '\t',
      ':',
      '/',
      '%41',
      '%',
      '@',
      '"\\',
      '<>',
      ';a=',
      ' ;',
      'a,',
      '&a=b',
      '[',
      'a ',
    ]) {
      const text = unit.repeat(20_000);
      for (const prefix of ['', 'sip:', 'Digest ', 'SIP/2.0/WS a', '"', '<sip:a>', 'sip:a?a=b', '1 ']) {
        exerciseValue(prefix + text);
      }
    }
  });
});

function isNotLength([name]: [string, string]): boolean {
  return !/^(?:content-length|l)$/i.test(name);
}
