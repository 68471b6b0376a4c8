import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { paddedLength, writeChannelDataHeader } from '../../src/stun/channel-data.ts';
import { Method } from '../../src/stun/message-type.ts';
import { StreamFramer } from '../../src/stun/stream-framer.ts';
import { StunWriter } from '../../src/stun/writer.ts';
import { data } from '../../src/stun/attributes/rfc8656.ts';
import { RFC5769_REQUEST } from '../vectors/rfc5769.ts';
import { hex } from '../vectors/hex.ts';

const MAX_FRAME_BYTES = 2000;

function framer(maxFrameBytes = MAX_FRAME_BYTES): StreamFramer {
  return new StreamFramer({ maxFrameBytes });
}

/** Feeds the chunks; gives what came out as hex, and whether each push was accepted. */
function feed(target: StreamFramer, chunks: readonly Buffer[]): { frames: string[]; accepted: boolean[] } {
  const frames: string[] = [];
  const accepted = chunks.map((chunk) => target.push(chunk, (frame) => frames.push(frame.toString('hex'))));
  return { frames, accepted };
}

function channelData(payload: Uint8Array): Buffer {
  const frame = Buffer.alloc(4 + payload.length);
  writeChannelDataHeader(frame, 0, 0x4001, payload.length);
  frame.set(payload, 4);
  return frame;
}

function onTheWire(frame: Buffer): Buffer {
  return Buffer.concat([frame, Buffer.alloc(paddedLength(frame.length) - frame.length, 0xee)]);
}

const payloads = fc.uint8Array({ maxLength: 1200 });
const anyFrame = fc.oneof(
  payloads.map(channelData),
  payloads.map((payload) =>
    new StunWriter(Method.Send, 'indication', Buffer.alloc(12, 7)).add(data, Buffer.from(payload)).finish(),
  ),
);

function cutAt(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const places = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
  return [0, ...places].map((from, i) => bytes.subarray(from, places[i] ?? bytes.length));
}

