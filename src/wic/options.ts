/** An `RTCIceServer`: fits `RTCConfiguration.iceServers` as it is. */
export interface IceServer {
  urls: string[];
  username: string;
  credential: string;
}

/** Why there is no new credential. */
export interface CredentialFailure {
  /**
   * The edge's word (`denied`, `quota`, `insecure`, `unsupported`, `unavailable`, or a later addition), or `none`: an answer without
   * credential; `malformed`: one that cannot be read; `failed`: a refusal, or silence.
   */
  readonly error: string;
  /** Milliseconds until the next request; absent when asking again would not help before the next REGISTER, which asks anyway. */
  readonly retryInMs?: number;
}

export interface TurnCredentialOptions {
  /** Called with each new credential, which new calls should use. */
  readonly onChange?: (iceServers: IceServer[]) => void;
  /** Called each time a request brought no credential. */
  readonly onFailure?: (failure: CredentialFailure) => void;
  /** Seconds that a credential should live: a wish. Default: the edge decides. */
  readonly ttlSec?: number;
  /** Part of a credential's life, 0 to 1, after which the next one is requested. Default: 0.75. */
  readonly refreshAt?: number;
  /** Largest part of that time, 0 to 1, by which the request goes out earlier at random, so that many clients do not ask at once. Default: 0.1. */
  readonly jitter?: number;
  /** Milliseconds to wait after the first failure. Each further failure doubles the wait, less up to a half at random. Default: 2000. */
  readonly firstRetryMs?: number;
  /** Longest wait after a failure, in milliseconds, unless the edge names a longer one. Default: 120 000. */
  readonly longestRetryMs?: number;
  /** Whether running calls over a relay move to a new credential before theirs ends. Default: true. */
  readonly moveCalls?: boolean;
}

/** What `attachTurnCredentials` gives. */
export interface TurnCredentials {
  /** What to give to a new `RTCPeerConnection`: empty while there is no credential, or only one whose time is over. */
  iceServers(): IceServer[];
  /** Resolves with `iceServers()` as soon as that is not empty. Rejects when the helper is detached before. */
  ready(): Promise<IceServer[]>;
  /** Asks for a new credential now. */
  refresh(): void;
  /** Moves every running call to the present credential now, by an ICE restart: also of use after a change of network. */
  moveCalls(): void;
  /** Takes every hook off the user agent and ends every timer. */
  detach(): void;
}
