import { type OutboundPorts } from '../../edge/edge-wrap.ts';
import { type Hop } from '../../edge/hop.ts';
import { type Outbound } from '../../edge/outbound.ts';
import { type SipMessage } from '../../sip/message.ts';
import { DelayedMessages } from './delayed-messages.ts';
import { type SipJudge } from './sip-verdicts.ts';

/** Stands before the edge's way out: loses, doubles and delays what goes to WICs. What it keeps back counts as sent. */
export class FaultyOutbound implements Outbound {
  readonly #outbound: Outbound;
  readonly #judge: Pick<SipJudge, 'delivery'>;
  readonly #ports: OutboundPorts;
  readonly #delayed: DelayedMessages;

  /** Delays `maxDelayed` messages at once, and loses further ones. */
  constructor(outbound: Outbound, judge: Pick<SipJudge, 'delivery'>, maxDelayed: number, ports: OutboundPorts) {
    this.#outbound = outbound;
    this.#judge = judge;
    this.#ports = ports;
    this.#delayed = new DelayedMessages(ports.timers, maxDelayed);
  }

  send(message: SipMessage, hop: Hop): boolean {
    const verdict = hop.kind === 'wic' ? this.#judge.delivery(message, hop) : undefined;
    switch (verdict?.kind) {
      case undefined:
        return this.#outbound.send(message, hop);
      case 'drop':
        return true;
      case 'twice':
        return this.#outbound.send(message, hop) && this.#outbound.send(message, hop);
      case 'delay':
        this.#delayed.add(hop.id, this.#ports.clock.now().monotonicMs + verdict.delayMs, () => {
          this.#outbound.send(message, hop);
        });
        return true;
    }
  }

  /** Forgets what is held back for a WebSocket that is gone. */
  flowClosed(flowId: string): void {
    this.#delayed.drop(flowId);
  }
}
