import { type RelayDirection } from '../../turn/contract/bandwidth.ts';

/** Lost, in the place of a time to wait. */
export const LOST = -1;

/**
 * Decides about each datagram of one relay that would pass: milliseconds to hold it back (0: none), or `LOST`. `bytes` is the payload's length,
 * `nowMs` monotonic. Datagrams that are due at different times leave in the order they are due. May be replaced during a call of its own.
 */
export type Impairment = (direction: RelayDirection, bytes: number, nowMs: number) => number;
