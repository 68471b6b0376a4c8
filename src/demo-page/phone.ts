import { UA } from 'jssip';
import { type RTCSession } from 'jssip/lib/RTCSession';
import { type IncomingRTCSessionEvent, type OutgoingRTCSessionEvent } from 'jssip/lib/UA';
import {
  attachTurnCredentials,
  attachWebToken,
  type CredentialFailure,
  type TurnCredentials,
  type WebToken,
  type WebTokens,
} from '../wic/index.ts';
import {
  credentialIn,
  iceConfiguration,
  maskSecrets,
  type TransportChoice,
  type TurnCredential,
} from './credential.ts';
import { type AccessToken, tokenOfEdge } from './access-token.ts';
import { sendBack } from './echo.ts';
import { watchCandidates } from './ice-watch.ts';
import { type PageBus } from './page-bus.ts';
import { tracedSocket } from './traced-socket.ts';

/** With one relay candidate in hand, a call need not wait for servers that do not answer. */
const GATHERING_GRACE_MS = 800;

/** By what the user registers: the IMS password, or tokens of a web server. */
export type Proof = { readonly password: string } | { readonly supply: () => Promise<WebToken> };

export interface Account {
  readonly user: string;
  readonly proof: Proof;
  readonly domain: string;
  readonly edgeUrl: string;
}

export interface CallOptions {
  /** Absent: what comes in is sent back. */
  readonly stream: MediaStream | undefined;
  readonly transport: TransportChoice;
  readonly relayOnly: boolean;
}

export interface PhoneEvents {
  registered(): void;
  /** `cause` is JsSIP's word. */
  registrationFailed(cause: string): void;
  disconnected(): void;
  credential(credential: TurnCredential): void;
  credentialRefused(failure: CredentialFailure): void;
  incoming(from: string): void;
  ringing(): void;
  established(connection: RTCPeerConnection): void;
  remoteStream(stream: MediaStream): void;
  /** Gathering ended without a relay candidate; this is what a server said, if one did. */
  noRelay(error: RTCPeerConnectionIceErrorEvent | undefined, hasCredential: boolean): void;
  /** Signalling works, but no pair of candidates does. */
  pathFailed(): void;
  /** `failure` is JsSIP's word when the call did not come about. */
  ended(failure: string | undefined): void;
}

/** One registered user and at most one call. */
export class Phone {
  readonly #ua: UA;
  readonly #turn: TurnCredentials;
  readonly #tokens: WebTokens | undefined;
  readonly #account: Account;
  readonly #events: PhoneEvents;
  readonly #bus: PageBus;
  #session: RTCSession | undefined;
  #seen: TurnCredential | undefined;
  #moveOnChange = false;
  #stopped = false;

