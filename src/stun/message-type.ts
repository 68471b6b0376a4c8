/** STUN methods by their IANA names (RFC 8489 §18.2, RFC 8656 §17, RFC 6062 §6.1). */
export const Method = {
  Binding: 0x001,
  Allocate: 0x003,
  Refresh: 0x004,
  Send: 0x006,
  Data: 0x007,
  CreatePermission: 0x008,
  ChannelBind: 0x009,
  Connect: 0x00a,
  ConnectionBind: 0x00b,
  ConnectionAttempt: 0x00c,
} as const;

export type MessageClass = 'request' | 'indication' | 'success' | 'error';

export const MAGIC_COOKIE = 0x2112a442;
export const HEADER_BYTES = 20;
export const TRANSACTION_ID_BYTES = 12;

const CLASS_BITS = { request: 0x0000, indication: 0x0010, success: 0x0100, error: 0x0110 } as const;

/** The 14-bit type field: the two class bits sit between the method's bits (RFC 8489 §5, figure 3). `method` is 0 to 0xFFF. */
export function encodeMessageType(method: number, messageClass: MessageClass): number {
  return ((method & 0xf80) << 2) | ((method & 0x070) << 1) | (method & 0x00f) | CLASS_BITS[messageClass];
}

export function decodeMessageType(type: number): { method: number; messageClass: MessageClass } {
  const method = ((type & 0x3e00) >> 2) | ((type & 0x00e0) >> 1) | (type & 0x000f);
  return { method, messageClass: classOf(type & 0x0110) };
}

/** Whether a STUN message, as received, is an indication. */
export function isIndication(message: Uint8Array): boolean {
  return ((((message[0] ?? 0) << 8) | (message[1] ?? 0)) & CLASS_BITS.error) === CLASS_BITS.indication;
}

function classOf(bits: number): MessageClass {
  if (bits === CLASS_BITS.request) return 'request';
  if (bits === CLASS_BITS.indication) return 'indication';
  return bits === CLASS_BITS.success ? 'success' : 'error';
}
