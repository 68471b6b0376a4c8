/** ISATAP (RFC 5214 §6.1) hides an IPv4 address in the interface identifier `[02]00:5efe:a.b.c.d` under any prefix. Expects 4 or 16 bytes. */
export function isIsatap(bytes: Uint8Array): boolean {
  const universalBit = 0x02;
  return (
    bytes.length === 16 &&
    ((bytes[8] ?? 0) & ~universalBit) === 0 &&
    bytes[9] === 0 &&
    bytes[10] === 0x5e &&
    bytes[11] === 0xfe
  );
}