  constructor(account: Account, events: PhoneEvents, bus: PageBus) {
    this.#account = account;
    this.#events = events;
    this.#bus = bus;
    this.#ua = new UA({
      sockets: tracedSocket(account.edgeUrl, (direction, text) => {
        this.#trace(direction, text);
      }),
      uri: `sip:${account.user}@${account.domain}`,
      ...('password' in account.proof && { password: account.proof.password }),
      session_timers: false,
    });
    this.#tokens = 'supply' in account.proof ? attachWebToken(this.#ua, account.proof.supply) : undefined;
    this.#turn = attachTurnCredentials(this.#ua, {
      onChange: () => {
        this.#takeCredential();
      },
      onFailure: (failure) => {
        events.credentialRefused(failure);
      },
    });
    this.#ua.on('registered', () => {
      events.registered();
    });
    this.#ua.on('registrationFailed', ({ cause }) => {
      events.registrationFailed(cause ?? 'Request Timeout');
    });
    this.#ua.on('disconnected', () => {
      events.disconnected();
    });
    this.#ua.on('newRTCSession', (event: IncomingRTCSessionEvent | OutgoingRTCSessionEvent) => {
      // JsSIP also announces the calls that this page makes.
      if (event.session.direction.toString() === 'incoming') this.#receive(event.session);
    });
  }

  /** Rejects when there is no token to register by. */
  async start(): Promise<void> {
    await this.#tokens?.ready();
    if (!this.#stopped) this.#ua.start();
  }

  /** Ends the call, removes the registration and closes the WebSocket. */
  stop(): void {
    this.#stopped = true;
    this.#turn.detach();
    this.#tokens?.detach();
    this.#ua.stop();
  }

  /** Asks the edge for a fresh credential by OPTIONS, and moves the running call to it if that is wished. */
  refreshCredential(moveCall: boolean): void {
    this.#moveOnChange = moveCall;
    this.#turn.refresh();
  }

  /** Rejects when the edge gives none. */
  accessToken(): Promise<AccessToken> {
    return tokenOfEdge(this.#ua, this.#account.domain);
  }

  call(callee: string, options: CallOptions): void {
    const session = this.#ua.call(callee.includes('@') ? callee : `sip:${callee}@${this.#account.domain}`, {
      ...this.#mediaOptions(options),
      eventHandlers: {
        peerconnection: ({ peerconnection }) => {
          this.#watchConnection(peerconnection);
        },
      },
    });
    this.#watch(session);
    session.on('progress', () => {
      this.#events.ringing();
    });
  }

  answer(options: CallOptions): void {
    this.#session?.on('peerconnection', ({ peerconnection }) => {
      this.#watchConnection(peerconnection);
      if (!options.stream) sendBack(peerconnection);
    });
    this.#session?.answer(this.#mediaOptions(options));
  }

  decline(): void {
    // JsSIP would say 480, which means that nobody is there.
    this.#session?.terminate({ status_code: 603, reason_phrase: 'Decline' });
  }

  /** Hangs up or cancels, whichever the call has come to. */
  endCall(): void {
    this.#session?.terminate();
  }

  #mediaOptions({ stream, transport, relayOnly }: CallOptions) {
    const pcConfig = iceConfiguration(this.#turn.iceServers(), transport, relayOnly);
    // Without a stream and without wishes, JsSIP asks for neither camera nor microphone.
    return stream ? { mediaStream: stream, pcConfig } : { mediaConstraints: { audio: false, video: false }, pcConfig };
  }

  #trace(direction: 'in' | 'out', message: string): void {
    const atUnixMs = Date.now();
    // Before JsSIP and the helper hear of it.
    if (direction === 'in') this.#seen = credentialIn(message, atUnixMs) ?? this.#seen;
    this.#bus.emit('sip', { user: this.#account.user, direction, text: maskSecrets(message), atUnixMs });
  }

  #takeCredential(): void {
    const [server] = this.#turn.iceServers();
    if (!this.#seen || server?.username !== this.#seen.username) return;
    this.#events.credential(this.#seen);
    if (this.#moveOnChange) this.#turn.moveCalls();
    this.#moveOnChange = false;
  }

  #receive(session: RTCSession): void {
    if (this.#session) {
      session.terminate({ status_code: 486, reason_phrase: 'Busy Here' });
      return;
    }
    this.#watch(session);
    this.#events.incoming(session.remote_identity.uri.user);
  }

  #watch(session: RTCSession): void {
    this.#session = session;
    session.on('confirmed', () => {
      this.#events.established(session.connection);
    });
    session.on('ended', () => {
      this.#end(session, undefined);
    });
    session.on('failed', ({ cause }) => {
      this.#end(session, cause === 'Canceled' ? undefined : cause);
    });
    let grace: ReturnType<typeof setTimeout> | undefined;
    session.on('icecandidate', ({ candidate, ready }) => {
      if (candidate.type === 'relay') grace ??= setTimeout(ready, GATHERING_GRACE_MS);
    });
  }

  #end(session: RTCSession, failure: string | undefined): void {
    if (this.#session !== session) return;
    this.#session = undefined;
    this.#events.ended(failure);
  }

  #watchConnection(connection: RTCPeerConnection): void {
    const hasCredential = (connection.getConfiguration().iceServers ?? []).length > 0;
    connection.addEventListener('track', ({ streams: [stream] }) => {
      if (stream) this.#events.remoteStream(stream);
    });
    connection.addEventListener('connectionstatechange', () => {
      if (connection.connectionState === 'failed') this.#events.pathFailed();
    });
    watchCandidates(connection, this.#account.user, this.#bus, (error) => {
      this.#events.noRelay(error, hasCredential);
    });
  }
}
