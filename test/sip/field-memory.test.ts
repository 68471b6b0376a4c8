import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FieldMemory } from '../../src/sip/field-memory.ts';
import { type SipHeaders, type SipMessage } from '../../src/sip/message.ts';
import { parseSipMessage } from '../../src/sip/parse-message.ts';
import { unwrap } from '../support/unwrap.ts';

const LIMITS = { maxHeaders: 16, maxLineBytes: 400 };

interface Parts {
  readonly uri?: string;
  readonly branch?: string;
  readonly from?: string;
  readonly sequence?: number;
  readonly authorization?: string;
  readonly more?: string;
}

function register({ uri = 'sip:d', branch = 'z9hG4bK1', from = 'a', sequence = 1, ...rest }: Parts = {}): string {
  const authorization = rest.authorization === undefined ? '' : `Authorization: ${rest.authorization}\r\n`;
  return (
    `REGISTER ${uri} SIP/2.0\r\nVia: SIP/2.0/WSS h.invalid;branch=${branch}\r\nMax-Forwards: 70\r\n` +
    `From: <sip:${from}@d>;tag=1\r\nTo: <sip:a@d>\r\nCall-ID: the-call-id-of-this-client\r\nCSeq: ${sequence} REGISTER\r\n` +
    `${authorization}Contact: <sip:a@h.invalid>\r\n${rest.more ?? ''}Content-Length: 0\r\n\r\n`
  );
}

function read(text: string, memory?: FieldMemory): SipMessage {
  return unwrap(parseSipMessage(Buffer.from(text), LIMITS, memory));
}

/** A reader that counts how often it is asked. */
function counting(): { readonly reader: (headers: SipHeaders) => string; readonly asked: () => number } {
  let count = 0;
  return {
    reader: (headers) => {
      count += 1;
      return headers.get('From') ?? '';
    },
    asked: () => count,
  };
}

