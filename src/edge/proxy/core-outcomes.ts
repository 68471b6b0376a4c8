import { type SipRequest } from '../../sip/message.ts';
import { type CoreOutcome } from '../core/ims-core.ts';
import { type Hop } from '../hop.ts';
import { type MessageTracer } from '../message-trace.ts';

/** The same outcome, with what the core says shown to observers. */
export function tracedOutcome(outcome: CoreOutcome, request: SipRequest, hop: Hop, tracer: MessageTracer): CoreOutcome {
  return {
    respond: (response) => {
      tracer.fromCore(response, hop);
      outcome.respond(response);
    },
    forward: (targets) => {
      for (const target of targets) {
        if (target.hop.kind === 'wic') tracer.fromCore(request, target.hop);
      }
      outcome.forward(targets);
    },
  };
}
