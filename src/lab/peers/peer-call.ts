import { bodyText } from '../../sip/body-text.ts';
import { type SipMessage, type SipRequest, type SipResponse } from '../../sip/message.ts';
import { parseCSeq } from '../../sip/cseq.ts';
import { type RequestEssentials } from '../../sip/validate-request.ts';
import { CallTimers } from './call-timers.ts';
import { PEER_METHODS, PeerDialog } from './peer-dialog.ts';
import { type PeerCallEnd } from './peer-events.ts';
import { type PeerMedia, type PeerMediaSource } from './peer-media.ts';
import { type PeerPlan } from './peer-plan.ts';
import { RefusingMedia } from './refusing-media.ts';
import { RepeatedAnswer } from './repeated-answer.ts';
import { addRefresh, addSessionTimer, readSessionTimer } from './session-timer.ts';
import { SessionWatch } from './session-watch.ts';

/** How long a call may take, ringing included. */
export const MAX_CALL_SEC = 3600;
const NO_MEDIA: Refusal = {
  status: 480,
  reason: 'Temporarily Unavailable (npm install @roamhq/wrtc, or let a page answer as echo)',
};
const MEDIA_FAILED: Refusal = { status: 500, reason: 'Server Internal Error (WebRTC did not start)' };

interface Refusal {
  readonly status: number;
  readonly reason: string;
}

export interface PeerCallOptions {
  readonly invite: SipRequest;
  /** From `serverTransactionKey`. */
  readonly inviteKey: string;
  readonly essentials: RequestEssentials;
  /** The URI under which the peer is reached in the call. */
  readonly contact: string;
  readonly plan: Exclude<PeerPlan, { kind: 'refuse' }>;
  readonly media: PeerMediaSource;
  readonly send: (message: SipMessage) => void;
  /** Once, after the last message of the call. `status`: of the answer that refused it. */
  readonly ended: (cause: PeerCallEnd, status?: number) => void;
}

/** One call to a peer, from its INVITE to its end. */
export class PeerCall {
  readonly dialog: PeerDialog;
  readonly #options: PeerCallOptions;
  readonly #timers = new CallTimers();
  readonly #answer: RepeatedAnswer;
  readonly #session: SessionWatch;
  #state: 'ringing' | 'answered' | 'ended' = 'ringing';
  #media: PeerMedia | undefined;
  /** What the peer's own refresh asks for. */
  #refreshSec = 0;
  /** An offer is being worked on. */
  #isNegotiating = false;

