/** A call to one of the peers of a lab. */
export interface PeerCallFacts {
  /** `echo`, `later-5` … */
  readonly peer: string;
  /** Whom the caller says to be: `sip:alice@localhost`. */
  readonly from: string;
  /** The lab user's name, where the caller is one. */
  readonly user: string | undefined;
  readonly callId: string;
}

/**
 * `hung-up`, `cancelled`: by the caller · `refused`: with `status` · `not-acknowledged`: no ACK came · `session-expired`: no refresh came
 * (RFC 4028) · `media-lost`: ICE or DTLS failed and nothing mended it · `too-long`: beyond what a call may take · `stopped`: with the server.
 */
export type PeerCallEnd =
  'hung-up' | 'cancelled' | 'refused' | 'not-acknowledged' | 'session-expired' | 'media-lost' | 'too-long' | 'stopped';

export interface PeerCallEnded extends PeerCallFacts {
  readonly cause: PeerCallEnd;
  /** Of the answer that ended a call before it began. */
  readonly status: number | undefined;
}