describe('StreamFramer', () => {
  it('gives the same frames when it is paused after any of them, however the stream is cut', () => {
    fc.assert(
      fc.property(fc.array(anyFrame, { maxLength: 8 }), fc.array(fc.nat(), { maxLength: 30 }), (sent, cuts) => {
        const target = framer();
        const frames: string[] = [];
        const onFrame = (frame: Buffer): void => {
          frames.push(frame.toString('hex'));
          target.pause();
        };
        for (const chunk of cutAt(Buffer.concat(sent.map(onTheWire)), cuts)) {
          let before = frames.length;
          expect(target.push(chunk, onFrame)).toBe(true);
          while (target.rest.length > 0) {
            expect(frames.length).toBe(before + 1);
            before = frames.length;
            expect(target.push(target.rest, onFrame)).toBe(true);
          }
        }
        expect(frames).toEqual(sent.map((frame) => frame.toString('hex')));
      }),
    );
  });

  it('gives the same frames however the stream is cut, and never holds more than the limit', () => {
    fc.assert(
      fc.property(fc.array(anyFrame, { maxLength: 8 }), fc.array(fc.nat(), { maxLength: 30 }), (sent, cuts) => {
        const target = framer();
        const frames: string[] = [];
        for (const chunk of cutAt(Buffer.concat(sent.map(onTheWire)), cuts)) {
          expect(target.push(chunk, (frame) => frames.push(frame.toString('hex')))).toBe(true);
          expect(target.bufferedBytes).toBeLessThanOrEqual(MAX_FRAME_BYTES);
        }
        expect(frames).toEqual(sent.map((frame) => frame.toString('hex')));
        expect(target.bufferedBytes).toBe(0);
      }),
      { numRuns: 200 },
    );
  });

  it('takes a stream that arrives byte by byte', () => {
    const sent = [RFC5769_REQUEST, channelData(hex('010203')), RFC5769_REQUEST];
    const stream = Buffer.concat(sent.map(onTheWire));
    const { frames } = feed(
      framer(),
      [...stream].map((byte) => Buffer.of(byte)),
    );
    expect(frames).toEqual(sent.map((frame) => frame.toString('hex')));
  });

  it('survives any stream: no throw, and the bytes held stay within the limit', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 10 }),
        fc.constantFrom(0x00, 0x40),
        (chunks, first) => {
          const target = framer(100);
          target.push(Buffer.of(first), () => undefined);
          for (const chunk of chunks) {
            target.push(Buffer.from(chunk), (frame) => {
              expect(frame.length).toBeLessThanOrEqual(100);
            });
            expect(target.bufferedBytes).toBeLessThanOrEqual(100);
          }
        },
      ),
    );
  });

  it('hands out frames that lie whole in a chunk as views of it', () => {
    const chunk = Buffer.concat([RFC5769_REQUEST, RFC5769_REQUEST]);
    const offsets: number[] = [];
    framer().push(chunk, (frame) => {
      expect(frame.buffer).toBe(chunk.buffer);
      offsets.push(frame.byteOffset - chunk.byteOffset);
    });
    expect(offsets).toEqual([0, RFC5769_REQUEST.length]);
  });

  it('hands ChannelData out without its padding, and waits for the padding', () => {
    const target = framer();
    expect(feed(target, [hex('4000 0001 aa')]).frames).toEqual([]);
    expect(feed(target, [hex('000000')]).frames).toEqual(['40000001aa']);
  });

  it('knows an empty ChannelData message and an empty STUN message', () => {
    const empty = new StunWriter(Method.Binding, 'request', Buffer.alloc(12)).finish();
    const { frames } = feed(framer(), [Buffer.concat([hex('40000000'), empty, hex('40000000')])]);
    expect(frames).toEqual(['40000000', empty.toString('hex'), '40000000']);
  });

  it.each([
    ['TLS', '160301'],
    ['a channel number that is reserved', '80000000'],
    ['a STUN length that is no multiple of 4', '00010002'],
  ])('refuses %s at its first bytes', (_, bytes) => {
    const target = framer();
    expect(feed(target, [hex(bytes)])).toEqual({ frames: [], accepted: [false] });
    expect(target.bufferedBytes).toBe(0);
  });

  it('takes a frame of exactly the limit', () => {
    expect(feed(framer(8), [hex('40000004 01020304')]).frames).toEqual(['4000000401020304']);
    expect(feed(framer(8), [hex('40000005 0102030405000000')]).frames).toEqual([]);
  });

  it.each([
    ['ChannelData', '400007fd', 0x7fd + 3],
    ['a STUN message', '00010800', 0x800 + 16],
  ])('steps over %s beyond the limit, however it is cut, holds none of it and counts it once', (_what, head, rest) => {
    const next = channelData(hex('aabb'));
    const bytes = Buffer.concat([hex(head), Buffer.alloc(rest, 0xff), onTheWire(next), hex(head)]);
    for (const size of [1, 3, 7, 500, bytes.length]) {
      let oversized = 0;
      const target = new StreamFramer({ maxFrameBytes: MAX_FRAME_BYTES, onOversized: () => (oversized += 1) });
      const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
        bytes.subarray(i * size, (i + 1) * size),
      );
      const { frames, accepted } = feed(target, chunks);
      expect(frames).toEqual([next.toString('hex')]);
      expect(accepted).not.toContain(false);
      expect(oversized).toBe(2);
      expect(target.bufferedBytes).toBe(0);
    }
  });

  it('delivers what came before the stream broke, and nothing after', () => {
    const target = framer();
    const broken = Buffer.concat([RFC5769_REQUEST, hex('ff'), RFC5769_REQUEST]);
    expect(feed(target, [broken, RFC5769_REQUEST])).toEqual({
      frames: [RFC5769_REQUEST.toString('hex')],
      accepted: [false, false],
    });
  });

  it('holds what has arrived, not what a header promises', () => {
    const target = framer(65_536);
    feed(target, [hex('4000 fffc 01')]);
    expect(target.bufferedBytes).toBe(5);
  });
});
