import { type ClientPath } from '../../contract/client-path.ts';
import { type DataPlaneSink } from '../../contract/data-plane-sink.ts';
import { type KernelAbilities } from '../../kernel/self-test.ts';
import { type SystemCalls } from '../../kernel/system-calls.ts';
import { type DropCounters } from '../shared/drop-counters.ts';
import { type RelayAddress } from '../shared/relay-address.ts';
import { type BatchListener } from './batch-listener.ts';

export interface BatchPlaneOptions {
  /** Addresses of the relays. Nothing is relayed of a family without one. */
  readonly addresses: readonly RelayAddress[];
  /** SO_RCVBUF and SO_SNDBUF of each relay socket; 0 leaves the kernel's default. */
  readonly relayBufferBytes: number;
  /** How many threads move packets. */
  readonly shards: number;
  /** How many relays there may be, those counted that have ended just now. */
  readonly relaySlots: number;
  /** Random, so that nobody can choose addresses that meet in one place of a table. */
  readonly seed: number;
}

export interface BatchPlanePorts {
  readonly sink: Pick<DataPlaneSink, 'onClientMessage' | 'onPeerData' | 'onPeerError' | 'onRelayClosed'>;
  readonly drops: DropCounters;
  readonly calls: SystemCalls;
  readonly abilities: KernelAbilities;
  /** Monotonic milliseconds of the clock the engine lives by. */
  readonly nowMs: () => number;
  /** Takes up a listener where the sockets of clients are; its number in `ClientPath.socket`. */
  readonly takeUp: (listener: BatchListener) => number;
  readonly giveUp: (listener: BatchListener) => void;
  /** Hands data to a client that has a connection on the main thread, as ChannelData. False when it was dropped, and counted. */
  readonly sendOnMain: (client: ClientPath, channel: number, data: Buffer) => boolean;
  /** A thread has failed: the plane does not work any more. */
  readonly onFailed: (error: Error) => void;
}
