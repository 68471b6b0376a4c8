const PRINTABLE_ASCII = /^[ -~]*$/;

/**
 * The mapping steps of the OpaqueString profile (RFC 8265 §4.2.2): other spaces become U+0020, then NFC. ASCII comes out as it went in. The
 * caller must reject characters that the profile forbids.
 */
export function opaqueString(text: string): string {
  return PRINTABLE_ASCII.test(text) ? text : text.replace(/\p{Zs}/gu, ' ').normalize('NFC');
}
