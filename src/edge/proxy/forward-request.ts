import { isInDialog } from '../../sip/in-dialog.ts';
import { type SipRequest } from '../../sip/message.ts';
import { parseNameAddr } from '../../sip/name-addr.ts';
import { formatVia } from '../../sip/via.ts';
import { type CoreTarget } from '../core/ims-core.ts';
import { type Hop } from '../flow/hop.ts';
import { stripProofs } from './digest-privacy.ts';
import { type Registrations } from '../registration/registrations.ts';
import { type FlowTokens } from './flow-token.ts';
import { type LoopDetection } from './loop-detection.ts';

const MAX_FORWARDS = 70;
/** Requests outside a dialog that cannot make one (RFC 3261 §12, RFC 6665); all others, also unknown ones, get a Record-Route. */
const NO_DIALOG = new Set(['REGISTER', 'MESSAGE', 'OPTIONS', 'PUBLISH', 'INFO', 'BYE', 'ACK', 'CANCEL']);

/** Makes the copies that leave (RFC 3261 §16.6). */
export class RequestForwarder {
  readonly #domain: string;
  readonly #tokens: FlowTokens;
  readonly #loops: LoopDetection;
  readonly #registrations: Registrations;

  constructor(domain: string, tokens: FlowTokens, loops: LoopDetection, registrations: Registrations) {
    this.#domain = domain;
    this.#tokens = tokens;
    this.#loops = loops;
    this.#registrations = registrations;
  }

  /** Steps 1 to 4 and 8 for one target; the body stays byte for byte. `request` is `received` without what is not to go on. */
  forwardCopy(request: SipRequest, received: SipRequest, from: Hop, target: CoreTarget): SipRequest {
    const headers = request.headers.clone();
    const copy: SipRequest = { kind: 'request', method: request.method, uri: target.uri, headers, body: request.body };
    const maxForwards = headers.get('Max-Forwards');
    headers.set(
      'Max-Forwards',
      String(maxForwards === undefined ? MAX_FORWARDS : Math.max(0, Number(maxForwards) - 1)),
    );
    if (from.kind === 'wic') {
      // RFC 3325 §5: a client asserts no identity, and the one it prefers to have asserted is meant for this proxy only.
      headers.remove('P-Asserted-Identity');
      headers.remove('P-Preferred-Identity');
    }
    stripProofs(headers, target.hop);
    if (!NO_DIALOG.has(request.method) && !isInDialog(request)) {
      // RFC 5626 §5.3.1: one entry for each side, so that requests of either find the flow of the other.
      const contact = parseNameAddr(headers.get('Contact') ?? '');
      headers.prepend('Record-Route', this.#recordRoute(from, contact.ok ? contact.value.uri : ''));
      headers.prepend('Record-Route', this.#recordRoute(target.hop, target.uri));
    }
    const params = new Map([['branch', this.#loops.branch(received)]]);
    const { viaTransport } = target.hop;
    headers.prepend('Via', formatVia({ transport: viaTransport, sentBy: { host: this.#domain }, params }));
    return copy;
  }

  #recordRoute(hop: Hop, contactUri: string): string {
    const aor = this.#registrations.aorAt(hop, contactUri);
    return `<sip:${this.#tokens.issue(hop.id, aor)}@${this.#domain};transport=ws;lr>`;
  }
}
