import { parseIp } from '../core/ip.ts';

/** 127.0.0.0/8 or ::1: reachable from this machine only. */
export function isLoopback(address: string): boolean {
  const bytes = parseIp(address);
  if (!bytes) return false;
  return bytes.length === 4 ? bytes[0] === 127 : bytes.every((byte, i) => byte === (i === 15 ? 1 : 0));
}

/** 0.0.0.0 or ::, which stands for every address of the machine. */
export function isWildcard(address: string): boolean {
  return parseIp(address)?.every((byte) => byte === 0) ?? false;
}