describe('FieldMemory', () => {
  it('has what was made of a REGISTER made once, whatever branch, CSeq and proof the next ones have', () => {
    const memory = new FieldMemory();
    const { reader, asked } = counting();
    read(register(), memory);
    for (let sequence = 2; sequence < 6; sequence++) {
      const authorization = sequence % 2 === 0 ? `Digest nonce="${sequence}"` : undefined;
      const again = register({
        sequence,
        branch: `z9hG4bK${sequence}`,
        ...(authorization !== undefined && { authorization }),
      });
      const { headers } = read(again, memory);
      expect(headers.areRepeated).toBe(true);
      expect([headers.get('CSeq'), headers.get('Authorization')]).toEqual([`${sequence} REGISTER`, authorization]);
      expect(headers.derive(reader)).toBe('<sip:a@d>;tag=1');
    }
    expect(asked()).toBe(1);
  });

  it('asks once as well where there is nothing to be made', () => {
    const memory = new FieldMemory();
    read(register(), memory);
    let asked = 0;
    const reader = (headers: SipHeaders): string | undefined => {
      asked += 1;
      return headers.get('Subject');
    };
    for (let sequence = 2; sequence < 5; sequence++) {
      expect(read(register({ sequence }), memory).headers.derive(reader)).toBeUndefined();
    }
    expect(asked).toBe(1);
  });

  it.each<[string, Parts]>([
    ['another field', { more: 'X-Other: 1\r\n' }],
    ['another value', { from: 'b' }],
    ['another Request-URI', { uri: 'sip:e' }],
    ['a field that goes on in the next line', { more: 'User-Agent: one\r\n two\r\n' }],
  ])('forgets what it was with %s', (_what, parts) => {
    const memory = new FieldMemory();
    read(register(), memory);
    expect(read(register({ sequence: 2 }), memory).headers.areRepeated).toBe(true);
    const other = read(register({ sequence: 3, ...parts }), memory);
    expect(other.headers.areRepeated).toBe(false);
    expect(other).toEqual(read(register({ sequence: 3, ...parts })));
  });

  it('forgets what it was with a field less, though all others are the same', () => {
    const memory = new FieldMemory();
    read(register(), memory);
    const shorter = register({ sequence: 2 }).replace(/Contact.*\r\nContent-Length.*\r\n/, '');
    const other = read(shorter, memory);
    expect([other.headers.areRepeated, other.headers.has('Contact')]).toEqual([false, false]);
    expect(read(register({ sequence: 3 }), memory).headers.areRepeated).toBe(false);
  });

  it('does not take a line for one that it knows when the next line continues it', () => {
    const memory = new FieldMemory();
    read(register(), memory);
    const folded = register({ sequence: 2 }).replace(
      'Content-Length: 0\r\n',
      'Content-Length: 0\r\nUser-Agent: x\r\n y\r\n',
    );
    expect(read(folded, memory).headers.get('User-Agent')).toBe('x y');
    const goesOn = register({ sequence: 3 }).replace('Max-Forwards: 70\r\n', 'Max-Forwards: 70\r\n 1\r\n');
    expect(read(goesOn, memory).headers.get('Max-Forwards')).toBe('70 1');
  });

  it('makes anew what is asked of fields that were changed since, and keeps what was made of the others', () => {
    const memory = new FieldMemory();
    read(register(), memory);
    const { reader, asked } = counting();
    const { headers } = read(register({ sequence: 2 }), memory);
    headers.derive(reader);
    headers.set('CSeq', '3 REGISTER');
    headers.remove('Route');
    expect([headers.derive(reader), asked()]).toEqual(['<sip:a@d>;tag=1', 1]);
    const copy = headers.clone();
    copy.set('From', '<sip:b@d>');
    expect([copy.derive(reader), headers.derive(reader), asked()]).toEqual(['<sip:b@d>', '<sip:a@d>;tag=1', 2]);
    const without = new Set(['from']);
    for (let sequence = 4; sequence < 8; sequence++) {
      const cut = read(register({ sequence }), memory).headers;
      expect(cut.removeKeys(without)).toBe(true);
      expect(cut.derive(reader)).toBe('');
    }
    expect(asked()).toBe(3);
  });

  it('does not show the next message what a defect was in: limits hold for what is known as for what is new', () => {
    const memory = new FieldMemory();
    const many = 'X: 1\r\n'.repeat(7);
    read(register({ more: many }), memory);
    const tooMany = register({ sequence: 2, authorization: 'Digest a="1"', more: many + many });
    expect(parseSipMessage(Buffer.from(tooMany), LIMITS, memory)).toMatchObject({ reason: 'too-many-headers' });
    expect(read(register({ sequence: 3, more: many }), memory)).toEqual(read(register({ sequence: 3, more: many })));
  });

  it('remembers no proof, and nothing of a message that is larger than any REGISTER', () => {
    const memory = new FieldMemory();
    const large = { more: Array.from({ length: 7 }, (_, i) => `X-${i}: ${'y'.repeat(380)}\r\n`).join('') };
    const huge = { more: large.more + large.more.replaceAll('X-', 'Z-') };
    const limits = { maxHeaders: 64, maxLineBytes: 400 };
    for (const parts of [huge, huge]) {
      const message = unwrap(parseSipMessage(Buffer.from(register(parts)), limits, memory));
      expect(message.headers.areRepeated).toBe(false);
    }
  });

  it('reads each of a series of messages as without a memory', () => {
    const text = fc.constantFrom('a', 'b', 'c');
    const parts = fc.record(
      {
        branch: text,
        from: text,
        sequence: fc.nat(3),
        authorization: text,
        more: fc.constantFrom('', 'X: 1\r\n', 'x:2\n', 'Via: q\r\n', ' z\r\n'),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.array(parts, { maxLength: 8 }), (series) => {
        const memory = new FieldMemory();
        for (const one of series) {
          const bytes = Buffer.from(register(one));
          const [known, fresh] = [parseSipMessage(bytes, LIMITS, memory), parseSipMessage(bytes, LIMITS)];
          expect(known.ok).toBe(fresh.ok);
          if (known.ok && fresh.ok)
            expect([...known.value.headers.entries()]).toEqual([...fresh.value.headers.entries()]);
        }
      }),
    );
  });
});
