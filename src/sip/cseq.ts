import { fail, ok, type Result } from '../base/result.ts';
import { isToken, parseDecimal, trimBlanks } from './character-class.ts';

export interface CSeq {
  /** The sequence number, 0 to 2^31 - 1. */
  readonly sequence: number;
  readonly method: string;
}

/** Reads a CSeq value (RFC 3261 §20.16). */
export function parseCSeq(text: string): Result<CSeq, 'malformed'> {
  const blank = text.search(/[ \t]/);
  const sequence = parseDecimal(text.slice(0, Math.max(0, blank)), 0x7fff_ffff);
  const method = trimBlanks(text, Math.max(0, blank));
  return sequence === undefined || !isToken(method) ? fail('malformed') : ok({ sequence, method });
}

export function formatCSeq({ sequence, method }: CSeq): string {
  return `${sequence} ${method}`;
}
