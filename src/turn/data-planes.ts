import { randomInt } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { type Clock } from '../base/clock.ts';
import { type Logger } from '../base/logger.ts';
import { fail, ok, type Result } from '../base/result.ts';
import { type DataPlane } from './contract/data-plane.ts';
import { type DataPlaneSink } from './contract/data-plane-sink.ts';
import { BatchDataPlane } from './dataplane/batch/batch-data-plane.ts';
import { type ClientSockets } from './dataplane/node/client-sockets.ts';
import { type ClientTurns } from './dataplane/node/client-turns.ts';
import { NodeDataPlane } from './dataplane/node/node-data-plane.ts';
import { type NodeDataPlanePorts } from './dataplane/node/node-data-plane-options.ts';
import { type DropCounters } from './dataplane/shared/drop-counters.ts';
import { type RelayAddress } from './dataplane/shared/relay-address.ts';
import { batchSupport, type BatchMeans } from './batch-support.ts';
import { BatchClients, CrossingClients } from './batch-clients.ts';
import { JointDataPlane } from './joint-data-plane.ts';
import { ReceiveBatch } from './kernel/receive-batch.ts';
import { systemCalls } from './kernel/system-calls.ts';
import { kernelTcp } from './kernel/tcp.ts';
import { kernelUdp, type KernelUdp } from './kernel/udp.ts';
import { turnListenError } from './transports/listen-error.ts';
import { type ListenerPorts, type OpenDatagramListener } from './transports/listener.ts';
import { type TurnServerOptions } from './turn-server-options.ts';
import { type TurnWrap } from './turn-wrap.ts';

/** How many datagrams the data plane `node` takes with one system call. */
const DATAGRAMS_AT_ONCE = 32;
/** Beside the relays that may be taken there are some that have ended just now. */
const SPARE_SLOTS = 1024;

export interface DataPlanePorts {
  readonly sink: DataPlaneSink;
  readonly clients: ClientSockets;
  readonly turns: ClientTurns;
  readonly drops: DropCounters;
  readonly logger: Logger;
  readonly clock: Clock;
  /** Whether other threads have that clock too. */
  readonly isSystemClock: boolean;
  readonly wrap: TurnWrap | undefined;
  readonly onFailed: (error: Error) => void;
}

/** The data plane of a TURN server, and what its transports need of it. */
export interface DataPlanes {
  readonly plane: DataPlane;
  /** Serves the clients of transports that are on the main thread. */
  readonly node: NodeDataPlane;
  /** How many threads move packets beside the main one. */
  readonly shards: number;
  /** Sockets of the kernel for the data plane `node`; absent: it uses `node:dgram`. */
  readonly kernel: KernelUdp | undefined;
  /** In one line, where `kernel` is absent. */
  readonly whyNoKernel: string | undefined;
  /** For the datagrams of all sockets of the data plane `node`, since one is served at a time. */
  readonly batch: ReceiveBatch | undefined;
  /** Where transports hand what clients send. */
  readonly clientSink: ListenerPorts['sink'];
  /** Opens the UDP listeners; those of the data plane `node` when absent. */
  readonly openUdp: OpenDatagramListener | undefined;
  /** Counts what was dropped since it was last asked. */
  noteDrops(): void;
  /** After the listeners are closed. Leaves no thread and no handle behind. */
  close(): Promise<void>;
}

/** Makes the plane that is configured, or `node` where that one cannot serve, and logs why. */
export async function openDataPlanes(
  options: TurnServerOptions,
  addresses: readonly RelayAddress[],
  ports: DataPlanePorts,
): Promise<DataPlanes> {
  if (options.dataPlane !== 'batch') return nodeAlone(options, addresses, ports);
  const support = batchSupport(options, ports.isSystemClock, ports.wrap);
  const opened = support.ok ? await batchAndNode(options, addresses, ports, support.value) : support;
  if (opened.ok) return opened.value;
  ports.logger.warn({ reason: opened.reason }, 'the data plane is node: batch cannot serve here');
  return nodeAlone(options, addresses, ports);
}

function nodeAlone(options: TurnServerOptions, addresses: readonly RelayAddress[], ports: DataPlanePorts): DataPlanes {
  const { node, ...means } = createNode(options, addresses, ports);
  return {
    ...means,
    plane: node,
    node,
    shards: 0,
    clientSink: ports.sink,
    openUdp: undefined,
    noteDrops: () => {
      node.noteKernelDrops();
    },
    close: () => {
      node.close();
      return Promise.resolve();
    },
  };
}

