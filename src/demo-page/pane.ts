import { AccountForm } from './account-form.ts';
import { CalleeChoice } from './callee-choice.ts';
import { CandidateList } from './candidate-list.ts';
import { CredentialView } from './credential-view.ts';
import { explainLabEvent } from './explain/explain.ts';
import { inPlainWords, noRelayCandidate, relayProblem } from './explain/plain-words.ts';
import { type LabClient } from './lab-client.ts';
import { type LabEventJson, type PageBus, type PageEvents } from './page-bus.ts';
import { PaneCall } from './pane-call.ts';
import { type PaneParts } from './pane-parts.ts';
import { showRegistration, showStatus } from './pane-view.ts';
import { Phone, type PhoneEvents, type Proof } from './phone.ts';
import { ProblemList } from './problem-list.ts';
import { type Setup } from './setup.ts';
import { TokenPanel } from './token-panel.ts';
import { userOf, type WebSignIn } from './web-sign-in.ts';

/** One peer has several addresses, and two users of one tab are each other's peers. */
const MOST_REFUSED_PEERS = 3;

export interface PaneContext {
  readonly setup: Setup;
  readonly bus: PageBus;
  readonly lab: LabClient | undefined;
  /** One for all panes: the browser has one session at the web server. Absent: users have IMS passwords. */
  readonly web: WebSignIn | undefined;
}

/** One user of the page: account, credential, and a call. */
export class Pane {
  readonly #parts: PaneParts;
  readonly #setup: Setup;
  readonly #bus: PageBus;
  readonly #account: AccountForm;
  readonly #web: WebSignIn | undefined;
  readonly #problems: ProblemList;
  readonly #credential: CredentialView;
  readonly #callees: CalleeChoice;
  readonly #tokens: TokenPanel;
  readonly #call: PaneCall;
  #phone: Phone | undefined;
  /** Ends the session at the web server, where there is one. */
  #logOut: () => Promise<void> = () => Promise.resolve();
  #user = '';
  /** Peers that the relay refused, in words. ICE tries every pair, so most calls have some, and do well. */
  #refusedPeers: string[] = [];

