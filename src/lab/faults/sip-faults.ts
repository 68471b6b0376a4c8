import { type Hop } from '../../edge/hop.ts';
import { type SipMessage, type SipRequest } from '../../sip/message.ts';
import { type LabIdentities } from '../lab-identities.ts';
import { answerInstead, deliverOtherwise } from './answer-faults.ts';
import { ChallengeFaults } from './challenge-faults.ts';
import { type CredentialFaults } from './credential-faults.ts';
import { type FaultRegistry } from './fault-registry.ts';
import { FlowFaults, type FlowPorts } from './flow-faults.ts';
import { SipTargets } from './sip-targets.ts';
import { type DeliveryVerdict, type RequestVerdict, type SipJudge } from './sip-verdicts.ts';

export interface SipFaultsContext extends FlowPorts {
  readonly faults: FaultRegistry;
  readonly identities: LabIdentities;
  readonly credentialFaults: CredentialFaults;
  /** SIP home domain. */
  readonly domain: string;
}

/** Says what faults make of the messages between WICs and the edge of a lab. */
export class SipFaults implements SipJudge {
  readonly #faults: FaultRegistry;
  readonly #credentials: CredentialFaults;
  readonly #challenges: ChallengeFaults;
  readonly #flows: FlowFaults;
  readonly #targets: SipTargets;

  constructor(context: SipFaultsContext) {
    const { faults, identities, credentialFaults, domain } = context;
    this.#faults = faults;
    this.#credentials = credentialFaults;
    this.#challenges = new ChallengeFaults(faults);
    this.#flows = new FlowFaults(faults, context);
    this.#targets = new SipTargets(domain, identities);
  }

  request(request: SipRequest, hop: Hop): RequestVerdict | undefined {
    if (this.#faults.isQuiet) return undefined;
    const target = this.#targets.of(request, hop);
    if (this.#flows.request(target, hop.id)) return { kind: 'drop' };
    const response = answerInstead(request, target, this.#faults);
    if (response) return { kind: 'answer', response };
    this.#challenges.request(request, target, hop);
    return undefined;
  }

  delivery(message: SipMessage, hop: Hop): DeliveryVerdict | undefined {
    if (message.kind === 'request') return undefined;
    const target = this.#targets.of(message, hop);
    this.#challenges.response(message, target, hop);
    this.#credentials.response(message, target);
    return deliverOtherwise(message, target, this.#faults);
  }
}
