import { describe, expect, it } from 'vitest';
import { OPCODES } from '../../../src/edge/websocket/frame.ts';
import { encodeClose, encodeControl, encodeMessage } from '../../../src/edge/websocket/frame-writer.ts';

describe('a frame writer', () => {
  it.each([
    // RFC 6455 §5.7
    { frame: encodeMessage(OPCODES.text, 'Hello'), hex: '810548656c6c6f' },
    { frame: encodeControl(OPCODES.ping, Buffer.from('Hello')), hex: '890548656c6c6f' },
    { frame: encodeControl(OPCODES.pong), hex: '8a00' },
    { frame: encodeMessage(OPCODES.text, ''), hex: '8100' },
    { frame: encodeMessage(OPCODES.text, 'é€'), hex: '8105c3a9e282ac' },
    { frame: encodeMessage(OPCODES.binary, 'é', Buffer.of(0xff, 0)), hex: '8204c3a9ff00' },
    { frame: encodeClose(), hex: '8800' },
    { frame: encodeClose(1000), hex: '880203e8' },
    { frame: encodeClose(1008, 'é'), hex: '880403f0c3a9' },
  ])('writes $hex', ({ frame, hex }) => {
    expect(frame.toString('hex')).toBe(hex);
  });

  it.each([
    { bytes: 125, header: '827d' },
    { bytes: 126, header: '827e007e' },
    { bytes: 127, header: '827e007f' },
    { bytes: 65_535, header: '827effff' },
    { bytes: 65_536, header: '827f0000000000010000' },
    { bytes: 100_000, header: '827f00000000000186a0' },
  ])('puts a message of $bytes bytes behind $header', ({ bytes, header }) => {
    for (const textBytes of [0, 1, bytes]) {
      const frame = encodeMessage(OPCODES.binary, 'x'.repeat(textBytes), Buffer.alloc(bytes - textBytes, 'y'));
      const payload = 'x'.repeat(textBytes) + 'y'.repeat(bytes - textBytes);
      expect(frame.toString('latin1')).toBe(Buffer.from(header, 'hex').toString('latin1') + payload);
    }
  });
});
