import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  CHANNEL_DATA_HEADER_BYTES,
  CHANNEL_MAX,
  CHANNEL_MIN,
  LEGACY_CHANNEL_MAX,
  channelDataLength,
  channelDataNumber,
  isChannelData,
  isStun,
  paddedLength,
  writeChannelDataHeader,
} from '../../src/stun/channel-data.ts';
import { hex } from '../vectors/hex.ts';

describe('ChannelData', () => {
  it.each([
    ['4000 0003 010203', 3, 'unpadded'],
    ['4000 0003 010203 00', 3, 'padded to 4'],
    ['4000 0000', 0, 'empty'],
    ['4000 0003 0102', -1, 'a byte short'],
    ['4000 ffff 00', -1, 'a length far beyond the datagram'],
    ['4000 00', -1, 'no whole header'],
    ['', -1, 'nothing'],
  ])('%s has a payload of %i bytes: %s', (bytes, length) => {
    const datagram = hex(bytes);
    expect(channelDataLength(datagram, 0, datagram.length)).toBe(length);
  });

  it('is read inside its window only, wherever that lies in the buffer', () => {
    const arena = hex('ffff 4001 0002 aabb ffff');
    expect(channelDataNumber(arena, 2)).toBe(0x4001);
    expect(channelDataLength(arena, 2, 6)).toBe(2);
    expect(channelDataLength(arena, 2, 5)).toBe(-1);
  });

  it('a header that was written is read back', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: CHANNEL_MIN, max: CHANNEL_MAX }),
        fc.integer({ min: 0, max: 1500 }),
        fc.integer({ min: 0, max: 8 }),
        (channel, payloadBytes, offset) => {
          const bytes = new Uint8Array(offset + CHANNEL_DATA_HEADER_BYTES + payloadBytes);
          writeChannelDataHeader(bytes, offset, channel, payloadBytes);
          expect(isChannelData(bytes[offset]!)).toBe(true);
          expect(channelDataNumber(bytes, offset)).toBe(channel);
          expect(channelDataLength(bytes, offset, bytes.length - offset)).toBe(payloadBytes);
        },
      ),
    );
  });

  it('a payload never reaches beyond the datagram, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        const length = channelDataLength(bytes, 0, bytes.length);
        expect(length === -1 || (length >= 0 && length <= bytes.length - CHANNEL_DATA_HEADER_BYTES)).toBe(true);
      }),
    );
  });
});

describe('the first byte', () => {
  it('is STUN from 0 to 3, ChannelData from 64 to 127, and neither otherwise', () => {
    const kinds = Array.from({ length: 256 }, (_, byte) => (isStun(byte) ? 'S' : isChannelData(byte) ? 'C' : '.')).join(
      '',
    );
    expect(kinds).toBe(`SSSS${'.'.repeat(60)}${'C'.repeat(64)}${'.'.repeat(128)}`);
  });

  it('tells ChannelData for exactly the channel numbers, those of the older range included', () => {
    expect(
      [CHANNEL_MIN - 1, CHANNEL_MIN, CHANNEL_MAX, LEGACY_CHANNEL_MAX, LEGACY_CHANNEL_MAX + 1].map((channel) =>
        isChannelData(channel >> 8),
      ),
    ).toEqual([false, true, true, true, false]);
  });
});

describe('padding', () => {
  it.each([
    [0, 0],
    [1, 4],
    [3, 4],
    [4, 4],
    [5, 8],
    [65_535, 65_536],
  ])('%i bytes take %i', (bytes, padded) => {
    expect(paddedLength(bytes)).toBe(padded);
  });
});
