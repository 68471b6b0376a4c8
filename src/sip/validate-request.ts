import { type Mutable } from '../base/mutable.ts';
import { fail, ok, type Result } from '../base/result.ts';
import { parseDecimal } from './character-class.ts';
import { parseCSeq, type CSeq } from './cseq.ts';
import { type SipRequest } from './message.ts';
import { parseNameAddr, type NameAddr } from './name-addr.ts';
import { topVia, type Via } from './via.ts';

/** The fields that every request must have (RFC 3261 §8.1.1), parsed. */
export interface RequestEssentials {
  /** The topmost Via. */
  readonly via: Via;
  readonly from: NameAddr;
  readonly to: NameAddr;
  readonly callId: string;
  readonly cseq: CSeq;
  /** 0 to 255; absent in requests of old implementations, which is then no defect (RFC 3261 §16.3 step 3). */
  readonly maxForwards?: number;
}

export type RequestDefect =
  | 'malformed-via'
  | 'malformed-from'
  | 'malformed-to'
  | 'malformed-call-id'
  | 'malformed-cseq'
  | 'cseq-method-mismatch'
  | 'malformed-max-forwards'
  | 'repeated-header';

/** Fields of which two would let two readers disagree on what the request is. */
const SINGLE = ['From', 'To', 'Call-ID', 'CSeq', 'Max-Forwards'];

/** The reasonable-syntax check of RFC 3261 §16.3 step 1. A defect deserves a 400, which `createResponse` can make of any parsed request. */
export function validateRequest(request: SipRequest): Result<RequestEssentials, RequestDefect> {
  const { headers } = request;
  const via = topVia(headers);
  if (!via) return fail('malformed-via');
  if (SINGLE.some((name) => headers.isRepeated(name))) return fail('repeated-header');
  const from = parseNameAddr(headers.get('From') ?? '');
  if (!from.ok) return fail('malformed-from');
  const to = parseNameAddr(headers.get('To') ?? '');
  if (!to.ok) return fail('malformed-to');
  const callId = headers.get('Call-ID') ?? '';
  if (callId === '' || /\s/.test(callId)) return fail('malformed-call-id');
  const cseq = parseCSeq(headers.get('CSeq') ?? '');
  if (!cseq.ok) return fail('malformed-cseq');
  if (cseq.value.method !== request.method) return fail('cseq-method-mismatch');
  const maxForwardsText = headers.get('Max-Forwards');
  const maxForwards = maxForwardsText === undefined ? undefined : parseDecimal(maxForwardsText, 255);
  if (maxForwardsText !== undefined && maxForwards === undefined) return fail('malformed-max-forwards');
  const essentials: Mutable<RequestEssentials> = { via, from: from.value, to: to.value, callId, cseq: cseq.value };
  if (maxForwards !== undefined) essentials.maxForwards = maxForwards;
  return ok(essentials);
}
