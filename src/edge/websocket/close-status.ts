/** The close code of a frame that has none (RFC 6455 §7.4.1); it never travels. */
export const NO_STATUS = 1005;

const FIRST_UNASSIGNED = 1015;

/** Whether a close frame may carry this code: 1000 to 1014 without 1004 to 1006, which never travel, or 3000 to 4999 (RFC 6455 §7.4). */
export function isCloseCode(code: number): boolean {
  if (!Number.isInteger(code) || code < 1000 || code > 4999) return false;
  return code >= 3000 || (code < FIRST_UNASSIGNED && (code < 1004 || code > 1006));
}