/** Fails, with nothing left behind, where the system grants too few threads or descriptors. */
async function batchAndNode(
  options: TurnServerOptions,
  addresses: readonly RelayAddress[],
  ports: DataPlanePorts,
  means: BatchMeans,
): Promise<Result<DataPlanes, string>> {
  const { sink, clients, drops, clock, onFailed } = ports;
  const nowMs = (): number => clock.now().monotonicMs;
  const { min, max } = options.relay.ports;
  const shards = options.shards === 'auto' ? availableParallelism() : options.shards;
  const make = (): BatchDataPlane =>
    new BatchDataPlane(
      {
        addresses,
        relayBufferBytes: options.sockets.relayBufferBytes,
        shards,
        relaySlots: (max - min + 1) * addresses.length + SPARE_SLOTS,
        seed: randomInt(2 ** 32),
      },
      {
        sink: {
          onClientMessage: (client, bytes) => {
            clientSink.onClientMessage(client, bytes);
          },
          onPeerData: sink.onPeerData.bind(sink),
          onPeerError: sink.onPeerError.bind(sink),
          onRelayClosed: sink.onRelayClosed.bind(sink),
        },
        drops,
        nowMs,
        onFailed,
        takeUp: (listener) => clients.add(new BatchClients(listener)),
        giveUp: ({ socket }) => {
          clients.remove(socket);
        },
        sendOnMain: (client, channel, data) =>
          clients.of(client)?.linkTo(client).sendChannelData(channel, data, 0, data.length) ?? false,
        ...means,
      },
    );
  const started = await startedBatch(make);
  if (!started.ok) return started;
  const batch = started.value;
  const toBatch: NodeDataPlanePorts['toOtherPlane'] = (from, to, data) => batch.deliver(from, to, data);
  const { node, kernel, whyNoKernel } = createNode(options, addresses, ports, toBatch);
  const clientSink = new CrossingClients(sink, { clients, node: () => node, batch: () => batch });
  return ok({
    plane: new JointDataPlane(batch, node),
    node,
    shards,
    kernel,
    whyNoKernel,
    batch: undefined,
    clientSink,
    openUdp: (local, listenOptions) => {
      try {
        return batch.openListener(local, listenOptions);
      } catch (error) {
        throw turnListenError('udp', local, error);
      }
    },
    noteDrops: () => {
      node.noteKernelDrops();
      batch.noteDrops();
    },
    close: async () => {
      node.close();
      await batch.stop();
    },
  });
}

async function startedBatch(make: () => BatchDataPlane): Promise<Result<BatchDataPlane, string>> {
  let batch: BatchDataPlane | undefined;
  try {
    batch = make();
    await batch.start();
    return ok(batch);
  } catch (error) {
    await batch?.stop();
    return fail(`a thread does not start: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function createNode(
  options: TurnServerOptions,
  addresses: readonly RelayAddress[],
  { sink, clients, turns, drops, logger, clock, wrap }: DataPlanePorts,
  toOtherPlane?: NodeDataPlanePorts['toOtherPlane'],
): Pick<DataPlanes, 'node' | 'kernel' | 'whyNoKernel' | 'batch'> {
  const { clockResolutionMs, relayBufferBytes } = options.sockets;
  const calls = options.dataPlane === 'node' ? fail('turn.dataPlane is node') : systemCalls();
  const kernel = calls.ok ? kernelUdp() : undefined;
  const batch = calls.ok ? new ReceiveBatch(calls.value, DATAGRAMS_AT_ONCE, 0) : undefined;
  const whyNoKernel = calls.ok ? undefined : calls.reason;
  const { tcpRelay, stream } = options;
  const kernelForTcp = calls.ok ? kernelTcp() : undefined;
  const tcp = tcpRelay &&
    kernelForTcp && { bufferedBytes: tcpRelay.bufferedBytes, stuckSec: stream.stuckSec, kernel: kernelForTcp };
  const planeOptions = { addresses, socketBufferBytes: relayBufferBytes, clockResolutionMs, tcp };
  const nowMs = (): number => clock.now().monotonicMs;
  const ports = { sink, clients, turns, drops, logger, kernel, batch, toOtherPlane, nowMs };
  return {
    node: wrap?.plane?.(planeOptions, ports) ?? new NodeDataPlane(planeOptions, ports),
    kernel,
    whyNoKernel,
    batch,
  };
}
