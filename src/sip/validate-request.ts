import { type Mutable } from '../base/mutable.ts';
import { fail, ok, type Result } from '../base/result.ts';
import { parseDecimal } from './character-class.ts';
import { parseCSeq, type CSeq } from './cseq.ts';
import { type SipHeaders, type SipRequest } from './message.ts';
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

const MALFORMED = -1;
const SINGLE = ['From', 'To', 'Call-ID', 'Max-Forwards'];

/** What the fields that a client repeats say. */
interface RepeatedEssentials extends Pick<RequestEssentials, 'from' | 'to' | 'callId'> {
  /** Absent where the field is, `MALFORMED` where it is malformed. */
  readonly maxForwards?: number;
}

/** The reasonable-syntax check of RFC 3261 §16.3 step 1. A defect deserves a 400, which `createResponse` can make of any parsed request. */
export function validateRequest(request: SipRequest): Result<RequestEssentials, RequestDefect> {
  const { headers } = request;
  const via = topVia(headers);
  if (!via) return fail('malformed-via');
  // Two fields would let two readers disagree on what the request is.
  if (headers.isRepeated('CSeq')) return fail('repeated-header');
  const repeated = headers.derive(readRepeated);
  if (!repeated.ok) return repeated;
  const cseq = parseCSeq(headers.get('CSeq') ?? '');
  if (!cseq.ok) return fail('malformed-cseq');
  if (cseq.value.method !== request.method) return fail('cseq-method-mismatch');
  const { from, to, callId, maxForwards } = repeated.value;
  if (maxForwards === MALFORMED) return fail('malformed-max-forwards');
  const essentials: Mutable<RequestEssentials> = { via, from, to, callId, cseq: cseq.value };
  if (maxForwards !== undefined) essentials.maxForwards = maxForwards;
  return ok(essentials);
}

function readRepeated(headers: SipHeaders): Result<RepeatedEssentials, RequestDefect> {
  for (const name of SINGLE) if (headers.isRepeated(name)) return fail('repeated-header');
  const from = parseNameAddr(headers.get('From') ?? '');
  if (!from.ok) return fail('malformed-from');
  const to = parseNameAddr(headers.get('To') ?? '');
  if (!to.ok) return fail('malformed-to');
  const callId = headers.get('Call-ID') ?? '';
  if (callId === '' || /\s/.test(callId)) return fail('malformed-call-id');
  const essentials: Mutable<RepeatedEssentials> = { from: from.value, to: to.value, callId };
  const maxForwards = headers.get('Max-Forwards');
  if (maxForwards !== undefined) essentials.maxForwards = parseDecimal(maxForwards, 255) ?? MALFORMED;
  return ok(essentials);
}
