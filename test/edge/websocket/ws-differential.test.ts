import { createRequire } from 'node:module';
import { type Writable } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type FrameDefect } from '../../../src/edge/websocket/frame-defects.ts';
import { type FrameLimits } from '../../../src/edge/websocket/frame-reader.ts';
import { fuzz, FUZZ_TIMEOUT_MS } from '../../turn/hardening/fuzz-run.ts';
import { clientFrame } from './support/client-frames.ts';
import { readFrames, type Reading } from './support/read-frames.ts';

/** Reads the frames of servers that are built on `ws`. */
type WsReceiver = new (options: object) => Writable;
const { Receiver } = createRequire(import.meta.url)('ws') as { readonly Receiver: WsReceiver };

/** What we call what ws calls by these names. */
const DEFECTS: Readonly<Record<string, readonly FrameDefect[]>> = {
  WS_ERR_UNEXPECTED_RSV_1: ['reserved-bits'],
  WS_ERR_UNEXPECTED_RSV_2_3: ['reserved-bits'],
  WS_ERR_INVALID_OPCODE: ['opcode', 'fragmentation'],
  WS_ERR_EXPECTED_FIN: ['control'],
  WS_ERR_INVALID_CONTROL_PAYLOAD_LENGTH: ['control', 'close-code'],
  WS_ERR_EXPECTED_MASK: ['unmasked'],
  WS_ERR_INVALID_CLOSE_CODE: ['close-code'],
  WS_ERR_INVALID_UTF8: ['utf8'],
  WS_ERR_TOO_MANY_BUFFERED_PARTS: ['fragments', 'pieces'],
  WS_ERR_UNSUPPORTED_MESSAGE_LENGTH: ['message-size'],
  WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH: ['message-size'],
};

function readByWs(chunks: readonly Uint8Array[], limits: FrameLimits) {
  const told: string[] = [];
  const state = { isOver: false };
  const receiver = new Receiver({
    isServer: true,
    maxPayload: limits.messageBytes,
    maxFragments: limits.fragments,
    maxBufferedChunks: limits.bufferedChunks,
  });
  receiver.on('message', (bytes: Buffer) => told.push(`message ${bytes.toString('hex')}`));
  receiver.on('ping', (payload: Buffer) => told.push(`ping ${payload.toString('hex')}`));
  receiver.on('pong', () => told.push('pong'));
  receiver.on('conclude', (code: number) => {
    told.push(`close ${code}`);
    state.isOver = true;
  });
  receiver.on('error', () => undefined);
  for (const chunk of chunks) {
    if (state.isOver || receiver.errored) break;
    receiver.write(Buffer.from(chunk));
  }
  const { errored } = receiver;
  return { told, error: errored && 'code' in errored ? String(errored.code) : undefined };
}

function sameAsWs(reading: Reading, chunks: readonly Uint8Array[], limits: FrameLimits): void {
  const { told, error } = readByWs(chunks, limits);
  expect(reading.told).toEqual(told);
  if (error === undefined) expect(reading.defect).toBeUndefined();
  else expect(DEFECTS[error]).toContain(reading.defect);
}

const payload = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 40 }).map((text) => Buffer.from(text)),
  fc.string({ maxLength: 200 }).map((text) => Buffer.from(text)),
  fc.uint8Array({ maxLength: 140 }).map((bytes) => Buffer.from(bytes)),
  fc.integer({ min: 0, max: 5001 }).map((code) => Buffer.of(code >> 8, code & 0xff)),
);
const mostly = <T>(usual: T, other: fc.Arbitrary<T>): fc.Arbitrary<T> =>
  fc.oneof({ weight: 30, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: other });
const frame = fc
  .record({
    opcode: fc.oneof(
      { weight: 20, arbitrary: fc.constantFrom(0, 0, 1, 1, 1, 2, 9, 10) },
      { weight: 1, arbitrary: fc.nat(15) },
    ),
    payload,
    fin: fc.boolean(),
    rsv: mostly(0, fc.nat(7)),
    mask: fc.oneof(
      { weight: 30, arbitrary: fc.nat(0xffff_ffff) },
      { weight: 1, arbitrary: fc.constantFrom(0, undefined) },
    ),
    lengthBytes: mostly<0 | 2 | 8>(2, fc.constantFrom<(0 | 2 | 8)[]>(0, 8)),
  })
  .map(({ fin, lengthBytes, ...rest }) => {
    const isControl = rest.opcode >= 8;
    const isShort = Buffer.from(rest.payload).length < 126;
    return clientFrame({ ...rest, fin: fin || isControl, ...(isShort || isControl ? {} : { lengthBytes }) });
  });
const limits = fc.record({
  messageBytes: fc.integer({ min: 100, max: 400 }),
  fragments: fc.integer({ min: 1, max: 6 }),
  bufferedChunks: fc.integer({ min: 1, max: 40 }),
});
const damage = fc.array(fc.record({ at: fc.nat(2000), bits: fc.integer({ min: 1, max: 255 }) }), { maxLength: 2 });
const cuts = fc.array(fc.nat(1500), { maxLength: 40 });

/** The bytes in chunks that end at these places; none is empty. */
function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const ends = [...new Set([...places.map((place) => Math.min(place, bytes.length)), bytes.length])];
  ends.sort((a, b) => a - b);
  return ends.map((end, i) => bytes.subarray(ends[i - 1] ?? 0, end)).filter(({ length }) => length > 0);
}

describe('frames, read by us and by ws', () => {
  it(
    'come to the same, whatever they are, however they are cut and wherever they are damaged',
    { timeout: FUZZ_TIMEOUT_MS },
    () =>
      fuzz(
        'frames beside ws',
        fc.property(fc.array(frame, { maxLength: 12 }), damage, cuts, limits, (frames, damages, places, most) => {
          const bytes = Buffer.concat(frames);
          for (const { at, bits } of damages) if (at < bytes.length) bytes[at]! ^= bits;
          const chunks = cut(bytes, places);
          sameAsWs(readFrames(chunks, most), chunks, most);
        }),
      ),
  );

  it('come to the same byte by byte', { timeout: FUZZ_TIMEOUT_MS }, () =>
    fuzz(
      'frames beside ws, byte by byte',
      fc.property(fc.array(frame, { maxLength: 6 }), limits, (frames, most) => {
        const bytes = Buffer.concat(frames);
        const chunks = Array.from(bytes, (_, i) => bytes.subarray(i, i + 1));
        sameAsWs(readFrames(chunks, most), chunks, most);
      }),
    ),
  );
});
