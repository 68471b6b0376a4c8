import { formatCSeq } from '../../sip/cseq.ts';
import { createResponse } from '../../sip/create-response.ts';
import { NO_BODY, SipHeaders, type SipRequest, type SipResponse } from '../../sip/message.ts';
import { parseNameAddr } from '../../sip/name-addr.ts';
import { newBranch, newTag } from '../../sip/token.ts';
import { type RequestEssentials } from '../../sip/validate-request.ts';

/** What the peers understand. */
export const PEER_METHODS = new Set(['INVITE', 'ACK', 'CANCEL', 'BYE', 'UPDATE', 'INFO', 'OPTIONS', 'MESSAGE']);
/** Allow in every answer of a peer from which a caller learns its methods. */
export const PEER_ALLOW = [...PEER_METHODS].join(', ');
/** Name in Via of what a peer sends: it is reached through nothing but the edge. */
const SENT_BY = 'peers.invalid';
const MAX_FORWARDS = '70';

/** A Via of a new transaction. */
export function peerVia(): string {
  return `SIP/2.0/TCP ${SENT_BY};branch=${newBranch()}`;
}

/** The side of the callee in a dialog (RFC 3261 §12). */
export class PeerDialog {
  readonly localTag = newTag();
  readonly callId: string;
  readonly #remoteTag: string | undefined;
  readonly #local: string;
  readonly #remote: string;
  readonly #routes: readonly string[];
  readonly #contact: string;
  #target: string;
  #remoteSequence: number;
  #localSequence = 0;

  /** `contact`: the URI under which requests of the dialog come. */
  constructor(invite: SipRequest, { from, callId, cseq }: RequestEssentials, contact: string) {
    this.callId = callId;
    this.#remoteTag = from.params.get('tag');
    this.#local = `${invite.headers.get('To') ?? ''};tag=${this.localTag}`;
    this.#remote = invite.headers.get('From') ?? '';
    // §12.1.1: in the order they came in.
    this.#routes = invite.headers.getList('Record-Route');
    this.#contact = contact;
    this.#target = from.uri;
    this.#remoteSequence = cseq.sequence;
    this.refreshTarget(invite);
  }

  /** Whether a request that names this dialog by its To tag is of its other side. */
  holds({ from, callId }: RequestEssentials): boolean {
    return callId === this.callId && from.params.get('tag') === this.#remoteTag;
  }

  /** §12.2.2: false for a request that is older than the last one. */
  advance({ cseq }: RequestEssentials): boolean {
    if (cseq.method === 'ACK') return true;
    if (cseq.sequence < this.#remoteSequence) return false;
    this.#remoteSequence = cseq.sequence;
    return true;
  }

  /** §12.2: INVITE and UPDATE may move where requests to the other side go. */
  refreshTarget({ headers }: SipRequest): void {
    const contact = parseNameAddr(headers.getList('Contact')[0] ?? '');
    if (contact.ok) this.#target = contact.value.uri;
  }

  respond(request: SipRequest, status: number, reason?: string): SipResponse {
    const response = createResponse(request, status, {
      toTag: this.localTag,
      ...(reason !== undefined && { reason }),
    });
    if (status < 300 && (request.method === 'INVITE' || request.method === 'UPDATE')) {
      response.headers.append('Contact', `<${this.#contact}>`);
    }
    const isSuccess = status >= 200 && status < 300;
    if (isSuccess || status === 405) response.headers.append('Allow', PEER_ALLOW);
    if (isSuccess) response.headers.append('Supported', 'timer');
    return response;
  }

  createRequest(method: string): SipRequest {
    const headers = new SipHeaders();
    headers.append('Via', peerVia());
    headers.append('Max-Forwards', MAX_FORWARDS);
    for (const route of this.#routes) headers.append('Route', route);
    headers.append('From', this.#local);
    headers.append('To', this.#remote);
    headers.append('Call-ID', this.callId);
    headers.append('CSeq', formatCSeq({ sequence: ++this.#localSequence, method }));
    if (method === 'UPDATE') headers.append('Contact', `<${this.#contact}>`);
    headers.append('Supported', 'timer');
    return { kind: 'request', method, uri: this.#target, headers, body: NO_BODY };
  }
}
