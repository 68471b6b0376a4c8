import { HeaderField } from '../../sip/header-field.ts';
import { formatHostPort } from '../../sip/host-port.ts';
import { isInDialog } from '../../sip/in-dialog.ts';
import { type SipHeaders, type SipRequest } from '../../sip/message.ts';
import { parseNameAddr } from '../../sip/name-addr.ts';
import { type Border } from '../border/border.ts';
import { chargingIdIn } from '../border/charging-vector.ts';
import { type CoreTarget } from '../core/ims-core.ts';
import { type DialogOrigin, type DialogRole } from '../flow/dialog-hashes.ts';
import { type FlowTokens } from '../flow/flow-token.ts';
import { type Hop } from '../hop.ts';
import { type CalledDevice, type Registrations } from '../registration/registrations.ts';
import { stripProofs } from './digest-privacy.ts';
import { type EndedDialogs } from './ended-dialogs.ts';
import { type LoopDetection } from './loop-detection.ts';
import { NumberFields } from './number-fields.ts';

const MAX_FORWARDS = 70;
const MAX_FORWARDS_FIELDS = new NumberFields('Max-Forwards', 255);
const MAX_BREADTH_FIELDS = new NumberFields('Max-Breadth', 60);
/** Requests outside a dialog that cannot make one (RFC 3261 §12, RFC 6665); all others, also unknown ones, get a Record-Route. */
const NO_DIALOG = new Set(['REGISTER', 'MESSAGE', 'OPTIONS', 'PUBLISH', 'INFO', 'BYE', 'ACK', 'CANCEL']);
/** RFC 6665 §4.3: a NOTIFY that overtakes the answer to its SUBSCRIBE begins the dialog at the subscriber, which takes the route set from it. */
const EVENTS = new Set(['SUBSCRIBE', 'NOTIFY']);

export interface RequestForwarderContext {
  readonly tokens: FlowTokens;
  readonly loops: LoopDetection;
  readonly registrations: Registrations;
  readonly border: Border;
  readonly ended: EndedDialogs;
}

export interface Forwarding {
  readonly received: SipRequest;
  readonly from: Hop;
  readonly target: CoreTarget;
  /** Its share of Max-Breadth (RFC 5393 §5.3.3). */
  readonly breadth: number;
}

/** Makes the copies that leave (RFC 3261 §16.6). */
export class RequestForwarder {
  readonly #context: RequestForwarderContext;

  constructor(context: RequestForwarderContext) {
    this.#context = context;
  }

  /** Steps 1 to 4 and 8 for one target; the body stays byte for byte. `request` is `received` without what is not to go on. */
  forwardCopy(request: SipRequest, { received, from, target, breadth }: Forwarding): SipRequest {
    const headers = request.headers.clone();
    const copy: SipRequest = { kind: 'request', method: request.method, uri: target.uri, headers, body: request.body };
    if (target.routes) headers.set('Route', target.routes.join(', '));
    const maxForwards = headers.get('Max-Forwards');
    headers.setField(
      MAX_FORWARDS_FIELDS.of(maxForwards === undefined ? MAX_FORWARDS : Math.max(0, Number(maxForwards) - 1)),
    );
    headers.setField(MAX_BREADTH_FIELDS.of(breadth));
    if (target.hop.kind === 'wic') this.#context.border.requestToWic(headers, target.hop, from);
    else if (from.kind === 'wic') this.#context.border.requestToCore(copy, from, target.hop);
    stripProofs(headers, target.hop);
    if (EVENTS.has(request.method) || (!NO_DIALOG.has(request.method) && !isInDialog(request))) {
      // RFC 5626 §5.3.1: one entry for each side, so that requests of either find the flow of the other.
      const icid = from.kind === 'core' ? chargingIdIn(request.headers) : undefined;
      const contactUri = uriIn(headers, 'Contact');
      const caller = { hop: from };
      headers.prependField(this.#recordRoute(caller, contactUri, { role: 'uac', headers: received.headers }));
      headers.prependField(this.#recordRoute(target, target.uri, { role: 'uas', headers, icid }));
    }
    const { viaTransport, self } = target.hop;
    const branch = this.#context.loops.branch(received);
    headers.prependField(
      new HeaderField('Via', 'via', `SIP/2.0/${viaTransport} ${formatHostPort(self.sentBy)};branch=${branch}`),
    );
    return copy;
  }

  /** `headers`: of the request as this side writes it, or sees it. */
  #recordRoute(device: CalledDevice, contactUri: string, { role, headers, icid }: RecordedSide): HeaderField {
    const { tokens, registrations, ended } = this.#context;
    const { hop } = device;
    const { sentBy, transport, tokens: needsToken } = hop.self;
    const issue = (): string =>
      tokens.issue(hop.id, registrations.reached(device, contactUri)?.registrationId, {
        role,
        icid,
        origin: originOf(headers),
      });
    const token = needsToken ? issue() : undefined;
    if (token !== undefined) ended.noteBegin(token);
    const user = token === undefined ? '' : `${token}@`;
    const uri = `<sip:${user}${formatHostPort(sentBy)};transport=${transport};lr>`;
    return new HeaderField('Record-Route', 'record-route', uri);
  }
}

interface RecordedSide {
  readonly role: DialogRole;
  readonly headers: SipHeaders;
  readonly icid?: string | undefined;
}

function originOf(headers: SipHeaders): DialogOrigin {
  const from = parseNameAddr(headers.get('From') ?? '');
  return {
    callId: headers.get('Call-ID') ?? '',
    fromUri: from.ok ? from.value.uri : '',
    fromTag: (from.ok ? from.value.params.get('tag') : undefined) ?? '',
    toUri: uriIn(headers, 'To'),
  };
}

function uriIn(headers: SipHeaders, name: 'To' | 'Contact'): string {
  const parsed = parseNameAddr(headers.get(name) ?? '');
  return parsed.ok ? parsed.value.uri : '';
}
