import { boundedKey } from '../../base/bounded-key.ts';
import { endOfFirstListValue } from '../../sip/list.ts';
import { type SipRequest } from '../../sip/message.ts';
import { type RequestEssentials } from '../../sip/validate-request.ts';
import { type DialogSide } from '../flow/dialog-hashes.ts';
import { type FlowReference, type FlowTokens } from '../flow/flow-token.ts';
import { type ForbiddenCause } from '../forbidden.ts';
import { type Hop } from '../hop.ts';
import { type Registration } from '../registration/registration.ts';
import { type Registrations } from '../registration/registrations.ts';
import { type EndedDialogs } from './ended-dialogs.ts';

/** In whose name a client speaks. */
export type Sender =
  /** The client is registered, on this connection, as who it says it is. */
  | { readonly kind: 'registered'; readonly registration: Registration }
  /**
   * The client is party to a live dialog that was made over this connection, by whatever address it was reached and whether or not it is still
   * registered.
   */
  | { readonly kind: 'party'; readonly account: string }
  | { readonly kind: 'stranger'; readonly cause: ForbiddenCause };

export type KnownSender = Exclude<Sender, { readonly kind: 'stranger' }>;

export function registrationOf(sender: Sender | undefined): Registration | undefined {
  return sender?.kind === 'registered' ? sender.registration : undefined;
}

/** Whose allowance a request counts against: its sender's; of a core, whom it says that the request is from. */
export function accountOf(
  sender: KnownSender | undefined,
  { headers }: SipRequest,
  { from }: RequestEssentials,
): string {
  if (!sender) return boundedKey(headers.get('P-Asserted-Identity') ?? from.uri);
  return sender.kind === 'registered' ? sender.registration.aor : sender.account;
}

export interface SenderFinderContext {
  readonly registrations: Registrations;
  readonly tokens: FlowTokens;
  readonly ended: EndedDialogs;
}

/** Stands alone also with the tags of a dialog (RFC 3903 §4). */
const STANDALONE = 'PUBLISH';
/** What may come after the end of a dialog: the end from the other side, and the ACK of what crossed it. */
const AT_THE_END = new Set(['BYE', 'ACK']);

const ANONYMOUS = /^sip:anonymous@anonymous\.invalid$/i;

/**
 * Finds out in whose name a client speaks. What begins something is judged by its From. A request in a dialog is judged by the dialog
 * (TS 24.229 §5.2.6.3.5): its From is the dialog's local URI, which for somebody who was called is the To of the INVITE, and that need not be an
 * address of the callee (RFC 3261 §12.1.1, §12.2.1.1). The flow token on top of its Route set proves the dialog, that URI, and the To.
 */
export class SenderFinder {
  readonly #context: SenderFinderContext;

  constructor(context: SenderFinderContext) {
    this.#context = context;
  }

  /** `hop`: of a client. Of the Route set only the first entry is looked at, and that only if From is nobody's who is registered on `hop`. */
  find(request: SipRequest, essentials: RequestEssentials, hop: Hop): Sender {
    const registration = this.#registrationOf(essentials.from.uri, hop);
    if (registration) return { kind: 'registered', registration };
    const token = essentials.to.params.has('tag') ? this.#openTop(request) : undefined;
    if (token?.kind === 'forged') return { kind: 'stranger', cause: 'route-tampered' };
    if (token?.kind !== 'flow') return { kind: 'stranger', cause: 'from-not-registered' };
    const { flow } = token;
    // Both parties know the tokens of both: the connection tells them apart.
    if (!this.isOn(flow, hop)) return { kind: 'stranger', cause: 'dialog-elsewhere' };
    if (!flow.dialog || !this.#context.tokens.isOf(flow.dialog, essentials.callId)) {
      return { kind: 'stranger', cause: 'other-dialog' };
    }
    if (!this.#isPartyOf(flow.dialog, essentials)) return { kind: 'stranger', cause: 'dialog-from' };
    if (request.method === STANDALONE) return { kind: 'stranger', cause: 'from-not-registered' };
    if (this.#context.ended.has(flow) && !AT_THE_END.has(request.method)) {
      return { kind: 'stranger', cause: 'dialog-ended' };
    }
    return { kind: 'party', account: this.#accountOf(flow, hop) };
  }

  /**
   * Whether a token is that of the side that a request comes from. A client that has reconnected, and goes by another Contact since, is known by the
   * name that it is registered under.
   */
  isOwn(flow: FlowReference, essentials: RequestEssentials, hop: Hop, sender: Sender | undefined): boolean {
    if (this.isOn(flow, hop)) return true;
    return sender?.kind === 'registered' && flow.dialog !== undefined && this.#isPartyOf(flow.dialog, essentials);
  }

  /** Whether a flow is this hop, or was the same device's before it reconnected. */
  isOn({ flowId, handle }: FlowReference, hop: Hop): boolean {
    return flowId === hop.id || (handle !== undefined && this.#context.registrations.findByHandle(handle)?.hop === hop);
  }

  /** RFC 3261 §12.2.1.1: From of a request in a dialog is the local URI of its sender, To the remote one. */
  #isPartyOf({ role, parties }: DialogSide, { from, to, callId }: RequestEssentials): boolean {
    const [uac, uas] = role === 'uac' ? [from, to] : [to, from];
    const origin = { callId, fromUri: uac.uri, fromTag: uac.params.get('tag') ?? '', toUri: uas.uri };
    return parties === this.#context.tokens.partiesOf(origin);
  }

  #registrationOf(from: string, hop: Hop): Registration | undefined {
    const { registrations } = this.#context;
    // RFC 3323 §4.1.1.3: who calls anonymously claims to be nobody.
    return ANONYMOUS.test(from) ? registrations.first(hop) : registrations.speaker(hop, from);
  }

  #openTop({ headers }: SipRequest) {
    const line = headers.get('Route') ?? '';
    const end = endOfFirstListValue(line);
    return this.#context.tokens.openEntry(end < 0 ? line : line.slice(0, end));
  }

  /** Whose allowance the request counts against: of the user on this connection, or of the device that was one. */
  #accountOf({ handle, flowId }: FlowReference, hop: Hop): string {
    const { registrations } = this.#context;
    const registration =
      (handle === undefined ? undefined : registrations.findByHandle(handle)) ?? registrations.first(hop);
    return registration?.hop === hop ? registration.aor : `device ${handle ?? flowId ?? ''}`;
  }
}
