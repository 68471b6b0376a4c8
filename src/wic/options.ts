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
  /** When the next question goes out; absent when asking again would not help before the next REGISTER, which asks anyway. */
  readonly retryInMs?: number;
}

export interface TurnCredentialOptions {
  /** A new credential is there: what new calls should have. */
  readonly onChange?: (iceServers: IceServer[]) => void;
  readonly onFailure?: (failure: CredentialFailure) => void;
  /** Seconds a credential should live: a wish. Left to the edge unless given. */
  readonly ttlSec?: number;
  /** The part of a credential's life, 0 to 1, after which the next is asked for. 0.75 unless given. */
  readonly refreshAt?: number;
  /** By what part of that time, at most, the question goes out earlier, so that many clients do not ask at once. 0.1 unless given. */
  readonly jitter?: number;
  /** Wait after the first failure; each further one doubles it, less up to a half at random. 2000 unless given. */
  readonly firstRetryMs?: number;
  /** The longest wait after a failure, unless the edge names a longer one. 120 000 unless given. */
  readonly longestRetryMs?: number;
  /** Whether running calls over a relay go over to a new credential before theirs ends. True unless given. */
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
