/** How much one source address, and one user, may ask for over whatever connections. */
export interface FloodLimits {
  /** Requests of one IPv4 address or IPv6 /64. */
  readonly messagesPerSecPerAddress: number;
  readonly messageBurstPerAddress: number;
  /** Requests of one user; REGISTER counts by user and address, since anybody may claim to be the user. */
  readonly requestsPerSecPerIdentity: number;
  readonly requestBurstPerIdentity: number;
  /** WebSockets that one address may ask for. */
  readonly handshakesPerSecPerAddress: number;
  readonly handshakeBurstPerAddress: number;
  /** Wrong passwords for one user from one address that cost no wait. */
  readonly authenticationFailuresPerIdentity: number;
  /** The longest wait before the next try; the first is a second, and each failure doubles it. */
  readonly authenticationDelaySec: number;
  /** Wrong passwords of one address within ten minutes, whatever the user; each one more costs its connection. */
  readonly authenticationFailuresPerAddress: number;
  /** Entries of each table behind these limits; past it the longest unused is forgotten. */
  readonly sources: number;
  /** Ranges (see `parseIpRange`) to which nothing counted by address applies. */
  readonly exempt: readonly string[];
}