  constructor(parts: PaneParts, { setup, bus, lab, web }: PaneContext, defaultUser: string | undefined) {
    this.#parts = parts;
    this.#setup = setup;
    this.#bus = bus;
    this.#account = new AccountForm(parts, setup, defaultUser);
    this.#web = web;
    this.#problems = new ProblemList(parts);
    this.#credential = new CredentialView(parts);
    this.#callees = new CalleeChoice(parts, setup);
    this.#tokens = new TokenPanel(parts, {
      paths: setup.accessTokens,
      lab,
      ofEdge: () => this.#phone?.accessToken() ?? Promise.reject(new Error('Register first.')),
      problem: (text) => {
        this.#tellProblem(text);
      },
      did: (kind, detail) => {
        this.#did(kind, detail);
      },
    });
    this.#call = new PaneCall(parts, bus, new CandidateList(parts, bus), {
      begin: () => {
        this.#refusedPeers = [];
        this.#problems.clear();
      },
      problem: (text) => {
        this.#tellProblem(text);
      },
      did: (kind, detail) => {
        this.#did(kind, detail);
      },
    });
    this.#listen();
    showRegistration(parts, 'signed-out');
  }

  /** Whom it is registered as, or would register as. */
  get user(): string {
    return this.#phone ? this.#user : this.#account.user;
  }

  focus(): void {
    this.#account.focus();
  }

  /** Once a second. */
  async tick(): Promise<void> {
    this.#credential.showTimeLeft();
    await this.#call.tick();
    if (this.#call.hasPath === false) for (const words of this.#refusedPeers) this.#problems.add(words, 'server');
    if (this.#call.hasPath !== undefined) this.#refusedPeers = [];
  }

  /** Signs out; the pane itself stays. */
  stop(): void {
    const leaving = this.#phone;
    this.#phone = undefined;
    leaving?.stop();
    this.#web?.leave(this);
    this.#call.use(undefined, '');
    this.#credential.clear();
    this.#tokens.hide();
    showRegistration(this.#parts, 'signed-out');
    this.#parts.title.textContent = 'User';
    showStatus(this.#parts, 'Not registered');
    this.#user = '';
  }

  #listen(): void {
    const { accountForm, signOut, register, callForm, hangUp, answer, decline } = this.#parts;
    const { refresh, refreshAndMove } = this.#parts;
    onSubmit(accountForm, () => {
      void this.#signIn();
    });
    onSubmit(callForm, () => void this.#call.place(this.#callees.callee));
    onClick(signOut, () => {
      this.#did('unregister', {});
      this.stop();
      this.#logOut().catch((error: unknown) => {
        this.#tellProblem(error instanceof Error ? error.message : String(error));
      });
      this.#logOut = () => Promise.resolve();
      register.focus();
    });
    onClick(hangUp, () => {
      this.#call.hangUp();
    });
    onClick(answer, () => void this.#call.accept());
    onClick(decline, () => {
      this.#call.decline();
    });
    onClick(refresh, () => {
      this.#refresh(false);
    });
    onClick(refreshAndMove, () => {
      this.#refresh(true);
    });
    this.#bus.on('lab-event', (event) => {
      this.#hearServer(event);
    });
    this.#bus.on('action', ({ user, kind, atUnixMs }) => {
      // What a fault does at once may be here before it is told that somebody caused it.
      if (kind === 'fault' && (user === '' || user === this.#user)) this.#problems.clear(atUnixMs);
    });
  }

  async #signIn(): Promise<void> {
    this.#problems.clear();
    const { register } = this.#parts;
    register.disabled = true;
    try {
      const { signInBy } = this.#account;
      if (signInBy === 'password' || !this.#web) this.#signInByPassword();
      else await this.#signInByWeb(this.#web, signInBy);
    } catch (error) {
      this.#tellProblem(error instanceof Error ? error.message : String(error));
      if (this.#phone) this.stop();
    } finally {
      register.disabled = false;
    }
  }

  #signInByPassword(): void {
    const { user, password } = this.#account;
    if (user === '' || password === '') this.#problems.add('Fill in user name and password.', 'browser');
    else void this.#register(user, { password });
  }

  async #signInByWeb(web: WebSignIn, by: 'web' | 'guest'): Promise<void> {
    const session = by === 'web' ? await web.logIn(this) : await web.beGuest(this);
    if (!session) {
      this.#problems.add('Nobody has logged in.', 'browser');
      return;
    }
    this.#logOut = () => web.logOut(session);
    await this.#register(userOf(session), { supply: () => web.tokenOf(session) });
  }

  async #register(user: string, proof: Proof): Promise<void> {
    this.#user = user;
    this.#parts.title.textContent = user;
    showRegistration(this.#parts, 'connecting');
    showStatus(this.#parts, 'Registering…');
    this.#callees.offer(user);
    this.#did('register', {});
    const { domain, edgeUrl } = this.#setup;
    const phone = new Phone({ user, proof, domain, edgeUrl }, this.#phoneEvents('supply' in proof), this.#bus);
    this.#phone = phone;
    this.#call.use(phone, user);
    await phone.start();
  }

  #refresh(moveCall: boolean): void {
    this.#problems.clear();
    this.#did('refresh', { moveCall });
    if (moveCall) this.#call.beginMove();
    this.#phone?.refreshCredential(moveCall);
  }

  /** `isSignedIn`: at the web server. */
  #phoneEvents(isSignedIn: boolean): PhoneEvents {
    const parts = this.#parts;
    return {
      registered: () => {
        showRegistration(parts, 'registered');
        this.#tokens.show(isSignedIn);
        showStatus(parts, this.#call.isIdle ? 'Registered' : 'Registered again, in a call');
      },
      registrationFailed: (cause) => {
        this.#tellProblem(inPlainWords(cause));
        this.stop();
      },
      disconnected: () => {
        if (!this.#phone) return;
        showRegistration(parts, 'connecting');
        showStatus(parts, 'Connection lost, trying again…');
      },
      credential: (credential) => {
        this.#credential.show(credential);
      },
      credentialRefused: ({ error, retryInMs }) => {
        const next = retryInMs === undefined ? '' : ` The page asks again in ${Math.ceil(retryInMs / 1000)} s.`;
        this.#call.notMoved('there is no new credential');
        this.#tellProblem(`The edge gave no TURN credential (${error}).${next}`);
      },
      incoming: (from) => {
        this.#call.receive(from);
      },
      ringing: () => {
        this.#call.ringing();
      },
      established: (connection) => {
        this.#call.established(connection);
      },
      remoteStream: (stream) => {
        parts.remoteVideo.srcObject = stream;
      },
      noRelay: (error, hasCredential) => {
        this.#call.notMoved('there is no new relay');
        this.#tellProblem(
          error ? relayProblem(error.errorCode, error.errorText, error.url) : noRelayCandidate(hasCredential),
        );
      },
      pathFailed: () => {
        this.#tellProblem(inPlainWords('RTP Timeout'));
      },
      ended: (failure) => {
        this.#call.end();
        if (failure !== undefined) this.#tellProblem(inPlainWords(failure));
        if (this.#phone) showStatus(parts, 'Registered');
      },
    };
  }

  /** Whose event it is, the server often knows; what it cannot tell concerns whoever is about to connect. */
  #hearServer(event: LabEventJson): void {
    const { registration } = this.#parts.root.dataset;
    const mine = event.user === undefined ? registration === 'connecting' : event.user === this.#user;
    const words = mine && this.#user !== '' ? explainLabEvent(event) : undefined;
    if (words === undefined) return;
    if (event.type !== 'peer-denied' && event.cause !== 'peer-denied') this.#problems.add(words, 'server');
    else if (this.#refusedPeers.length < MOST_REFUSED_PEERS) this.#refusedPeers.push(words);
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

function onClick(button: HTMLButtonElement, run: () => void): void {
  button.addEventListener('click', run);
}
