import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatMasked } from '../../src/sip/mask-secrets.ts';
import { NO_BODY, SipHeaders, type SipMessage } from '../../src/sip/message.ts';
import { inviteText, limits, lines, parsed, registerText } from './sample-messages.ts';
import { formatText, parseText } from './message-text.ts';

function masked(...text: readonly string[]): string {
  return formatMasked(parsed(lines(...text)));
}

function maskedField(name: string, value: string): string | undefined {
  const headers = new SipHeaders();
  headers.append(name, value);
  const [, line = ''] = formatMasked({ kind: 'response', status: 200, reason: 'OK', headers, body: NO_BODY }).split(
    '\r\n',
  );
  return line.slice(name.length + 2);
}

function maskedBody(body: string | Buffer): string {
  return formatMasked({
    kind: 'response',
    status: 200,
    reason: 'OK',
    headers: new SipHeaders(),
    body: Buffer.from(body),
  }).split('\r\n\r\n')[1]!;
}

describe('a message with its secrets masked', () => {
  it.each([registerText, inviteText])('is the message itself when it holds none', (text) => {
    expect(formatMasked(parsed(text))).toBe(formatText(parsed(text)));
  });

  it('keeps shape, order, spelling and the true Content-Length', () => {
    const sdp = 'v=0\r\na=ice-ufrag:abcd\r\na=ice-pwd:0123456789abcdef012345\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\n';
    const text = masked(
      'INVITE sip:bob@example.com SIP/2.0',
      'v: SIP/2.0/WSS x.invalid;branch=z9hG4bKa',
      'proxy-authorization: Digest username="alice", realm="r", nonce="n", uri="sip:x", response="0123abcd", qop=auth',
      'c: application/sdp',
      `l: ${sdp.length}`,
      '',
      sdp,
    );
    expect(text).toBe(
      lines(
        'INVITE sip:bob@example.com SIP/2.0',
        'v: SIP/2.0/WSS x.invalid;branch=z9hG4bKa',
        'proxy-authorization: Digest username="alice", realm="r", nonce="n", uri="sip:x", response="[masked]", qop=auth',
        'c: application/sdp',
        `l: ${sdp.length}`,
        '',
        sdp.replace('0123456789abcdef012345', '[masked]'),
      ),
    );
  });

  it('leaves the message as it is', () => {
    const message = parsed(registerText);
    message.headers.append('TURN-Password', 'secret');
    const before = formatText(message);
    formatMasked(message);
    expect(formatText(message)).toBe(before);
  });

  it.each([
    ['TURN-Password', 'c2VjcmV0', '[masked]'],
    ['TURN-Token', 'c2VjcmV0', '[masked]'],
    ['turn-password-hdr', '"c2VjcmV0"', '[masked]'],
    [
      'TURN-Cred-Rsp',
      'name="u";pwd="s;\\"e=";lifetime=1;username="1:u";uris="turn:a turn:b"',
      'name="u";pwd="[masked]";lifetime=1;username="1:u";uris="turn:a turn:b"',
    ],
    ['TURN-Cred-Rsp-Hdr', 'name=u; PWD = secret ;TOKEN=t', 'name=u; PWD ="[masked]";TOKEN="[masked]"'],
    ['TURN-Cred-Rsp', 'name="pwd=x";pwd="secret"', 'name="[masked]";pwd="[masked]"'],
    ['TURN-Cred-Rsp', 'error=quota;retry-after=30', 'error=quota;retry-after=30'],
    ['TURN-Cred-Rsp', 'name="u;pwd="secret"', 'name="u;[masked]'],
    ['TURN-Cred-Rsp', 'name="u"; pwd="a", name="v"; pwd="b"', 'name="u"; [masked]'],
    ['TURN-Cred-Rsp', '"""', '"""'],
    ['Authorization', 'Bearer eyJhbGciOi', 'Bearer [masked]'],
    ['Authorization', 'Bearer access_token="eyJh"', 'Bearer [masked]'],
    ['Authorization', 'basic dXNlcjpwYXNz', 'basic [masked]'],
    ['Authorization', 'Digest username="a", response=""', 'Digest username="a", response=""'],
    ['Authorization', 'digest response=abc,cnonce="c"', 'digest response="[masked]", cnonce="c"'],
    ['Authorization', 'Digest response="a", response="b"', 'Digest [masked]'],
    ['Authorization', 'Digest username="a, response="b"', 'Digest [masked]'],
    ['Authorization', '"secret"', '[masked]'],
    ['Authorization', 'eyJhbGciOi', '[masked]'],
    ['Authorization', 'Digest', 'Digest'],
    ['WWW-Authenticate', 'Digest realm="r", nonce="bm9uY2U+ck=", ik="00ff", ck="ff00"', undefined],
    ['Authentication-Info', 'nextnonce="n", rspauth="00ff"', 'nextnonce="n", rspauth="[masked]"'],
    ['Subject', 'pwd="kept"', 'pwd="kept"'],
  ])('shows %s: %s as %s', (name, value, shown) => {
    const wanted = shown ?? 'Digest realm="r", nonce="bm9uY2U+ck=", ik="[masked]", ck="[masked]"';
    expect(maskedField(name, value)).toBe(wanted);
  });

  it.each([
    ['a=ice-pwd:secret', 'a=ice-pwd:[masked]'],
    [
      'a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:c2VjcmV0|2^20|1:4;inline:b3RoZXI=',
      'a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:[masked]',
    ],
    ['a=crypto:odd secret', 'a=crypto:[masked]'],
    ['a=key-mgmt:mikey AQAF', 'a=key-mgmt:[masked]'],
    ['k=clear:secret', 'k=[masked]'],
    ['a=fingerprint:sha-256 00:FF', 'a=fingerprint:sha-256 00:FF'],
    ['a=ice-ufrag:abcd', 'a=ice-ufrag:abcd'],
  ])('shows the line %s of a body as %s', (line, shown) => {
    for (const end of ['\r\n', '\n', '']) {
      expect(maskedBody(`v=0${end || '\n'}${line}${end}`)).toBe(`v=0${end || '\n'}${shown}${end}`);
    }
  });
});

