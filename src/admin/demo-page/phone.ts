import { UA, URI, WebSocketInterface } from 'jssip';
import { type RTCSession } from 'jssip/lib/RTCSession';
import { type IncomingResponse } from 'jssip/lib/SIPMessage';
import { type IncomingRTCSessionEvent, type OutgoingRTCSessionEvent } from 'jssip/lib/UA';
import {
  credentialFrom,
  iceConfiguration,
  refusalFrom,
  type TransportChoice,
  type TurnCredential,
} from './credential.ts';

const CREDENTIAL_REQUEST = 'TURN-Cred-Req: turn';
/** With one relay candidate in hand, a call need not wait for servers that do not answer. */
const GATHERING_GRACE_MS = 800;
/** A fresh credential is fetched when this part of the life is over. */
const REFRESH_AT = 0.75;

interface Account {
  readonly user: string;
  readonly password: string;
  readonly domain: string;
  readonly edgeUrl: string;
}

export interface CallOptions {
  readonly stream: MediaStream;
  readonly transport: TransportChoice;
  readonly relayOnly: boolean;
}

export interface PhoneEvents {
  registered(): void;
  /** `cause` is JsSIP's word. */
  registrationFailed(cause: string): void;
  disconnected(): void;
  credential(credential: TurnCredential): void;
  credentialRefused(reason: string): void;
  incoming(from: string): void;
  ringing(): void;
  established(connection: RTCPeerConnection): void;
  remoteStream(stream: MediaStream): void;
  /** No server gave a relay candidate; this is what one of them said. */
  relayError(code: number, text: string, url: string): void;
  /** Signalling works, but no pair of candidates does. */
  pathFailed(): void;
  /** `failure` is JsSIP's word when the call did not come about. */
  ended(failure: string | undefined): void;
}

/** JsSIP has the method; its type declarations do not. */
interface OptionsSender {
  sendOptions(
    target: URI,
    body: undefined,
    options: {
      extraHeaders: string[];
      eventHandlers: {
        succeeded(event: { response: IncomingResponse }): void;
        failed(event: { cause: string }): void;
      };
    },
  ): unknown;
}

/** One registered user and at most one call. */
export class Phone {
  readonly #ua: UA;
  readonly #account: Account;
  readonly #events: PhoneEvents;
  #session: RTCSession | undefined;
  #credential: TurnCredential | undefined;
  #refreshTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(account: Account, events: PhoneEvents) {
    this.#account = account;
    this.#events = events;
    this.#ua = new UA({
      sockets: [new WebSocketInterface(account.edgeUrl)],
      uri: `sip:${account.user}@${account.domain}`,
      password: account.password,
      session_timers: false,
    });
    this.#ua.registrator().setExtraHeaders([CREDENTIAL_REQUEST]);
    this.#ua.on('registered', ({ response }) => {
      this.#takeCredential(response);
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

  start(): void {
    this.#ua.start();
  }

  /** Ends the call, removes the registration and closes the WebSocket. */
  stop(): void {
    clearTimeout(this.#refreshTimer);
    this.#ua.stop();
  }

  /** Asks the edge for a fresh credential by OPTIONS to the home domain. */
  refreshCredential(): void {
    const sender = this.#ua as unknown as OptionsSender;
    // From text, JsSIP would take the domain for a user of the domain.
    const home = new URI('sip', '', this.#account.domain);
    sender.sendOptions(home, undefined, {
      extraHeaders: [CREDENTIAL_REQUEST],
      eventHandlers: {
        succeeded: ({ response }) => {
          this.#takeCredential(response);
        },
        failed: ({ cause }) => {
          this.#events.credentialRefused(cause);
        },
      },
    });
  }

  call(callee: string, options: CallOptions): void {
    const session = this.#ua.call(callee.includes('@') ? callee : `sip:${callee}@${this.#account.domain}`, {
      mediaStream: options.stream,
      pcConfig: this.#iceConfiguration(options),
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
    this.#session?.answer({ mediaStream: options.stream, pcConfig: this.#iceConfiguration(options) });
  }

  decline(): void {
    // JsSIP would say 480, which means that nobody is there.
    this.#session?.terminate({ status_code: 603, reason_phrase: 'Decline' });
  }

  /** Hangs up or cancels, whichever the call has come to. */
  endCall(): void {
    this.#session?.terminate();
  }

  #receive(session: RTCSession): void {
    if (this.#session) {
      session.terminate({ status_code: 486, reason_phrase: 'Busy Here' });
      return;
    }
    this.#watch(session);
    session.on('peerconnection', ({ peerconnection }) => {
      this.#watchConnection(peerconnection);
    });
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
    connection.addEventListener('track', ({ streams: [stream] }) => {
      if (stream) this.#events.remoteStream(stream);
    });
    // One server that refuses is no matter while another serves, so this waits for the end of gathering.
    let hasRelay = false;
    let refusal: RTCPeerConnectionIceErrorEvent | undefined;
    connection.addEventListener('icecandidate', ({ candidate }) => {
      hasRelay ||= candidate?.type === 'relay';
    });
    connection.addEventListener('icecandidateerror', (event) => {
      refusal = event;
    });
    connection.addEventListener('icegatheringstatechange', () => {
      if (connection.iceGatheringState !== 'complete' || hasRelay || !refusal) return;
      this.#events.relayError(refusal.errorCode, refusal.errorText, refusal.url);
    });
    connection.addEventListener('connectionstatechange', () => {
      if (connection.connectionState === 'failed') this.#events.pathFailed();
    });
  }

  #iceConfiguration({ transport, relayOnly }: CallOptions): RTCConfiguration {
    return this.#credential ? iceConfiguration(this.#credential, transport, relayOnly) : {};
  }

  #takeCredential(response: IncomingResponse): void {
    const credential = credentialFrom(response);
    if (!credential) {
      this.#events.credentialRefused(refusalFrom(response) ?? 'none in the answer');
      return;
    }
    this.#credential = credential;
    this.#events.credential(credential);
    clearTimeout(this.#refreshTimer);
    const leftMs = credential.expiresAtSec * 1000 - Date.now();
    // A timer holds 31 bits of milliseconds.
    const refreshInMs = Math.min(Math.max(leftMs * REFRESH_AT, 5000), 2 ** 31 - 1);
    this.#refreshTimer = setTimeout(() => {
      this.refreshCredential();
    }, refreshInMs);
  }
}
