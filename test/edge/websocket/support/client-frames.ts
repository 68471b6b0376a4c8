/** A frame as a client writes it; every part can be made wrong. */
export interface ClientFrame {
  readonly opcode: number;
  readonly payload?: Uint8Array | string;
  readonly fin?: boolean;
  /** RSV1 to RSV3 as a number from 0 to 7. */
  readonly rsv?: number;
  /** `undefined`: not masked. */
  readonly mask?: number | undefined;
  /** The form of the length: as short as it can be, unless given. */
  readonly lengthBytes?: 0 | 2 | 8;
}

const MASK = 0x37fa213d;

export function clientFrame(frame: ClientFrame): Buffer {
  const payload = Buffer.from(frame.payload ?? '');
  const { length } = payload;
  const lengthBytes = frame.lengthBytes ?? (length < 126 ? 0 : length < 65_536 ? 2 : 8);
  const short = lengthBytes === 0 ? length : lengthBytes === 2 ? 126 : 127;
  const mask = 'mask' in frame ? frame.mask : MASK;
  const parts = [
    Buffer.of(
      (frame.fin === false ? 0 : 0x80) | ((frame.rsv ?? 0) << 4) | frame.opcode,
      (mask === undefined ? 0 : 0x80) | short,
    ),
  ];
  if (lengthBytes > 0) {
    const field = Buffer.alloc(8);
    field.writeBigUInt64BE(BigInt(length));
    parts.push(field.subarray(8 - lengthBytes));
  }
  if (mask === undefined) return Buffer.concat([...parts, payload]);
  const key = Buffer.alloc(4);
  key.writeUInt32BE(mask >>> 0);
  return Buffer.concat([...parts, key, payload.map((byte, index) => byte ^ key[index % 4]!)]);
}

export const text = (payload: Uint8Array | string, fin = true): Buffer => clientFrame({ opcode: 1, payload, fin });
export const binary = (payload: Uint8Array | string, fin = true): Buffer => clientFrame({ opcode: 2, payload, fin });
export const more = (payload: Uint8Array | string, fin = false): Buffer => clientFrame({ opcode: 0, payload, fin });
export const ping = (payload: Uint8Array | string = ''): Buffer => clientFrame({ opcode: 9, payload });
export const pong = (payload: Uint8Array | string = ''): Buffer => clientFrame({ opcode: 10, payload });

export function close(code?: number, reason: Uint8Array | string = ''): Buffer {
  if (code === undefined) return clientFrame({ opcode: 8 });
  return clientFrame({ opcode: 8, payload: Buffer.concat([Buffer.of(code >> 8, code & 0xff), Buffer.from(reason)]) });
}

/** Pieces of `size` bytes. */
export function inPieces(bytes: Buffer, size: number): Buffer[] {
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
    Buffer.from(bytes.subarray(i * size, (i + 1) * size)),
  );
}
