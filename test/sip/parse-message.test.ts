import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createResponse } from '../../src/sip/create-response.ts';
import { formatSipMessage } from '../../src/sip/format-message.ts';
import { parseSipMessage } from '../../src/sip/parse-message.ts';
import { unwrap } from '../support/unwrap.ts';
import { inviteText, limits, lines, parsed, registerText, request, response } from './sample-messages.ts';
import { formatText, parseText } from './message-text.ts';
import { NO_BODY } from '../../src/sip/message.ts';
import { bodyText } from '../../src/sip/body-text.ts';

const minimal = (startLine: string, ...fields: readonly string[]): string => lines(startLine, ...fields, '', '');

describe('parseSipMessage', () => {
  it('reads the REGISTER of a browser', () => {
    const message = request(registerText);
    expect(message).toMatchObject({ kind: 'request', method: 'REGISTER', uri: 'sip:example.com', body: NO_BODY });
    expect(message.headers.count).toBe(10);
    expect(message.headers.get('t')).toBe('<sip:alice@example.com>');
    expect(message.headers.getList('Supported')).toEqual(['path', 'gruu', 'outbound']);
  });

  it('reads a response, its reason phrase as it is', () => {
    const message = response(minimal('SIP/2.0 200 Tout va bien, œil', 'CSeq: 1 OPTIONS'));
    expect(message).toMatchObject({ kind: 'response', status: 200, reason: 'Tout va bien, œil' });
  });

  it.each([
    ['SIP/2.0 200 ', ''],
    ['SIP/2.0 200', ''],
    ['sip/2.0 699 x  y', 'x  y'],
  ])('reads the status line %j', (startLine, reason) => {
    expect(response(minimal(startLine))).toMatchObject({ reason });
  });

  it('counts Content-Length in UTF-8 bytes and keeps the body as it is', () => {
    expect(bodyText(request(inviteText))).toBe('v=0 ä\n');
  });

  it('takes the rest of the text as the body when Content-Length is absent, as RFC 7118 allows', () => {
    expect(bodyText(parsed(`${minimal('MESSAGE sip:a SIP/2.0', 'Via: x')}hello\r\n\r\nworld`))).toBe(
      'hello\r\n\r\nworld',
    );
  });

  it('drops what lies beyond Content-Length', () => {
    expect(bodyText(parsed(`${minimal('MESSAGE sip:a SIP/2.0', 'l: 3')}äb, and more`))).toBe('äb');
  });

  it('ends the body amid a character where Content-Length does', () => {
    expect(Buffer.from(parsed(`${minimal('MESSAGE sip:a SIP/2.0', 'l: 1')}ä`).body)).toEqual(Buffer.from([0xc3]));
  });

  it('keeps a body of any octets', () => {
    const octets = Buffer.from(Array.from({ length: 256 }, (_, octet) => octet));
    const head = Buffer.from(minimal('MESSAGE sip:ä SIP/2.0', 'Via: x', 'l: 256'));
    const parsedMessage = unwrap(parseSipMessage(Buffer.concat([head, octets, Buffer.from('more')]), limits));
    expect(Buffer.from(parsedMessage.body)).toEqual(octets);
    expect(formatSipMessage(parsedMessage)).toEqual(Buffer.concat([head, octets]));
  });

  it.each([
    ['ends a chunk of its own', 0, true],
    ['is part of a full chunk', 60_000, false],
  ])('keeps of the bytes it came in no more than a head beside a body that %s', (_what, others, isView) => {
    const message = Buffer.from(`${minimal('MESSAGE sip:a SIP/2.0', 'Via: x')}hello`);
    const chunk = Buffer.concat([Buffer.alloc(others), message], Math.max(others + message.length, 5000));
    const own = Buffer.from(new Uint8Array(chunk.subarray(0, others + message.length)).buffer);
    const parsedMessage = unwrap(parseSipMessage(own.subarray(others), limits));
    expect(Buffer.from(parsedMessage.body).toString()).toBe('hello');
    expect(parsedMessage.body.buffer === own.buffer).toBe(isView);
    expect(parsedMessage.body.buffer.byteLength).toBeLessThan(4200);
  });

  it.each([
    ['INVITE sip:a SIP/2.0\r\nVia: x\r\nSubject: \xc3\x28\r\n\r\n', true],
    ['INVITE sip:\xff SIP/2.0\nVia: x\n\nbody\xff\r\n\r\n', true],
    ['SIP/2.0 200 \xff\r\nVia: x\r\n\r\n', false],
    ['INVITE sip:a SIP/2.0\r\nSubject: \xff\r\n\r\n', false],
  ])('refuses a head that is not UTF-8: %j', (octets, isSalvaged) => {
    const result = parseSipMessage(Buffer.from(octets, 'latin1'), limits);
    expect(result).toMatchObject({ ok: false, reason: 'not-utf8' });
    expect(!result.ok && result.request !== undefined).toBe(isSalvaged);
  });

  it('takes U+FFFD in a head for a character like others', () => {
    expect(parsed(minimal('INFO sip:a SIP/2.0', 'Subject: \ufffd')).headers.get('Subject')).toBe('\ufffd');
    expect(bodyText(parsed('INFO sip:a SIP/2.0\nSubject: \ufffd\n\nbody \r\n\r\n \ufffd'))).toBe(
      'body \r\n\r\n \ufffd',
    );
  });

  it('ignores empty lines before the start line', () => {
    expect(parsed(`\r\n\r\n${registerText}`).kind).toBe('request');
  });

  it('accepts bare LF', () => {
    const message = request(inviteText.replaceAll('\r\n', '\n'));
    expect(message.headers.count).toBe(request(inviteText).headers.count);
    expect(formatText(message)).toBe(inviteText);
  });

  it('joins folded lines with one space', () => {
    const message = parsed(
      minimal('OPTIONS sip:a SIP/2.0', 'Subject: I know \t', ' \tyou are', '\t', '  there', 'To :', ' x'),
    );
    expect(message.headers.get('Subject')).toBe('I know you are there');
    expect(message.headers.get('To')).toBe('x');
  });

  it('takes blanks off names and values, but no Unicode space that belongs to the value', () => {
    const message = parsed(minimal('OPTIONS sip:a SIP/2.0', 'Subject \t:\t \u00a0\ufeffx\u00a0 ', 'Empty:'));
    expect(message.headers.get('Subject')).toBe('\u00a0\ufeffx\u00a0');
    expect(message.headers.get('Empty')).toBe('');
  });

  it.each([
    ['', 'empty'],
    ['\r\n\r\n', 'empty'],
    ['garbage', 'incomplete-header'],
    ['INVITE sip:a SIP/2.0', 'incomplete-header'],
    ['INVITE sip:a SIP/2.0\r\nVia: x\r\n', 'incomplete-header'],
    ['INVITE sip:a SIP/2.0\r\nVia: x\r\n a', 'incomplete-header'],
    [minimal('GET / HTTP/1.1'), 'malformed-start-line'],
    [minimal('INVITE  sip:a SIP/2.0'), 'malformed-start-line'],
    [minimal('INVITE sip:a  SIP/2.0'), 'malformed-start-line'],
    [minimal('INVITE sip:a; lr SIP/2.0'), 'malformed-start-line'],
    [minimal('INVITE sip:a SIP/2.0 '), 'malformed-start-line'],
    [minimal(' INVITE sip:a SIP/2.0'), 'malformed-start-line'],
    [minimal('INVITE SIP/2.0'), 'malformed-start-line'],
    [minimal('INVITE  SIP/2.0'), 'malformed-start-line'],
    [minimal('IN"VITE sip:a SIP/2.0'), 'malformed-start-line'],
    [minimal('INVITE sip:\0 SIP/2.0'), 'malformed-start-line'],
    [minimal('INVITE sip:a\tb SIP/2.0'), 'malformed-start-line'],
    [minimal('INVITE sip:a\u007f SIP/2.0'), 'malformed-start-line'],
    [minimal('INVITE sip:a SIP/2.0.1'), 'malformed-start-line'],
    [minimal('INVITE sip:a SIP/x'), 'malformed-start-line'],
    [minimal('SIP/2.0'), 'malformed-start-line'],
    [minimal('SIP/2.0 99 x'), 'malformed-start-line'],
    [minimal('SIP/2.0 099 x'), 'malformed-start-line'],
    [minimal('SIP/2.0 700 x'), 'malformed-start-line'],
    [minimal('SIP/2.0 2000 x'), 'malformed-start-line'],
    [minimal('SIP/2.0  200 x'), 'malformed-start-line'],
    [minimal('SIP/2.0 200 a\0b'), 'malformed-start-line'],
    [minimal('SIP/7.0 200 OK'), 'unsupported-version'],
    [minimal('INVITE sip:a SIP/3.0', 'Via: x'), 'unsupported-version'],
    [minimal('INVITE sip:a SIP/2.0', 'no colon'), 'malformed-header'],
    [minimal('INVITE sip:a SIP/2.0', ': no name'), 'malformed-header'],
    [minimal('INVITE sip:a SIP/2.0', ' folded start line'), 'malformed-header'],
    [minimal('INVITE sip:a SIP/2.0', 'Na me: x'), 'malformed-header'],
    [minimal('INVITE sip:a SIP/2.0', 'Na\0me: x'), 'malformed-header'],
    [minimal('INVITE sip:a SIP/2.0', 'Vïa: x'), 'malformed-header'],
    [minimal('INVITE sip:a SIP/2.0', 'Subject: a\rVia: b'), 'stray-line-break'],
    [minimal('INVITE sip:a SIP/2.0', 'Subject: a\r'), 'stray-line-break'],
    [minimal('INVITE sip:a\r SIP/2.0'), 'stray-line-break'],
    [minimal('INVITE sip:a SIP/2.0', 'Content-Length: 1'), 'content-length-mismatch'],
    [minimal('INVITE sip:a SIP/2.0', 'Content-Length: -1'), 'content-length-mismatch'],
    [minimal('INVITE sip:a SIP/2.0', 'Content-Length: 0x0'), 'content-length-mismatch'],
    [minimal('INVITE sip:a SIP/2.0', 'Content-Length:'), 'content-length-mismatch'],
    [minimal('INVITE sip:a SIP/2.0', `Content-Length: ${'9'.repeat(400)}`), 'content-length-mismatch'],
    [`${minimal('INVITE sip:a SIP/2.0', 'Content-Length: 0', 'l: 2')}ab`, 'content-length-mismatch'],
    [`${minimal('INVITE sip:a SIP/2.0', 'Content-Length: 2', 'l: 0')}ab`, 'content-length-mismatch'],
  ])('answers %j with %s', (text, reason) => {
    expect(parseText(text, limits)).toMatchObject({ ok: false, reason });
  });

  it('accepts a Content-Length that is repeated with the same value', () => {
    expect(bodyText(parsed(`${minimal('INFO sip:a SIP/2.0', 'Content-Length: 2', 'l: 02')}ab`))).toBe('ab');
  });

  it.each(['Content-Length: 5', 'broken line', 'Subject: a\rb'])(
    'hands over what it has read of a request with a Via when it stumbles over %j, so that it can be answered',
    (fault) => {
      const result = parseText(minimal('INVITE sip:a SIP/2.0', 'Via: x;branch=1', 'CSeq: 7 INVITE', fault), limits);
      const partial = result.ok ? undefined : result.request;
      expect([...createResponse(partial!, 400).headers.entries()]).toEqual([
        ['Via', 'x;branch=1'],
        ['CSeq', '7 INVITE'],
      ]);
    },
  );

  it.each(['INVITE sip:a SIP/2.0\r\nbroken\r\n\r\n', 'SIP/2.0 200 OK\r\nVia: x\r\nbroken\r\n\r\n'])(
    'hands nothing over that cannot be answered: %j',
    (text) => {
      expect(parseText(text, limits)).toEqual({ ok: false, reason: 'malformed-header' });
    },
  );

  it('bounds the number of header fields', () => {
    const fields = (count: number): string[] => Array.from({ length: count }, () => 'X: y');
    expect(parseText(minimal('INFO sip:a SIP/2.0', ...fields(100)), limits).ok).toBe(true);
    expect(parseText(minimal('INFO sip:a SIP/2.0', ...fields(101)), limits)).toMatchObject({
      reason: 'too-many-headers',
    });
  });

  it.each([
    ['ASCII', 'a'.repeat(30), 'a'.repeat(31)],
    ['UTF-8', 'ä'.repeat(15), 'ä'.repeat(16)],
    ['folded', `${'a'.repeat(10)}\r\n ${'b'.repeat(19)}`, `${'a'.repeat(10)}\r\n ${'b'.repeat(20)}`],
  ])('bounds a header field by its bytes: %s', (_, fits, exceeds) => {
    const tight = { maxHeaders: 9, maxLineBytes: 'Subject: '.length + 30 };
    expect(parseText(minimal('INFO sip:a SIP/2.0', `Subject: ${fits}`), tight).ok).toBe(true);
    expect(parseText(minimal('INFO sip:a SIP/2.0', `Subject: ${exceeds}`), tight)).toMatchObject({
      reason: 'line-too-long',
    });
  });

  it('bounds a field folded into ever more empty lines', () => {
    const text = minimal('INFO sip:a SIP/2.0', 'Subject: x', ...Array.from({ length: 20_000 }, () => ' '));
    expect(parseText(text, limits)).toMatchObject({ reason: 'line-too-long' });
  });

  it('bounds the start line', () => {
    expect(parseText(minimal(`INFO sip:${'a'.repeat(9000)} SIP/2.0`), limits)).toMatchObject({
      reason: 'line-too-long',
    });
  });

  it('writes what it has read: format after parse is the identity on what format produces', () => {
    const token = fc.stringMatching(/^[A-Za-z0-9.!%*_+`'~-]{1,12}$/);
    const value = fc.stringMatching(/^[!-~äö€](?:[ -~äö€]{0,20}[!-~äö€])?$/);
    const startLine = fc.oneof(
      fc.tuple(token, fc.stringMatching(/^[!-~]{1,20}$/)).map(([method, uri]) => `${method} ${uri} SIP/2.0`),
      fc.tuple(fc.integer({ min: 100, max: 699 }), value).map(([status, reason]) => `SIP/2.0 ${status} ${reason}`),
    );
    const name = token.filter((text) => text.toLowerCase() !== 'l');
    const body = fc.string({ unit: 'grapheme', maxLength: 40 });
    fc.assert(
      fc.property(startLine, fc.array(fc.tuple(name, value), { maxLength: 8 }), body, (first, fields, content) => {
        const text = lines(
          first,
          ...fields.map(([field, text_]) => `${field}: ${text_}`),
          `Content-Length: ${Buffer.byteLength(content)}`,
          '',
          content,
        );
        expect(formatText(parsed(text))).toBe(text);
      }),
      { numRuns: 300 },
    );
  });

  it.each([
    ['A:\n', 'too-many-headers', 'incomplete-header'],
    ['A:\n \n', 'too-many-headers', 'incomplete-header'],
    ['A: \0\n', 'too-many-headers', 'incomplete-header'],
    ['A: ",<\n', 'too-many-headers', 'incomplete-header'],
    [' \n', 'line-too-long', 'incomplete-header'],
    ['\r', 'incomplete-header', 'incomplete-header'],
    ['A:\r\n', 'too-many-headers', 'incomplete-header'],
    ['AAA', 'incomplete-header', 'incomplete-header'],
  ])('answers megabytes of %j with %s, or without limits with %s', (filler, limited, unlimited) => {
    const text = `INFO sip:a SIP/2.0\nVia: x\n${filler.repeat(200_000)}`;
    expect(parseText(text, limits)).toMatchObject({ ok: false, reason: limited });
    expect(parseText(text, { maxHeaders: 1_000_000, maxLineBytes: 10_000_000 })).toMatchObject({
      ok: false,
      reason: unlimited,
    });
  });

  it.each(['\n', '\r\n'])('takes megabytes of %j after the header as the body', (filler) => {
    const body = filler.repeat(200_000);
    expect(bodyText(parsed(`INFO sip:a SIP/2.0\nVia: x\n${filler}${body}`))).toBe(body);
  });
});
