import { fail, ok, type Result } from '../base/result.ts';
import { isBlank, isToken, parseDecimal, trimBlanks } from './character-class.ts';

export interface CSeq {
  /** The sequence number, 0 to 2^31 - 1. */
  readonly sequence: number;
  readonly method: string;
}

/** Reads a CSeq value (RFC 3261 §20.16). */
export function parseCSeq(text: string): Result<CSeq, 'malformed'> {
  let end = 0;
  while (end < text.length && !isBlank(text.charCodeAt(end))) end++;
  const sequence = parseDecimal(text.slice(0, end), 0x7fff_ffff);
  const method = trimBlanks(text, end);
  return sequence === undefined || !isToken(method) ? fail('malformed') : ok({ sequence, method });
}

export function formatCSeq({ sequence, method }: CSeq): string {
  return `${sequence} ${method}`;
}
