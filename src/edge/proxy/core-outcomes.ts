import { type SipRequest } from '../../sip/message.ts';
import { type CoreOutcome } from '../core/ims-core.ts';
import { type Hop } from '../hop.ts';
import { type MessageTracer } from '../message-trace.ts';

/** Wraps an outcome, so that observers see each response of the core before it takes effect. */
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