const soup = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '"',
        '\\',
        ';',
        ',',
        '=',
        ' ',
        '\t',
        '<',
        '>',
        'pwd',
        'token',
        'response',
        'a="b"',
        ';x=y',
        ', z="',
        'ä',
      ),
      fc.string({ maxLength: 4 }),
    ),
    { maxLength: 8 },
  )
  .map((parts) => parts.join('').replaceAll(/[\r\n]/g, ''));
const secret = fc
  .array(fc.constantFrom(...'ghijklmnopqrstuvwxyz0123456789'.split('')), { minLength: 16, maxLength: 30 })
  .map((letters) => letters.join(''));
const quotes = fc.constantFrom('', '"');

describe('masking', () => {
  it('leaves no secret behind, whatever stands around it', () => {
    fc.assert(
      fc.property(secret, soup, soup, quotes, (hidden, before, after, quote) => {
        const value = quote + hidden + quote;
        const headers = new SipHeaders();
        headers.append('TURN-Password', `${before}${value}${after}`);
        for (const name of ['TURN-Cred-Rsp', 'TURN-Cred-Rsp-Hdr']) {
          headers.append(name, `name="u";pwd=${value};${after}`);
          headers.append(name, `${before};pwd=${value};${after}`);
          headers.append(name, `${before};token =${value}${after}`);
        }
        for (const name of ['Authorization', 'Proxy-Authorization']) {
          headers.append(name, `Digest ${before}, response=${value}${after}`);
          headers.append(name, `Bearer ${before}${value}${after}`);
          headers.append(name, `${before} ${value}`);
        }
        const body = [
          `a=ice-pwd:${hidden}`,
          `a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:${hidden}|2^20`,
          `a=crypto:${before}${hidden}`,
        ].join('\r\n');
        const message: SipMessage = { kind: 'response', status: 200, reason: 'OK', headers, body: Buffer.from(body) };
        expect(formatMasked(message)).not.toContain(hidden);
      }),
      { numRuns: 2000 },
    );
  });

  it('shows a body that is not text octet by octet, its secrets masked all the same', () => {
    const sms = Buffer.from('0017000791f7ffc8', 'hex');
    expect(maskedBody(sms)).toBe('[8 bytes, not UTF-8]\r\n\\x00\\x17\\x00\\x07\\x91\\xf7\\xff\\xc8');
    const mixed = Buffer.from('--b\r\na=ice-pwd:s3cret\xff\r\nk=clear:s3cret\r\n\xfe\tend', 'latin1');
    const [note, ...shown] = maskedBody(mixed).split('\r\n');
    expect(note).toBe(`[${mixed.length} bytes, not UTF-8]`);
    expect(shown).toEqual(['--b', 'a=ice-pwd:[masked]', 'k=[masked]', '\\xfe\tend']);
  });

  it('never throws, and shows one line for each field', () => {
    const mutated = fc
      .tuple(fc.constantFrom(registerText, inviteText), fc.nat(600), fc.nat(20), soup)
      .map(([text, at, length, piece]) => text.slice(0, at) + piece + text.slice(at + length));
    fc.assert(
      fc.property(mutated, (text) => {
        const result = parseText(text, limits);
        if (!result.ok) return;
        const [head = ''] = formatMasked(result.value).split('\r\n\r\n');
        expect(head.split('\r\n')).toHaveLength(
          result.value.headers.count + (result.value.headers.has('Content-Length') ? 1 : 2),
        );
      }),
    );
  });

  it.each([
    ['Authorization', `Digest ${'response='.repeat(7000)}`],
    ['Authorization', `Digest response=${' '.repeat(60_000)}x`],
    ['TURN-Cred-Rsp', `pwd${' '.repeat(60_000)}`],
    ['TURN-Cred-Rsp', 'pwd="'.repeat(12_000)],
    ['TURN-Cred-Rsp', ';x'.repeat(30_000)],
  ])('takes no longer than its length allows: %s', (name, value) => {
    expect(maskedField(name, value)).toBeDefined();
  });

  it('takes no longer than its length allows, in a body too', () => {
    expect(maskedBody(' \t'.repeat(100_000))).toHaveLength(200_000);
    expect(maskedBody(`a=crypto:1${' '.repeat(100_000)}`)).toBe('a=crypto:[masked]');
    expect(maskedBody(`a=crypto:${'1'.repeat(100_000)}`)).toBe('a=crypto:[masked]');
  });
});
