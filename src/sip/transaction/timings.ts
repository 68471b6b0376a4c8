/** Timer values of RFC 3261 Table 4 from which all others follow, in milliseconds. */
export interface TransactionTimings {
  /** Estimate of the round-trip time; 64 times this ends a transaction that hears nothing. */
  readonly t1Ms: number;
  /** Longest interval between retransmissions. */
  readonly t2Ms: number;
  /** Longest time a message stays in the network. */
  readonly t4Ms: number;
  /** Timer D: how long an INVITE client answers retransmitted failures on an unreliable transport; at least 32,000. */
  readonly timerDMs: number;
  /** How long the TU may take before an INVITE is answered with 100 in its place (RFC 3261 §17.2.1: 200). */
  readonly tryingDelayMs: number;
}
