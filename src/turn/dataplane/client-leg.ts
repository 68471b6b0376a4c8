import { type ClientPath } from '../engine/data-plane.ts';
import { type Channel } from './relay.ts';

/** What the plane asks of this server's own client transports beyond the contract: its state for the 5-tuple, and a fast way out. */
export interface ClientLink extends ClientPath {
  /** Kept by the transport under the 5-tuple, so that a ChannelData message finds it with one lookup. Absent without an allocation. */
  leg: ClientLeg | undefined;
  /**
   * Hands `data[offset, offset + length)` to the client as ChannelData; `data` is the caller's again on return. False when it was
   * dropped, which the transport has counted. Allocates nothing over UDP.
   */
  sendChannelData(channel: number, data: Uint8Array, offset: number, length: number): boolean;
}

/** The plane's side of one 5-tuple. An allocation with ADDITIONAL-ADDRESS-FAMILY has two relays, and one set of channel numbers. */
export class ClientLeg {
  readonly link: ClientLink;
  readonly channels = new Map<number, Channel>();
  relayCount = 0;

  constructor(link: ClientLink) {
    this.link = link;
  }
}

/** What a client transport calls for ChannelData of a 5-tuple that has an allocation. */
export interface ChannelDataPath {
  /** `frame` is one ChannelData message. False when the 5-tuple has no such channel. Never throws; allocates nothing. */
  forward(leg: ClientLeg, frame: Uint8Array): boolean;
}
