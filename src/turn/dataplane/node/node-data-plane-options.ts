import { type Logger } from '../../../base/logger.ts';
import { type TransportAddress } from '../../../base/transport-address.ts';
import { type DataPlaneSink } from '../../contract/data-plane-sink.ts';
import { type DropCounters } from '../shared/drop-counters.ts';
import { type ClientTurns } from './client-turns.ts';
import { type ClientSockets } from './client-sockets.ts';
import { type JoinedStreamsOptions } from './joined-streams.ts';
import { type KernelTcp } from '../../kernel/tcp.ts';
import { type ReceiveBatch } from '../../kernel/receive-batch.ts';
import { type KernelUdp } from '../../kernel/udp.ts';
import { type RelayAddress } from '../shared/relay-address.ts';

export interface NodeDataPlaneOptions {
  /** Addresses of the relays. Nothing is relayed of a family without one. */
  readonly addresses: readonly RelayAddress[];
  /** SO_RCVBUF and SO_SNDBUF of each relay socket; 0 leaves the kernel's default. */
  readonly socketBufferBytes: number;
  /** How late an expiry may be noticed by a packet; see `CoarseClock`. */
  readonly clockResolutionMs: number;
  /** Options of TCP relays; absent: no TCP is relayed. */
  readonly tcp?: (JoinedStreamsOptions & { readonly kernel: KernelTcp }) | undefined;
}

export interface NodeDataPlanePorts {
  readonly sink: DataPlaneSink;
  readonly clients: ClientSockets;
  /** Told of each datagram of a peer, so that clients have their turn. */
  readonly turns: ClientTurns;
  readonly drops: DropCounters;
  readonly logger: Logger;
  /** UDP sockets of the kernel; absent: the plane uses `node:dgram`. */
  readonly kernel?: KernelUdp | undefined;
  /**
   * Takes data of a relay, `from`, for a relay of this server that another plane serves; false when there is none at `to`. Absent where there is
   * no other plane.
   */
  readonly toOtherPlane?: ((from: TransportAddress, to: TransportAddress, data: Uint8Array) => boolean) | undefined;
  /** Takes many datagrams at a time, with `kernel`; absent: what is late is relayed too. */
  readonly batch?: ReceiveBatch | undefined;
  /** Monotonic milliseconds of the same clock the engine lives by. */
  readonly nowMs: () => number;
}
