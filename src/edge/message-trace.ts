import { type Clock } from '../base/clock.ts';
import { type TypedEvents } from '../base/typed-events.ts';
import { parseCSeq } from '../sip/cseq.ts';
import { isInDialog } from '../sip/in-dialog.ts';
import { formatMasked } from '../sip/mask-secrets.ts';
import { type SipMessage } from '../sip/message.ts';
import { type EdgeEvents, type Party } from './edge-events.ts';
import { type Hop } from './hop.ts';

/** Gets a copy of each message that a hop sends or receives, as it is on the wire. */
interface MessageMirror {
  copy(message: SipMessage, hop: Hop, direction: 'in' | 'out'): void;
}

interface TracerOptions {
  /** Whether each event carries the text of the message, secrets masked. Default: no. */
  readonly withText?: boolean | undefined;
  readonly mirror?: MessageMirror | undefined;
}

/** Tells observers of each message as it passes between two parties of figure 6.3.3-1. */
export class MessageTracer {
  readonly #events: TypedEvents<EdgeEvents>;
  readonly #clock: Clock;
  readonly #withText: boolean;
  readonly #mirror: MessageMirror | undefined;

  constructor(events: TypedEvents<EdgeEvents>, clock: Clock, { withText = false, mirror }: TracerOptions = {}) {
    this.#events = events;
    this.#clock = clock;
    this.#withText = withText;
    this.#mirror = mirror;
  }

  received(message: SipMessage, hop: Hop): void {
    this.#mirror?.copy(message, hop, 'in');
    this.#trace(message, hop, hop.kind, 'edge');
  }

  sent(message: SipMessage, hop: Hop): void {
    this.#mirror?.copy(message, hop, 'out');
    if (hop.kind === 'core' && wasAskedOfCore(message)) return;
    this.#trace(message, hop, 'edge', hop.kind);
  }

  /** What passes while the core is asked where a request goes. The embedded one has no connection whose traffic could be seen. */
  toCore(message: SipMessage, hop: Hop): void {
    this.#trace(message, hop, 'edge', 'core');
  }

  fromCore(message: SipMessage, hop: Hop): void {
    this.#trace(message, hop, 'core', 'edge');
  }

  #trace(message: SipMessage, hop: Hop, from: Party, to: Party): void {
    if (!this.#events.has('message')) return;
    this.#events.emit('message', {
      direction: to === 'edge' ? 'in' : 'out',
      from,
      to,
      method: message.kind === 'request' ? message.method : methodOf(message.headers.get('CSeq')),
      ...(message.kind === 'response' && { status: message.status }),
      callId: message.headers.get('Call-ID') ?? '',
      flowId: hop.id,
      at: this.#clock.now().unixMs,
      ...(this.#withText && { text: formatMasked(message) }),
    });
  }
}

/** Whether the core was asked where this request goes, and `toCore` has told of it already. */
function wasAskedOfCore(message: SipMessage): boolean {
  return message.kind === 'request' && message.method !== 'CANCEL' && !isInDialog(message);
}

function methodOf(cseqText = ''): string {
  const cseq = parseCSeq(cseqText);
  return cseq.ok ? cseq.value.method : '';
}
