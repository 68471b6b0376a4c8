import { type CandidateList } from './candidate-list.ts';
import { reportConnection } from './connection-report.ts';
import { type TransportChoice } from './credential.ts';
import { inPlainWords } from './explain/plain-words.ts';
import { cameraAndMicrophone, testPictureAndTone, type LocalMedia } from './media.ts';
import { type PageBus, type PageEvents } from './page-bus.ts';
import { type PaneParts } from './pane-parts.ts';
import { showCall, showConnection, showStatus, type CallState } from './pane-view.ts';
import { type CallOptions, type Phone } from './phone.ts';

/** A path that works is found within this; what stood in the way is of interest after it. */
const PATH_PATIENCE_MS = 4000;

type Action = PageEvents['action'];

export interface CallTeller {
  /** A new call: what failed before is another story. */
  begin(): void;
  problem(text: string): void;
  did(kind: Action['kind'], detail: Action['detail']): void;
}

/** The call of one pane, from both ends: what the person does, and what comes of it. */
export class PaneCall {
  readonly #parts: PaneParts;
  readonly #bus: PageBus;
  readonly #candidates: CandidateList;
  readonly #tell: CallTeller;
  #phone: Phone | undefined;
  #user = '';
  #state: CallState = 'idle';
  #media: LocalMedia | undefined;
  #connection: RTCPeerConnection | undefined;
  #establishedAtMs = 0;
  #pair = '';
  #moving = false;

  constructor(parts: PaneParts, bus: PageBus, candidates: CandidateList, tell: CallTeller) {
    this.#parts = parts;
    this.#bus = bus;
    this.#candidates = candidates;
    this.#tell = tell;
    showCall(parts, 'idle');
  }

  get isIdle(): boolean {
    return this.#state === 'idle';
  }

  /** `undefined` while there is no telling. */
  get hasPath(): boolean | undefined {
    if (!this.#connection) return undefined;
    if (this.#connection.connectionState === 'connected') return true;
    return performance.now() < this.#establishedAtMs + PATH_PATIENCE_MS ? undefined : false;
  }

  /** Whose calls these are from now on; `undefined`: nobody's. */
  use(phone: Phone | undefined, user: string): void {
    this.end();
    this.#phone = phone;
    this.#user = user;
  }

  async place(callee: string): Promise<void> {
    if (!this.isIdle || callee === '') return;
    this.#begin('calling', 'Calling…');
    const options = await this.#prepare();
    if (!options) return;
    const { transport, relayOnly } = options;
    this.#tell.did('call', { callee, transport, relayOnly, media: this.#parts.media.value });
    this.#phone?.call(callee, options);
  }

  receive(from: string): void {
    this.#begin('incoming', `${from} is calling`);
    this.#parts.incomingText.textContent = `${from} is calling`;
    if (this.#parts.echo.checked) void this.accept();
    else this.#parts.answer.focus();
  }

  async accept(): Promise<void> {
    const options = await this.#prepare();
    if (!options) {
      this.#phone?.decline();
      return;
    }
    const { transport, relayOnly } = options;
    this.#tell.did('answer', { transport, relayOnly, echo: !options.stream });
    this.#phone?.answer(options);
  }

  decline(): void {
    this.#tell.did('decline', {});
    this.#phone?.decline();
  }

  hangUp(): void {
    this.#tell.did('hang-up', {});
    this.#phone?.endCall();
  }

  ringing(): void {
    this.#show('ringing', 'Ringing…');
  }

  established(connection: RTCPeerConnection): void {
    this.#connection = connection;
    this.#establishedAtMs = performance.now();
    this.#show('in-call', 'In a call');
    this.#bus.emit('connection', { user: this.#user, connection });
    void this.tick();
  }

  /** A fresh credential was asked for, and the call is to go over to it. */
  beginMove(): void {
    this.#moving = true;
    showStatus(this.#parts, 'In a call, moving it to a new credential…');
  }

  /** @param why in plain words */
  notMoved(why: string): void {
    if (this.#moving) showStatus(this.#parts, `In a call, not moved: ${why}`);
    this.#moving = false;
  }

  end(): void {
    this.#media?.stop();
    this.#media = undefined;
    if (this.#connection) this.#bus.emit('connection', { user: this.#user, connection: undefined });
    this.#connection = undefined;
    this.#pair = '';
    this.#moving = false;
    this.#parts.remoteVideo.srcObject = null;
    this.#parts.localVideo.srcObject = null;
    this.#show('idle');
  }

  /** Looks which way media takes, and tells when that changes. */
  async tick(): Promise<void> {
    const connection = this.#connection;
    const report = connection && (await reportConnection(connection).catch(() => undefined));
    if (!report || connection !== this.#connection) return;
    showConnection(this.#parts, report);
    const local = `${report.localType} ${report.localAddress}`;
    const remote = `${report.remoteType} ${report.remoteAddress}`;
    if (this.#pair === `${local} ${remote}`) return;
    if (this.#moving && this.#pair !== '') showStatus(this.#parts, 'In a call, moved to the new credential');
    this.#moving = false;
    this.#pair = `${local} ${remote}`;
    this.#bus.emit('ice-pair', { user: this.#user, local, remote, atUnixMs: Date.now() });
  }

  #begin(state: CallState, status: string): void {
    this.#tell.begin();
    this.#candidates.begin(this.#user);
    this.#show(state, status);
  }

  /** `undefined` when camera or microphone are not to be had; the page says so. */
  async #prepare(): Promise<CallOptions | undefined> {
    const { media, transport, policy, echo, localVideo } = this.#parts;
    const choices = { transport: transport.value as TransportChoice, relayOnly: policy.value === 'relay' };
    if (this.#state === 'incoming' && echo.checked) return { stream: undefined, ...choices };
    try {
      this.#media = media.value === 'devices' ? await cameraAndMicrophone() : testPictureAndTone(this.#user);
    } catch {
      this.end();
      this.#tell.problem(inPlainWords('User Denied Media Access'));
      return undefined;
    }
    localVideo.srcObject = this.#media.stream;
    return { stream: this.#media.stream, ...choices };
  }

  #show(state: CallState, status?: string): void {
    this.#state = state;
    showCall(this.#parts, state);
    if (status !== undefined) showStatus(this.#parts, status);
  }
}
