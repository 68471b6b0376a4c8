import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type FramingError, SipStreamFramer } from '../../../../../src/edge/core/external/transport/stream-framer.ts';
import { parseText } from '../../../../sip/message-text.ts';
import { bodyText } from '../../../../../src/sip/body-text.ts';

const LIMITS = { headBytes: 1000, messageBytes: 3000 };

interface Heard {
  readonly messages: string[];
  pings: number;
  error: FramingError | undefined;
}

function feed(chunks: readonly Buffer[], framer = new SipStreamFramer(LIMITS)): Heard {
  const heard: Heard = { messages: [], pings: 0, error: undefined };
  for (const chunk of chunks) {
    heard.error = framer.push(chunk, {
      message: (bytes) => heard.messages.push(bytes.toString('utf8')),
      ping: () => heard.pings++,
    });
    expect(framer.bufferedBytes).toBeLessThanOrEqual(LIMITS.messageBytes);
  }
  return heard;
}

function feedText(...chunks: readonly string[]): Heard {
  return feed(chunks.map((text) => Buffer.from(text)));
}

function message(body: string, lengthLine = `Content-Length: ${Buffer.byteLength(body)}`): string {
  return `MESSAGE sip:a@b SIP/2.0\r\nCall-ID: x\r\n${lengthLine}\r\nSubject: y\r\n\r\n${body}`;
}

function cutAt(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const places = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
  return [0, ...places].map((from, i) => bytes.subarray(from, places[i] ?? bytes.length));
}

describe('SipStreamFramer', () => {
  it('finds the same messages and pings however the stream is cut', () => {
    const bodies = fc.array(fc.string({ unit: 'grapheme', maxLength: 200 }), { maxLength: 6 });
    fc.assert(
      fc.property(
        bodies,
        fc.constantFrom('', '\r\n', '\r\n\r\n'),
        fc.array(fc.nat(), { maxLength: 40 }),
        (sent, between, cuts) => {
          const stream = Buffer.from(sent.map((body) => between + message(body)).join(''));
          const heard = feed(cutAt(stream, cuts));
          expect(heard.messages).toEqual(sent.map((body) => message(body)));
          expect(heard.pings).toBe(between === '\r\n\r\n' ? sent.length : 0);
          expect(heard.error).toBeUndefined();
        },
      ),
    );
  });

  it('finds messages that come byte by byte', () => {
    const bytes = Buffer.from(message('äöü') + message(''));
    expect(feed([...bytes].map((byte) => Buffer.from([byte]))).messages).toEqual([message('äöü'), message('')]);
  });

  it('never throws, whatever comes, and stays silent after an error', () => {
    const pieces = fc.oneof(
      fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
      fc.constantFrom(
        ...['\r\n', '\n', 'l:', 'Content-Length: ', '5', ' ', 'x', message('ok')].map((text) => Buffer.from(text)),
      ),
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 60 }), (chunks) => {
        const framer = new SipStreamFramer(LIMITS);
        const { error } = feed(chunks, framer);
        if (error === undefined) return;
        const after = feed([Buffer.from(message('later'))], framer);
        expect(after).toEqual({ messages: [], pings: 0, error });
      }),
    );
  });

  it('ends a message where the parser of what comes out ends it', () => {
    const lines = fc.array(
      fc.constantFrom('a: b', 'Content-Length: 3', 'l : 3', ' folded', 'CONTENT-LENGTH:\r\n 3', 'x'),
      {
        maxLength: 6,
      },
    );
    fc.assert(
      fc.property(lines, fc.array(fc.constantFrom('\n', '\r\n'), { minLength: 8, maxLength: 8 }), (fields, ends) => {
        const head = ['BYE sip:a@b SIP/2.0', ...fields, ''].map((line, i) => line + ends[i]!).join('');
        const heard = feedText(`${head}abcBYE sip:next`);
        if (heard.error !== undefined) return;
        expect(heard.messages).toEqual([`${head}abc`]);
        const parsed = parseText(heard.messages[0]!, { maxHeaders: 100, maxLineBytes: 1000 });
        if (parsed.ok) expect(bodyText(parsed.value)).toBe('abc');
      }),
    );
  });

  it.each([
    ['in compact form', 'l: 4'],
    ['in any case, with blanks', 'CONTENT-LENGTH \t:  4  '],
    ['folded', 'Content-Length:\r\n 4'],
    ['twice the same', 'Content-Length: 4\r\nl: 4'],
  ])('reads a Content-Length %s', (_how, line) => {
    expect(feedText(`${message('body', line)}${message('')}`).messages).toEqual([message('body', line), message('')]);
  });

  it.each([
    ['no Content-Length', 'X: y'],
    ['a Content-Length that is no number', 'Content-Length: 4x'],
    ['a negative Content-Length', 'Content-Length: -4'],
    ['two that differ', 'Content-Length: 4\r\nl: 5'],
    ['an empty one', 'Content-Length:'],
  ])('gives the stream up for %s', (_what, line) => {
    expect(feedText(message('body', line))).toEqual({ messages: [], pings: 0, error: 'framing' });
  });

  it.each([
    ['a head without an end', ['A'.repeat(600), 'A'.repeat(600)]],
    ['a head over the limit', [`BYE sip:a SIP/2.0\r\nX: ${'y'.repeat(1000)}\r\n\r\n`]],
    ['a body that is announced over the limit', [message('', 'Content-Length: 2999')]],
    ['a length beyond all numbers', [message('', 'Content-Length: 9007199254740991')]],
  ])('gives the stream up for %s', (_what, chunks) => {
    expect(feedText(...chunks).error).toBe('message-size');
  });

  it.each(['\0\0\0', '\u0016\u0003\u0001', ' BYE sip:a', 'ü'])(
    'knows %j for the beginning of no SIP message',
    (text) => {
      expect(feedText(text).error).toBe('framing');
    },
  );

  it('hands out what came before an error', () => {
    expect(feedText(`${message('one')}\0`)).toEqual({ messages: [message('one')], pings: 0, error: 'framing' });
  });

  it('takes a single CRLF for nothing, and CRLF CRLF for a ping, also in pieces', () => {
    expect(feedText('\r\n').pings).toBe(0);
    expect(feedText('\r', '\n', '\r', '\n').pings).toBe(1);
    expect(feedText('\r\n\r\n\r\n\r\n\r\n').pings).toBe(2);
    expect(feedText(`\r\n${message('')}\r\n`).pings).toBe(0);
  });

  it('hands out nothing more once it is stopped, even of the same chunk', () => {
    const framer = new SipStreamFramer(LIMITS);
    const messages: string[] = [];
    framer.push(Buffer.from(message('1') + message('2')), {
      message: (bytes) => {
        messages.push(bytes.toString());
        framer.stop();
      },
      ping: () => undefined,
    });
    expect(messages).toEqual([message('1')]);
    expect(framer.bufferedBytes).toBe(0);
  });
});
