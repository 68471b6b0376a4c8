import { CandidateList } from './candidate-list.ts';
import { reportConnection } from './connection-report.ts';
import { CalleeChoice } from './callee-choice.ts';
import { type TransportChoice } from './credential.ts';
import { CredentialView } from './credential-view.ts';
import { explainLabEvent } from './explain/explain.ts';
import { inPlainWords, noRelayCandidate, relayProblem } from './explain/plain-words.ts';
import { cameraAndMicrophone, testPictureAndTone, type LocalMedia } from './media.ts';
import { type LabEventJson, type PageBus, type PageEvents } from './page-bus.ts';
import { type PaneParts } from './pane-parts.ts';
import { showCall, showConnection, showRegistration, showStatus, type CallState } from './pane-view.ts';
import { Phone, type CallOptions, type PhoneEvents } from './phone.ts';
import { ProblemList } from './problem-list.ts';
import { type Setup } from './setup.ts';

/** Not a name that a user can have. */
const OTHER_USER = '';

/** One user of the page: account, credential, and a call. */
export class Pane {
  readonly #parts: PaneParts;
  readonly #setup: Setup;
  readonly #bus: PageBus;
  readonly #problems: ProblemList;
  readonly #credential: CredentialView;
  readonly #candidates: CandidateList;
  readonly #callees: CalleeChoice;
  #phone: Phone | undefined;
  #user = '';
  #call: CallState = 'idle';
  #media: LocalMedia | undefined;
  #connection: RTCPeerConnection | undefined;
  #pair = '';
  #moving = false;

  constructor(parts: PaneParts, setup: Setup, bus: PageBus, defaultUser: string | undefined) {
    this.#parts = parts;
    this.#setup = setup;
    this.#bus = bus;
    this.#problems = new ProblemList(parts);
    this.#credential = new CredentialView(parts);
    this.#candidates = new CandidateList(parts, bus);
    this.#callees = new CalleeChoice(parts, setup);
    this.#offerUsers(defaultUser);
    this.#listen();
    showRegistration(parts, 'signed-out');
    showCall(parts, 'idle');
  }

  /** Whom it is registered as, or would register as. */
  get user(): string {
    return this.#phone ? this.#user : this.#parts.labUser.value;
  }

  focus(): void {
    const { labUser, userName } = this.#parts;
    (labUser.checkVisibility() ? labUser : userName).focus();
  }

