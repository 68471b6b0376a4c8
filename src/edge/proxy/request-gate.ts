import { type TypedEvents } from '../../base/typed-events.ts';
import { type SipRequest, type SipResponse } from '../../sip/message.ts';
import { type RequestEssentials } from '../../sip/validate-request.ts';
import { type RegisterPath } from '../credential-insertion/register-path.ts';
import { type EdgeEvents } from '../edge-events.ts';
import { type EmergencyServices } from '../emergency-services.ts';
import { type AdmissionControl } from '../flood/admission-control.ts';
import { type Hop } from '../hop.ts';
import { badRequest } from './request-checks.ts';
import { type TransactionLayer } from './transaction-layer.ts';
import { overloaded, tooManyOpen } from './try-later.ts';

export interface RequestGateContext {
  readonly admission: AdmissionControl;
  readonly registerPath: RegisterPath;
  readonly emergency: EmergencyServices;
  readonly layer: TransactionLayer;
  readonly events: TypedEvents<EdgeEvents>;
}

/** Says whether a request is one too many: by what its user asks for, by what a connection may register, by the transactions there are. */
export class RequestGate {
  readonly #context: RequestGateContext;

  constructor(context: RequestGateContext) {
    this.#context = context;
  }

  /** `account`: whose allowance it counts against. A call for help has one of its own, and beyond that what other requests of its user have. */
  refusal(
    request: SipRequest,
    essentials: RequestEssentials,
    hop: Hop,
    account: string,
    isEmergency: boolean,
  ): SipResponse | undefined {
    const { emergency, layer, registerPath } = this.#context;
    const isHelped = isEmergency && emergency.admits(account, layer.nowMs);
    const overfull = request.method === 'REGISTER' ? registerPath : undefined;
    return (
      (isHelped ? undefined : this.#beyondRate(request, essentials, hop, account)) ??
      overfull?.refusal(request, hop) ??
      this.#withoutRoom(request, hop)
    );
  }

  #beyondRate(request: SipRequest, essentials: RequestEssentials, hop: Hop, account: string): SipResponse | undefined {
    const refusal = this.#context.admission.admitRequest(request, essentials, hop, account);
    if (!refusal) return undefined;
    return refusal.kind === 'wait'
      ? overloaded(request, refusal.retryAfterSec)
      : badRequest(request, 'too many authorizations');
  }

  #withoutRoom(request: SipRequest, hop: Hop): SipResponse | undefined {
    const { layer, events } = this.#context;
    const limit = layer.refuses(hop);
    if (!limit) return undefined;
    events.emit('limited', { flowId: hop.id, cause: limit });
    const { retryAfterSec } = layer.context.options;
    return limit === 'transactions' ? overloaded(request, retryAfterSec) : tooManyOpen(request, retryAfterSec);
  }
}
