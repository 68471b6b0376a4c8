import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FrameReader } from '../../../src/edge/websocket/frame-reader.ts';
import { binary, clientFrame, close, inPieces, more, ping, pong, text } from './support/client-frames.ts';
import { LIMITS, readFrames } from './support/read-frames.ts';

const hex = (value: string): Buffer => Buffer.from(value.replaceAll(' ', ''), 'hex');
const message = (value: Uint8Array | string): string => `message ${Buffer.from(value).toString('hex')}`;

describe('a frame reader', () => {
  it.each([
    // RFC 6455 §5.7
    { frame: '81 85 37fa213d 7f9f4d5158', told: [message('Hello')] },
    { frame: '89 85 37fa213d 7f9f4d5158', told: ['ping 48656c6c6f'] },
    { frame: '8a 85 37fa213d 7f9f4d5158', told: ['pong'] },
    { frame: '01 83 00000000 48656c 80 82 00000000 6c6f', told: [message('Hello')] },
    // The shortest of each.
    { frame: '81 80 37fa213d', told: [message('')] },
    { frame: '82 80 37fa213d', told: [message('')] },
    { frame: '88 80 37fa213d', told: ['close 1005'] },
    { frame: '88 82 00000000 03e8', told: ['close 1000'] },
    // A length may be longer than it must be (§5.2 asks the sender for the shortest; ws takes both).
    { frame: '81 fe 0002 00000000 6869', told: [message('hi')] },
    { frame: '81 ff 0000000000000002 00000000 6869', told: [message('hi')] },
  ])('reads $frame, whole and byte by byte', ({ frame, told }) => {
    const bytes = hex(frame);
    expect(readFrames([bytes])).toEqual({ told, defect: undefined });
    expect(readFrames(inPieces(bytes, 1))).toEqual({ told, defect: undefined });
  });

  it.each([
    { frame: '91 80 00000000', defect: 'reserved-bits' },
    { frame: 'a1 80 00000000', defect: 'reserved-bits' },
    { frame: 'c1 80 00000000', defect: 'reserved-bits' },
    { frame: 'f9 80 00000000', defect: 'reserved-bits' },
    ...[3, 4, 5, 6, 7, 11, 12, 13, 14, 15].map((opcode) => ({ frame: `8${opcode.toString(16)} 80`, defect: 'opcode' })),
    { frame: '81 00', defect: 'unmasked' },
    { frame: '88 00', defect: 'unmasked' },
    { frame: '80 80 00000000', defect: 'fragmentation' },
    { frame: '00 80', defect: 'fragmentation' },
    { frame: '01 80 00000000 81 80', defect: 'fragmentation' },
    { frame: '01 80 00000000 82 80', defect: 'fragmentation' },
    { frame: '08 80', defect: 'control' },
    { frame: '09 80', defect: 'control' },
    { frame: '0a 80', defect: 'control' },
    { frame: '88 fe', defect: 'control' },
    { frame: '89 fe', defect: 'control' },
    { frame: '8a ff', defect: 'control' },
    { frame: '88 81 00000000 03', defect: 'close-code' },
    ...[0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535].map((code) => ({
      frame: close(code).toString('hex'),
      defect: 'close-code',
    })),
    { frame: close(1000, hex('ff')).toString('hex'), defect: 'utf8' },
    { frame: '81 82 00000000 c328', defect: 'utf8' },
    // Half a character is none.
    { frame: '81 81 00000000 c3', defect: 'utf8' },
    // Told before a byte of it has come: 2^16 + 1, 2^32, 2^63 - 1, 2^64 - 1.
    { frame: '82 ff 0000000000010001', defect: 'message-size' },
    { frame: '82 ff 0000000100000000', defect: 'message-size' },
    { frame: '82 ff 7fffffffffffffff', defect: 'message-size' },
    { frame: '82 ff ffffffffffffffff', defect: 'message-size' },
  ])('refuses $frame as $defect, whole and byte by byte', ({ frame, defect }) => {
    const bytes = hex(frame);
    expect(readFrames([bytes])).toEqual({ told: [], defect });
    expect(readFrames(inPieces(bytes, 1))).toEqual({ told: [], defect });
  });

  it.each([1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999])(
    'takes the close code %d, with a reason or without',
    (code) => {
      expect(readFrames([close(code)])).toEqual({ told: [`close ${code}`], defect: undefined });
      expect(readFrames([close(code, 'x'.repeat(123))]).told).toEqual([`close ${code}`]);
    },
  );

  it('reads nothing behind a close frame, a defect, or a stop', () => {
    expect(readFrames([Buffer.concat([text('a'), close(1000), text('b')]), text('c')]).told).toEqual([
      message('a'),
      'close 1000',
    ]);
    const told: string[] = [];
    const reader = new FrameReader(LIMITS, {
      message: (bytes) => {
        told.push(bytes.toString());
        reader.stop();
      },
      ping: () => told.push('ping'),
      pong: () => told.push('pong'),
      peerClosed: () => told.push('close'),
    });
    expect(reader.read(Buffer.concat([text('a'), text('b')]))).toBeUndefined();
    expect(reader.read(clientFrame({ opcode: 3 }))).toBeUndefined();
    expect(told).toEqual(['a']);
    expect(reader.isOver).toBe(true);
  });

  it('serves control frames between the fragments of a message at once', () => {
    const frames = [text('on', false), ping('1'), more('e '), pong(), more('message', true), ping('2')];
    const told = ['ping 31', 'pong', message('one message'), 'ping 32'];
    expect(readFrames([Buffer.concat(frames)]).told).toEqual(told);
    expect(readFrames(inPieces(Buffer.concat(frames), 3)).told).toEqual(told);
  });

  it('checks UTF-8 of a message, not of its fragments', () => {
    const [first, second] = [hex('e282'), hex('ac')];
    expect(readFrames([text(first, false), more(second, true)]).told).toEqual([message('€')]);
    expect(readFrames([text(first, false), more('x', true)]).defect).toBe('utf8');
    expect(readFrames([binary(first, false), more('x', true)]).told).toEqual([message(hex('e28278'))]);
  });

  it.each([
    { what: 'one frame', frames: [binary('x'.repeat(100))], told: 1 },
    { what: 'one frame too long', frames: [binary('x'.repeat(101))], defect: 'message-size' },
    { what: 'fragments', frames: [binary('x'.repeat(60), false), more('x'.repeat(40), true)], told: 1 },
    {
      what: 'fragments too long',
      frames: [binary('x'.repeat(60), false), more('x'.repeat(41), true)],
      defect: 'message-size',
    },
    { what: 'one message after another', frames: [binary('x'.repeat(100)), binary('x'.repeat(100))], told: 2 },
    { what: 'as many fragments', frames: [text('', false), more(''), more(''), more('', true)], told: 1 },
    {
      what: 'a fragment too many',
      frames: [text('', false), more(''), more(''), more(''), more('', true)],
      defect: 'fragments',
    },
  ])('holds messages to 100 bytes and 4 fragments: $what', ({ frames, told = 0, defect }) => {
    const reading = readFrames([Buffer.concat(frames)], { messageBytes: 100, fragments: 4, bufferedChunks: 64 });
    expect(reading.told).toHaveLength(told);
    expect(reading.defect).toBe(defect);
  });

  it('takes a frame in as many pieces as the limit and no more, and counts anew for the next frame', () => {
    const limits = { ...LIMITS, bufferedChunks: 8 };
    const head = text('x'.repeat(9)).subarray(0, 6);
    const payload = inPieces(text('x'.repeat(9)).subarray(6), 1);
    const whole = inPieces(text('x'.repeat(8)), 1);
    expect(readFrames([...whole, ...whole, ...whole], limits).told).toHaveLength(3);
    expect(readFrames([head, ...payload], limits).defect).toBe('pieces');
  });

  it('tells the same however the bytes are cut', () => {
    const frame = fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 200 }).map((value) => text(value)),
      fc.uint8Array({ maxLength: 300 }).map((value) => binary(value)),
      fc.uint8Array({ maxLength: 125 }).map((value) => ping(value)),
      fc.string({ maxLength: 20 }).map((value) => Buffer.concat([text(value, false), ping(), more(value, true)])),
    );
    const limits = { ...LIMITS, bufferedChunks: 1000 };
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 8 }), fc.array(fc.nat(400), { maxLength: 30 }), (frames, cuts) => {
        const bytes = Buffer.concat(frames);
        const at = [0, ...cuts.map((cut) => Math.min(cut, bytes.length)).sort((a, b) => a - b), bytes.length];
        const chunks = at.slice(1).map((end, i) => bytes.subarray(at[i], end));
        expect(readFrames(chunks, limits)).toEqual(readFrames([bytes], limits));
      }),
    );
  });

  it('never throws, whatever comes', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 20 }), (chunks) => {
        readFrames(chunks);
      }),
    );
  });
});
