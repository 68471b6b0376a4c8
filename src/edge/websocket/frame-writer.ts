import { FIN, LENGTH_IN_2, LENGTH_IN_8, type Opcode, OPCODES } from './frame.ts';

const EMPTY = new Uint8Array();
/** The first length that 2 bytes cannot tell. */
const TOO_LONG_FOR_2 = 0x1_0000;

/**
 * A whole message in one frame of a server, which masks nothing (RFC 6455 §5.1): `text` in UTF-8, then `body` byte for byte. Header and payload
 * are one buffer, so that they leave by one write.
 */
export function encodeMessage(opcode: Opcode, text: string, body: Uint8Array = EMPTY): Buffer {
  const textBytes = Buffer.byteLength(text);
  const length = textBytes + body.length;
  const headerBytes = length < LENGTH_IN_2 ? 2 : length < TOO_LONG_FOR_2 ? 4 : 10;
  const frame = Buffer.allocUnsafe(headerBytes + length);
  frame[0] = FIN | opcode;
  if (headerBytes === 2) frame[1] = length;
  else if (headerBytes === 4) {
    frame[1] = LENGTH_IN_2;
    frame.writeUInt16BE(length, 2);
  } else {
    frame[1] = LENGTH_IN_8;
    frame.writeUInt32BE(0, 2);
    frame.writeUInt32BE(length, 6);
  }
  // A text of ASCII alone is copied, not converted.
  if (textBytes === text.length) frame.write(text, headerBytes, 'latin1');
  else frame.write(text, headerBytes);
  if (body.length > 0) frame.set(body, headerBytes + textBytes);
  return frame;
}

/** A ping or a pong, with up to 125 bytes (RFC 6455 §5.5). */
export function encodeControl(opcode: Opcode, payload: Uint8Array = EMPTY): Buffer {
  const frame = Buffer.allocUnsafe(2 + payload.length);
  frame[0] = FIN | opcode;
  frame[1] = payload.length;
  frame.set(payload, 2);
  return frame;
}

/** A close frame (RFC 6455 §5.5.1), with nothing in it when there is no code. The reason has up to 123 bytes of UTF-8. */
export function encodeClose(code?: number, reason = ''): Buffer {
  if (code === undefined) return encodeControl(OPCODES.close);
  const payload = Buffer.allocUnsafe(2 + Buffer.byteLength(reason));
  payload.writeUInt16BE(code);
  payload.write(reason, 2);
  return encodeControl(OPCODES.close, payload);
}
