import { LabPeers } from '../../../../src/lab/peers/lab-peers.ts';
import { type PeerCallEnded, type PeerCallFacts } from '../../../../src/lab/peers/peer-events.ts';
import { type PeerMedia } from '../../../../src/lab/peers/peer-media.ts';
import { NO_BODY, type SipMessage, type SipRequest, type SipResponse } from '../../../../src/sip/message.ts';
import { callerDialog, type DialogPeer, WicMessages } from '../../../edge/support/wic.ts';

/** Answers each offer by its text, and rejects those that are `bad`. */
class FakeMedia implements PeerMedia {
  readonly lost: () => void;
  isClosed = false;
  /** Holds answers back until it is called. */
  release: (() => void) | undefined;
  isHeld = false;

  constructor(lost: () => void) {
    this.lost = lost;
  }

  async answer(offer: string): Promise<string> {
    if (this.isHeld) {
      await new Promise<void>((resolve) => {
        this.release = resolve;
      });
    }
    if (offer.startsWith('bad')) throw new Error('bad offer');
    return `answer to ${offer}`;
  }

  close(): void {
    this.isClosed = true;
  }
}

/** The peers with a caller in front of them and no edge between. */
export class DirectPeers {
  readonly sent: SipMessage[] = [];
  readonly started: PeerCallFacts[] = [];
  readonly ended: PeerCallEnded[] = [];
  readonly media: FakeMedia[] = [];
  readonly alice = new WicMessages('alice');
  /** `none`: WebRTC is not installed. */
  webRtc: 'fake' | 'none' | 'broken' = 'fake';
  holdsAnswers = false;
  sourceClosed = 0;
  readonly peers = new LabPeers({
    domain: 'example.com',
    media: {
      open: (lost) => {
        if (this.webRtc === 'broken') return Promise.reject(new Error('no'));
        if (this.webRtc === 'none') return Promise.resolve(undefined);
        const media = new FakeMedia(lost);
        media.isHeld = this.holdsAnswers;
        this.media.push(media);
        return Promise.resolve(media);
      },
      close: () => (this.sourceClosed += 1),
    },
    started: (facts) => this.started.push(facts),
    ended: (facts) => this.ended.push(facts),
  });

  constructor() {
    this.peers.connect((message) => this.sent.push(message));
  }

  request(method: string, peer: string, extra: Readonly<Record<string, string>> = {}, body = ''): SipRequest {
    const uri = `sip:${peer}@example.com`;
    const request = this.alice.build(method, uri, uri, extra, body);
    this.peers.receive(request);
    return request;
  }

  invite(peer: string, extra: Readonly<Record<string, string>> = {}, body = 'v=0'): SipRequest {
    const contact = { Contact: `<${this.alice.contactUri}>`, 'Record-Route': '<sip:a@edge;lr>, <sip:b@edge;lr>' };
    return this.request('INVITE', peer, { ...contact, ...sdpType(body), ...extra }, body);
  }

  inDialog(method: string, dialog: DialogPeer, extra: Readonly<Record<string, string>> = {}, body = ''): SipRequest {
    const { callId, local, remote, remoteTarget } = dialog;
    const headers = { 'Call-ID': callId, From: local, To: remote, ...sdpType(body), ...extra };
    const request = this.alice.build(method, remoteTarget, this.alice.aor, headers, body);
    this.peers.receive(request);
    return request;
  }

  cancel(invite: SipRequest): void {
    const headers = invite.headers.clone();
    headers.set('CSeq', (headers.get('CSeq') ?? '').replace('INVITE', 'CANCEL'));
    this.peers.receive({ ...invite, method: 'CANCEL', headers, body: NO_BODY });
  }

  /** An established call. */
  async call(peer = 'echo', extra: Readonly<Record<string, string>> = {}): Promise<DialogPeer> {
    const invite = this.invite(peer, extra);
    const dialog = callerDialog(await this.response(200, 'INVITE'));
    this.inDialog('ACK', dialog, ackOf(invite));
    this.sent.length = 0;
    return dialog;
  }

  /** Lets answers that wait for media come. */
  async settle(): Promise<void> {
    for (let i = 0; i < 20; i++) await Promise.resolve();
  }

  async response(status: number, method: string): Promise<SipResponse> {
    await this.settle();
    const found = this.sent.find(
      (message): message is SipResponse =>
        message.kind === 'response' &&
        message.status === status &&
        (message.headers.get('CSeq') ?? '').endsWith(` ${method}`),
    );
    if (!found) throw new Error(`expected ${status} to ${method}, got ${this.lines.join(', ')}`);
    return found;
  }

  /** What was sent: `200 INVITE`, `BYE`. */
  get lines(): string[] {
    return this.sent.map((message) => {
      if (message.kind === 'request') return message.method;
      return `${message.status} ${(message.headers.get('CSeq') ?? '').split(' ')[1] ?? ''}`;
    });
  }
}

export function ackOf(invite: SipRequest): Record<string, string> {
  return { CSeq: `${Number.parseInt(invite.headers.get('CSeq') ?? '', 10)} ACK` };
}

function sdpType(body: string): Record<string, string> {
  return body === '' ? {} : { 'Content-Type': 'application/sdp' };
}
