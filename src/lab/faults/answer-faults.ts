import { parseContacts, parseDeltaSeconds } from '../../sip/contact.ts';
import { createResponse } from '../../sip/create-response.ts';
import { type SipRequest, type SipResponse } from '../../sip/message.ts';
import { type DeliveryVerdict } from './sip-verdicts.ts';
import { type FaultTarget } from './active-fault.ts';
import { type FaultRegistry } from './fault-registry.ts';

const INTERVAL_TOO_BRIEF = 423;
/** How much more than was asked for is demanded, and of what when nothing was asked for. */
const MORE_SEC = 60;
const USUAL_SEC = 600;

/** An answer of the edge's own, in the place of what would come of the request. */
export function answerInstead(
  request: SipRequest,
  target: FaultTarget,
  faults: FaultRegistry,
): SipResponse | undefined {
  const fault = faults.take(['sip-answer'], target);
  if (!fault) return undefined;
  const { status, retryAfterSec } = fault.spec;
  const response = createResponse(request, status);
  if (retryAfterSec !== undefined) response.headers.append('Retry-After', String(retryAfterSec));
  if (status === INTERVAL_TOO_BRIEF) {
    response.headers.append('Min-Expires', String((askedExpiresSec(request) ?? USUAL_SEC) + MORE_SEC));
  }
  return response;
}

function askedExpiresSec({ headers }: SipRequest): number | undefined {
  const contacts = parseContacts(headers);
  const [first] = contacts.ok && contacts.value !== '*' ? contacts.value : [];
  return first?.expiresSec ?? parseDeltaSeconds(headers.get('Expires') ?? '');
}

/** Final responses only: a lost "ringing" would use a fault up that was meant for the answer. */
export function deliverOtherwise(
  { status }: SipResponse,
  target: FaultTarget,
  faults: FaultRegistry,
): DeliveryVerdict | undefined {
  if (status < 200) return undefined;
  const fault = faults.take(['answer-lost', 'answer-doubled', 'answer-delayed'], target);
  switch (fault?.spec.kind) {
    case 'answer-lost':
      return { kind: 'drop' };
    case 'answer-doubled':
      return { kind: 'twice' };
    case 'answer-delayed':
      return { kind: 'delay', delayMs: fault.spec.delayMs };
    case undefined:
      return undefined;
  }
}
