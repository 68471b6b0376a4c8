import { type TransportAddress } from '../../../base/transport-address.ts';
import { type RelayBandwidth } from '../../contract/bandwidth.ts';
import { type ClientPath } from '../../contract/client-path.ts';
import { type RelayHandle } from '../../contract/relay-handle.ts';

/** Slots of this plane begin here, so that another one may have those below. */
const FIRST_SLOT = 0x100_0000;

/** The client's side of relays, the same for both of an allocation with two. */
export interface BatchLeg {
  readonly number: number;
  client: ClientPath;
  /** Whether the client has a connection on the main thread. */
  isOnMain: boolean;
  relayCount: number;
}

/** A relayed transport address of this plane. */
export class BatchRelay {
  readonly number: number;
  /** What the engine knows the relay by. */
  readonly handle: RelayHandle;
  readonly fd: number;
  /** The shard that reads its socket. */
  readonly shard: number;
  leg: BatchLeg | undefined;
  bandwidth: RelayBandwidth | undefined;
  /** How many drops of the kernel for its socket are counted already. */
  kernelDrops = 0;

  constructor(number: number, relayed: TransportAddress, fd: number, shard: number) {
    this.number = number;
    this.handle = { slot: FIRST_SLOT + number, relayed };
    this.fd = fd;
    this.shard = shard;
  }

  get relayed(): TransportAddress {
    return this.handle.relayed;
  }

  /** Whether a relay is one of this plane. */
  static isHere({ slot }: RelayHandle): boolean {
    return slot >= FIRST_SLOT;
  }

  static numberOf({ slot }: RelayHandle): number {
    return slot - FIRST_SLOT;
  }
}
