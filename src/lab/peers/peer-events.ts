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

/** How a call to a peer ended. */
export const PEER_CALL_ENDS = {
  'hung-up': 'One side hung up.',
  cancelled: 'The caller cancelled it.',
  refused: 'The peer refused it with `status`.',
  'not-acknowledged': 'No ACK came.',
  'session-expired': 'No refresh of the session came (RFC 4028).',
  'media-lost': 'ICE or DTLS failed, and nothing restored it.',
  'too-long': 'The call was longer than a peer allows.',
  stopped: 'The lab stopped.',
} as const;
export type PeerCallEnd = keyof typeof PEER_CALL_ENDS;

export interface PeerCallEnded extends PeerCallFacts {
  readonly cause: PeerCallEnd;
  /** Status of the answer that refused the call; `undefined` when it was not refused. */
  readonly status: number | undefined;
}
