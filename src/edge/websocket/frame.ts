/** What a frame carries (RFC 6455 §5.2). From 8 on they are control frames. */
export const OPCODES = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

export type Opcode = (typeof OPCODES)[keyof typeof OPCODES];

/** The last frame of its message. */
export const FIN = 0x80;
export const OPCODE_BITS = 0x0f;
export const RESERVED_BITS = 0x70;
/** On the second byte: the payload is masked. */
export const MASKED = 0x80;
export const LENGTH_BITS = 0x7f;
/** In place of a length: the next 2 bytes have it, or the next 8. */
export const LENGTH_IN_2 = 126;
export const LENGTH_IN_8 = 127;
export const MASK_BYTES = 4;
/** RFC 6455 §5.5 */
export const MAX_CONTROL_BYTES = 125;
