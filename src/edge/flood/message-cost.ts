/** Bytes that one token of an allowance pays for. Most messages have one to three thousand. */
const BYTES_PER_TOKEN = 4096;

/** What a message takes of an allowance: one token for each 4 KB begun, since the dearest messages to read are the longest. */
export function messageCost(bytes: number): number {
  return Math.max(1, Math.ceil(bytes / BYTES_PER_TOKEN));
}
