/**
 * ChannelData (RFC 8656 §12.4) and the first-byte demultiplexing that tells it from STUN (RFC 7983 §7). These run for every media
 * packet: plain numbers in and out, nothing allocated.
 */
export const CHANNEL_DATA_HEADER_BYTES = 4;
export const CHANNEL_MIN = 0x4000;
export const CHANNEL_MAX = 0x4fff;
/** The end of the range before RFC 8656 (RFC 5766 §11), from which older clients, coturn's own among them, still choose. */
export const LEGACY_CHANNEL_MAX = 0x7fff;

/**
 * 64 to 127: first bytes of channel numbers, those of the older range included. A server's port has no other protocol there that they could
 * be taken for; whether such a channel may be bound is for the ChannelBind to say.
 */
export function isChannelData(firstByte: number): boolean {
  return firstByte >= 64 && firstByte <= 127;
}

/** 0 to 3: the two top bits of a STUN message are zero, and methods end at 0x0FF (RFC 8489 §18.2). */
export function isStun(firstByte: number): boolean {
  return firstByte <= 3;
}

/**
 * Payload bytes of the ChannelData message in `bytes[offset, offset + length)`, or -1 when its header claims more than is there. What
 * follows the payload is padding, which UDP allows (RFC 8656 §12.5).
 */
export function channelDataLength(bytes: Uint8Array, offset: number, length: number): number {
  if (length < CHANNEL_DATA_HEADER_BYTES) return -1;
  const payloadBytes = readUint16(bytes, offset + 2);
  return payloadBytes > length - CHANNEL_DATA_HEADER_BYTES ? -1 : payloadBytes;
}

export function channelDataNumber(bytes: Uint8Array, offset: number): number {
  return readUint16(bytes, offset);
}

export function writeChannelDataHeader(into: Uint8Array, offset: number, channel: number, payloadBytes: number): void {
  into[offset] = channel >> 8;
  into[offset + 1] = channel & 0xff;
  into[offset + 2] = payloadBytes >> 8;
  into[offset + 3] = payloadBytes & 0xff;
}

/** `n` rounded up to the next multiple of 4. */
export function paddedLength(n: number): number {
  return (n + 3) & ~3;
}

function readUint16(bytes: Uint8Array, offset: number): number {
  return ((bytes[offset] ?? 0) << 8) | (bytes[offset + 1] ?? 0);
}