  constructor(options: PeerCallOptions) {
    const { invite, essentials, contact, send } = options;
    this.#options = options;
    this.dialog = new PeerDialog(invite, essentials, contact);
    this.#answer = new RepeatedAnswer({
      timers: this.#timers,
      send,
      onSilence: () => {
        this.#hangUp('not-acknowledged', 'no ACK came');
      },
    });
    this.#session = new SessionWatch(this.#timers, {
      refresh: (expiresSec) => {
        const update = this.dialog.createRequest('UPDATE');
        addRefresh(update, expiresSec);
        this.#refreshSec = expiresSec;
        send(update);
      },
      expired: () => {
        this.#hangUp('session-expired', 'the session was not refreshed');
      },
    });
  }

  start(): void {
    const { plan } = this.#options;
    this.#timers.arm('lifetime', MAX_CALL_SEC * 1000, () => {
      if (this.#state === 'ringing') this.#refuse(480);
      else this.#hangUp('too-long', 'a call may take an hour');
    });
    if (plan.kind === 'ring' || plan.afterSec > 0) this.#send(this.dialog.respond(this.#options.invite, 180));
    if (plan.kind === 'ring') return;
    if (plan.afterSec === 0) void this.#accept(plan.withoutMedia);
    else this.#timers.arm('answer', plan.afterSec * 1000, () => void this.#accept(plan.withoutMedia));
  }

  /** The caller gives up. False when that INVITE is not of this call, or is answered. */
  cancel(inviteKey: string): boolean {
    if (this.#state !== 'ringing' || inviteKey !== this.#options.inviteKey) return false;
    this.#send(this.dialog.respond(this.#options.invite, 487));
    this.#end('cancelled');
    return true;
  }

  /** A request of this dialog; CANCEL and the INVITE that made it excepted. */
  receive(request: SipRequest, essentials: RequestEssentials): void {
    if (request.method === 'ACK') {
      this.#answer.acknowledge(essentials.cseq.sequence);
    } else if (!this.dialog.advance(essentials)) {
      this.#send(this.dialog.respond(request, 500, 'Server Internal Error (CSeq out of order)'));
    } else if (request.method === 'BYE') {
      this.#send(this.dialog.respond(request, 200));
      if (this.#state === 'ringing') this.#send(this.dialog.respond(this.#options.invite, 487));
      this.#end('hung-up');
    } else if (request.method === 'INVITE' || request.method === 'UPDATE') {
      void this.#refresh(request, essentials);
    } else {
      this.#send(this.dialog.respond(request, PEER_METHODS.has(request.method) ? 200 : 405));
    }
  }

  /** A response to a request of the peer's own. */
  receiveResponse(response: SipResponse): void {
    const cseq = parseCSeq(response.headers.get('CSeq') ?? '');
    if (this.#state !== 'answered' || !cseq.ok || cseq.value.method !== 'UPDATE' || response.status < 200) return;
    // RFC 3261 §12.2.1.2: the other side knows nothing of the call any more.
    if (response.status === 481 || response.status === 408) this.#hangUp('session-expired', 'the other side is gone');
    else if (response.status < 300) this.#session.refreshed(response, this.#refreshSec);
  }

  /** Ends without a message. */
  close(): void {
    this.#end('stopped');
  }

  async #accept(withoutMedia: 'unavailable' | 'refuse-streams'): Promise<void> {
    const { invite, essentials } = this.#options;
    const refusal = await this.#startMedia(withoutMedia);
    if (this.#hasEnded()) return;
    if (refusal) {
      this.#refuse(refusal.status, refusal.reason);
      return;
    }
    const sdp = await this.#negotiate(bodyText(invite));
    if (this.#hasEnded()) return;
    if (sdp === undefined) {
      this.#refuse(488);
      return;
    }
    this.#state = 'answered';
    this.#answer.send(this.#success(invite, sdp), essentials.cseq.sequence);
  }

  /** A further INVITE, or an UPDATE with or without an offer. */
  async #refresh(request: SipRequest, { cseq }: RequestEssentials): Promise<void> {
    const refusal = this.#refusalOf(request);
    if (refusal) {
      this.#send(refusal);
      return;
    }
    const sdp = request.body.length === 0 ? '' : await this.#negotiate(bodyText(request));
    if (this.#hasEnded()) {
      this.#send(this.dialog.respond(request, 487));
      return;
    }
    if (sdp === undefined) {
      this.#send(this.dialog.respond(request, 488));
      return;
    }
    this.dialog.refreshTarget(request);
    const response = this.#success(request, sdp);
    if (request.method === 'INVITE') this.#answer.send(response, cseq.sequence);
    else this.#send(response);
  }

  /** Returns why the call cannot be taken, if so. */
  async #startMedia(withoutMedia: 'unavailable' | 'refuse-streams'): Promise<Refusal | undefined> {
    const lost = (): void => {
      this.#hangUp('media-lost', 'no media passes');
    };
    try {
      const media = await this.#options.media.open(lost);
      if (!media && withoutMedia === 'unavailable') return NO_MEDIA;
      this.#media = media ?? new RefusingMedia();
    } catch {
      return MEDIA_FAILED;
    }
    if (this.#hasEnded()) this.#media.close();
    return undefined;
  }

  /** What of a request within the call cannot be done now, or at all. */
  #refusalOf(request: SipRequest): SipResponse | undefined {
    const isOffer = request.body.length > 0;
    if (this.#state === 'ringing') return isOffer ? this.dialog.respond(request, 491) : undefined;
    if (request.method === 'INVITE' && !isOffer) {
      return this.dialog.respond(request, 488, 'Not Acceptable Here (no offer)');
    }
    if (!this.#isNegotiating || !isOffer) return undefined;
    const busy = this.dialog.respond(request, 500, 'Server Internal Error (an offer is being answered)');
    // RFC 3261 §14.2: between 0 and 10 seconds.
    busy.headers.append('Retry-After', '1');
    return busy;
  }

  /** `undefined` for an offer that media can do nothing with. */
  async #negotiate(offer: string): Promise<string | undefined> {
    this.#isNegotiating = true;
    try {
      return await this.#media?.answer(offer);
    } catch {
      return undefined;
    } finally {
      this.#isNegotiating = false;
    }
  }

  #success(request: SipRequest, sdp: string): SipResponse {
    const response = this.dialog.respond(request, 200);
    const offered = readSessionTimer(request.headers);
    const timer = offered.kind === 'timer' ? offered.timer : undefined;
    if (timer) addSessionTimer(response, timer);
    if (sdp !== '') {
      response.headers.append('Content-Type', 'application/sdp');
      response.body = Buffer.from(sdp);
    }
    this.#session.agree(timer);
    return response;
  }

  #refuse(status: number, reason?: string): void {
    this.#send(this.dialog.respond(this.#options.invite, status, reason));
    this.#end('refused', status);
  }

  #hangUp(cause: PeerCallEnd, text: string): void {
    if (this.#state !== 'answered') return;
    const bye = this.dialog.createRequest('BYE');
    bye.headers.append('Reason', `SIP;cause=480;text="${text}"`);
    this.#send(bye);
    this.#end(cause);
  }

  #end(cause: PeerCallEnd, status?: number): void {
    if (this.#state === 'ended') return;
    this.#state = 'ended';
    this.#timers.clear();
    this.#media?.close();
    this.#options.ended(cause, status);
  }

  #send(message: SipMessage): void {
    this.#options.send(message);
  }

  /** A method, since it changes while one waits. */
  #hasEnded(): boolean {
    return this.#state === 'ended';
  }
}
