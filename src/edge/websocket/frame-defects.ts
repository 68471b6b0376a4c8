/** Why a client's frames are not read on, and the code that says so in the close frame (RFC 6455 §7.4.1). */
export const FRAME_DEFECTS = {
  /** A reserved bit, and no extension was agreed on that gives it a meaning (§5.2). */
  'reserved-bits': 1002,
  /** An opcode that is not assigned (§5.2). */
  opcode: 1002,
  /** A continuation of nothing, or a new message within the fragments of another (§5.4). */
  fragmentation: 1002,
  /** A control frame in fragments, or with more than 125 bytes (§5.5). */
  control: 1002,
  /** A frame of a client that is not masked (§5.1). */
  unmasked: 1002,
  /** A close frame with half a code, or one that may not travel (§7.4). */
  'close-code': 1002,
  /** Text, or the reason in a close frame, that is not UTF-8 (§8.1). */
  utf8: 1007,
  /** A message in more fragments than the limit. */
  fragments: 1008,
  /** A frame in more pieces than the limit. */
  pieces: 1008,
  /** A message longer than the limit. */
  'message-size': 1009,
} as const;

export type FrameDefect = keyof typeof FRAME_DEFECTS;
