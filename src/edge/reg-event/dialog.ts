import { type OwnText, ownText } from '../../base/own-text.ts';
import { formatCSeq } from '../../sip/cseq.ts';
import { type HostPort, formatHostPort } from '../../sip/host-port.ts';
import { NO_BODY, SipHeaders, type SipRequest, type SipResponse } from '../../sip/message.ts';
import { parseNameAddr } from '../../sip/name-addr.ts';
import { newBranch, newTag } from '../../sip/token.ts';
import { type RequestEssentials } from '../../sip/validate-request.ts';
import { REGINFO_TYPE } from './reginfo.ts';

export const REG_EVENT = 'reg';

/** More than any route set has. */
const MAX_ROUTES = 16;

/** Who subscribes, and to whom. */
export interface DialogEnds {
  /** URI of the public identity that is subscribed to. */
  readonly identity: string;
  /** URI of this edge in the Path of a registration, by which the registrar knows who may subscribe. */
  readonly edgeUri: string | undefined;
  /** Where the core reaches this edge. */
  readonly sentBy: HostPort;
}

/** The dialog of one subscription (RFC 3261 §12, RFC 6665 §4.4.1): it begins with the first answer or the first NOTIFY, whichever is there before. */
export class Dialog {
  readonly callId: OwnText = ownText(newBranch());
  readonly #localTag = ownText(newTag());
  readonly #identity: OwnText;
  readonly #from: OwnText;
  readonly #contact: OwnText;
  #remoteTag: OwnText | undefined;
  #remoteTarget: OwnText | undefined;
  #routes: readonly OwnText[] = [];
  #sequence = 0;
  #remoteSequence = -1;

  constructor({ identity, sentBy }: Omit<DialogEnds, 'edgeUri'>) {
    this.#identity = ownText(identity);
    this.#from = ownText(`sip:${formatHostPort(sentBy)}`);
    // Some registrars tell subscribers apart by Contact, so each subscription has one of its own.
    this.#contact = ownText(`<sip:${newTag()}@${formatHostPort(sentBy)}>`);
  }

  /** Whether the other side is known, so that it can be told of an end. */
  get isMade(): boolean {
    return this.#remoteTag !== undefined;
  }

  /** The next SUBSCRIBE. `edgeUri`: in a Path that the registrar has now. */
  subscribe(expiresSec: number, edgeUri: string | undefined): SipRequest {
    this.#sequence += 1;
    const headers = new SipHeaders();
    if (this.#routes.length > 0) headers.append('Route', this.#routes.join(', '));
    headers.append('Max-Forwards', '70');
    headers.append('From', `<${this.#from}>;tag=${this.#localTag}`);
    headers.append('To', `<${this.#identity}>${this.#remoteTag === undefined ? '' : `;tag=${this.#remoteTag}`}`);
    headers.append('Call-ID', this.callId);
    headers.append('CSeq', formatCSeq({ sequence: this.#sequence, method: 'SUBSCRIBE' }));
    headers.append('Contact', this.#contact);
    headers.append('Event', REG_EVENT);
    headers.append('Accept', REGINFO_TYPE);
    headers.append('Expires', String(expiresSec));
    headers.append('P-Asserted-Identity', `<${edgeUri ?? this.#from}>`);
    return { kind: 'request', method: 'SUBSCRIBE', uri: this.#remoteTarget ?? this.#identity, headers, body: NO_BODY };
  }

  /** Takes a 2xx to SUBSCRIBE. */
  answered({ headers }: SipResponse): void {
    const to = parseNameAddr(headers.get('To') ?? '');
    const tag = to.ok ? to.value.params.get('tag') : undefined;
    if (tag === undefined || (this.#remoteTag !== undefined && this.#remoteTag !== tag)) return;
    this.#begin(tag, headers, headers.getList('Record-Route', MAX_ROUTES).reverse());
  }

  /** Whether a NOTIFY is one of this dialog; the first one may begin it. */
  owns({ from, to }: RequestEssentials): boolean {
    const tag = from.params.get('tag');
    if (tag === undefined || to.params.get('tag') !== this.#localTag) return false;
    return this.#remoteTag === undefined || this.#remoteTag === tag;
  }

  /** Takes a NOTIFY that is of this dialog; false if one that was sent later has come before (RFC 3261 §12.2.2). */
  notified({ headers }: SipRequest, { from, cseq }: RequestEssentials): boolean {
    if (cseq.sequence <= this.#remoteSequence) return false;
    this.#remoteSequence = cseq.sequence;
    this.#begin(from.params.get('tag') ?? '', headers, headers.getList('Record-Route', MAX_ROUTES));
    return true;
  }

  /** The route set is settled by what begins the dialog; where the other side is may change (RFC 3261 §12.2). */
  #begin(tag: string, headers: SipHeaders, routes: readonly string[]): void {
    if (this.#remoteTag === undefined) {
      this.#remoteTag = ownText(tag);
      this.#routes = routes.map((route) => ownText(route));
    }
    const contact = parseNameAddr(headers.get('Contact') ?? '');
    if (contact.ok) this.#remoteTarget = ownText(contact.value.uri, this.#remoteTarget);
  }
}
