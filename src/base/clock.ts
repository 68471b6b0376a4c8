/**
 * One reading of both clocks, taken once at the edge of the process and handed inwards.
 *
 * Protocol lifetimes (allocation, permission, channel, SIP binding, transaction timer) run on `monotonicMs`, so a wall
 * clock that jumps ends nothing. Credential expiry is an absolute UNIX time and is held against `unixMs`.
 */
export interface Now {
  /** Milliseconds from an arbitrary origin; never goes back. */
  readonly monotonicMs: number;
  /** Milliseconds since 1970-01-01T00:00:00Z, as the operator's clock has it. */
  readonly unixMs: number;
}

export interface Clock {
  now(): Now;
}

export const systemClock: Clock = {
  now: () => ({ monotonicMs: performance.now(), unixMs: Date.now() }),
};