  /** Once a second. */
  async tick(): Promise<void> {
    this.#credential.showTimeLeft();
    const connection = this.#connection;
    const report = connection && (await reportConnection(connection).catch(() => undefined));
    if (!report || connection !== this.#connection) return;
    showConnection(this.#parts, report);
    const local = `${report.localType} ${report.localAddress}`;
    const remote = `${report.remoteType} ${report.remoteAddress}`;
    if (this.#pair === `${local} ${remote}`) return;
    if (this.#moving && this.#pair !== '') this.#showStatus('In a call, moved to the new credential');
    this.#moving = false;
    this.#pair = `${local} ${remote}`;
    this.#bus.emit('ice-pair', { user: this.#user, local, remote, atUnixMs: Date.now() });
  }

  /** Signs out; the pane itself stays. */
  stop(): void {
    const leaving = this.#phone;
    this.#phone = undefined;
    leaving?.stop();
    this.#endCall();
    this.#credential.clear();
    showRegistration(this.#parts, 'signed-out');
    this.#parts.title.textContent = 'User';
    this.#showStatus('Not registered');
    this.#user = '';
  }

  #listen(): void {
    const { accountForm, signOut, callForm, hangUp, answer, decline, refresh, refreshAndMove, labUser } = this.#parts;
    onSubmit(accountForm, () => {
      this.#signIn();
    });
    onSubmit(callForm, () => void this.#placeCall());
    signOut.addEventListener('click', () => {
      this.#did('unregister', {});
      this.stop();
      this.#parts.register.focus();
    });
    hangUp.addEventListener('click', () => {
      this.#did('hang-up', {});
      this.#phone?.endCall();
    });
    answer.addEventListener('click', () => void this.#acceptCall());
    decline.addEventListener('click', () => {
      this.#did('decline', {});
      this.#phone?.decline();
    });
    refresh.addEventListener('click', () => {
      this.#refresh(false);
    });
    refreshAndMove.addEventListener('click', () => {
      this.#refresh(true);
    });
    labUser.addEventListener('change', () => {
      this.#chooseUser();
    });
    this.#bus.on('lab-event', (event) => {
      this.#hearServer(event);
    });
  }

  #offerUsers(defaultUser: string | undefined): void {
    const { labUser, labUserField } = this.#parts;
    const options = this.#setup.users.map(({ name }) => new Option(name, name, false, name === defaultUser));
    labUser.replaceChildren(...options, new Option('another user…', OTHER_USER));
    labUserField.hidden = this.#setup.users.length === 0;
    this.#chooseUser();
  }

  #chooseUser(): void {
    const { labUser, userNameField, userPasswordField, userName } = this.#parts;
    const other = labUser.value === OTHER_USER;
    userNameField.hidden = !other;
    userPasswordField.hidden = !other;
    userName.required = other;
  }

  #signIn(): void {
    const { labUser, userName, userPassword, title } = this.#parts;
    const chosen = this.#setup.users.find(({ name }) => name === labUser.value);
    const user = chosen?.name ?? userName.value.trim();
    const password = chosen?.password ?? userPassword.value;
    this.#problems.clear();
    if (user === '' || password === '') {
      this.#problems.add('Fill in user name and password.', 'browser');
      return;
    }
    this.#user = user;
    title.textContent = user;
    showRegistration(this.#parts, 'connecting');
    this.#showStatus('Registering…');
    this.#callees.offer(user);
    const { domain, edgeUrl } = this.#setup;
    this.#did('register', {});
    this.#phone = new Phone({ user, password, domain, edgeUrl }, this.#phoneEvents(), this.#bus);
    this.#phone.start();
  }

  #phoneEvents(): PhoneEvents {
    const parts = this.#parts;
    return {
      registered: () => {
        showRegistration(parts, 'registered');
        this.#showStatus(this.#call === 'idle' ? 'Registered' : 'Registered, in a call');
      },
      registrationFailed: (cause) => {
        this.#tellProblem(inPlainWords(cause));
        this.stop();
      },
      disconnected: () => {
        if (!this.#phone) return;
        showRegistration(parts, 'connecting');
        this.#showStatus('Connection lost, trying again…');
      },
      credential: (credential) => {
        this.#credential.show(credential);
      },
      credentialRefused: ({ error, retryInMs }) => {
        const next = retryInMs === undefined ? '' : ` The page asks again in ${Math.ceil(retryInMs / 1000)} s.`;
        if (this.#moving) this.#showStatus('In a call, not moved: there is no new credential');
        this.#moving = false;
        this.#tellProblem(`The edge gave no TURN credential (${error}).${next}`);
      },
      incoming: (from) => {
        this.#receiveCall(from);
      },
      ringing: () => {
        this.#showCall('ringing', 'Ringing…');
      },
      established: (connection) => {
        this.#connection = connection;
        this.#showCall('in-call', 'In a call');
        this.#bus.emit('connection', { user: this.#user, connection });
        void this.tick();
      },
      remoteStream: (stream) => {
        parts.remoteVideo.srcObject = stream;
      },
      noRelay: (error, hasCredential) => {
        if (this.#moving) this.#showStatus('In a call, not moved: there is no new relay');
        this.#moving = false;
        this.#tellProblem(
          error ? relayProblem(error.errorCode, error.errorText, error.url) : noRelayCandidate(hasCredential),
        );
      },
      pathFailed: () => {
        this.#tellProblem(inPlainWords('RTP Timeout'));
      },
      ended: (failure) => {
        this.#endCall();
        if (failure !== undefined) this.#tellProblem(inPlainWords(failure));
        if (this.#phone) this.#showStatus('Registered');
      },
    };
  }

  async #placeCall(): Promise<void> {
    const callee = this.#callees.callee;
    if (this.#call !== 'idle' || callee === '') return;
    this.#problems.clear();
    this.#candidates.begin(this.#user);
    this.#showCall('calling', 'Calling…');
    const options = await this.#prepareCall();
    if (!options) return;
    const { transport, relayOnly } = options;
    this.#did('call', { callee, transport, relayOnly, media: this.#parts.media.value });
    this.#phone?.call(callee, options);
  }

  #receiveCall(from: string): void {
    this.#problems.clear();
    this.#candidates.begin(this.#user);
    this.#showCall('incoming', `${from} is calling`);
    this.#parts.incomingText.textContent = `${from} is calling`;
    if (this.#parts.echo.checked) void this.#acceptCall();
    else this.#parts.answer.focus();
  }

  async #acceptCall(): Promise<void> {
    const options = await this.#prepareCall();
    if (!options) {
      this.#phone?.decline();
      return;
    }
    const { transport, relayOnly } = options;
    this.#did('answer', { transport, relayOnly, echo: !options.stream });
    this.#phone?.answer(options);
  }

  /** `undefined` when camera or microphone are not to be had; the page says so. */
  async #prepareCall(): Promise<CallOptions | undefined> {
    const { media, transport, policy, echo, localVideo } = this.#parts;
    const choices = { transport: transport.value as TransportChoice, relayOnly: policy.value === 'relay' };
    if (this.#call === 'incoming' && echo.checked) return { stream: undefined, ...choices };
    try {
      this.#media = media.value === 'devices' ? await cameraAndMicrophone() : testPictureAndTone(this.#user);
    } catch {
      this.#endCall();
      this.#tellProblem(inPlainWords('User Denied Media Access'));
      return undefined;
    }
    localVideo.srcObject = this.#media.stream;
    return { stream: this.#media.stream, ...choices };
  }

  #refresh(moveCall: boolean): void {
    this.#did('refresh', { moveCall });
    this.#moving = moveCall;
    if (moveCall) this.#showStatus('In a call, moving it to a new credential…');
    this.#phone?.refreshCredential(moveCall);
  }

  #endCall(): void {
    this.#media?.stop();
    this.#media = undefined;
    if (this.#connection) this.#bus.emit('connection', { user: this.#user, connection: undefined });
    this.#connection = undefined;
    this.#pair = '';
    this.#moving = false;
    this.#parts.remoteVideo.srcObject = null;
    this.#parts.localVideo.srcObject = null;
    this.#showCall('idle');
  }

  #showCall(state: CallState, status?: string): void {
    this.#call = state;
    showCall(this.#parts, state);
    if (status !== undefined) this.#showStatus(status);
  }

  #showStatus(text: string): void {
    showStatus(this.#parts, text);
  }

  /** Whose event it is, the server often knows; what it cannot tell concerns whoever is about to connect. */
  #hearServer(event: LabEventJson): void {
    const mine =
      event.user === undefined ? this.#parts.root.dataset.registration === 'connecting' : event.user === this.#user;
    const words = mine && this.#user !== '' ? explainLabEvent(event) : undefined;
    if (words !== undefined) this.#problems.add(words, 'server');
  }

  #tellProblem(text: string): void {
    this.#problems.add(text, 'browser');
    this.#bus.emit('problem', { user: this.#user, text, atUnixMs: Date.now() });
  }

  #did(kind: PageEvents['action']['kind'], detail: PageEvents['action']['detail']): void {
    this.#bus.emit('action', { user: this.#user, kind, detail, atUnixMs: Date.now() });
  }
}

function onSubmit(form: HTMLFormElement, run: () => void): void {
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    run();
  });
}
