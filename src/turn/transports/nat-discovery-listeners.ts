import { EpcscfTurnError } from '../../base/errors.ts';
import { sameTransportAddress, transportAddress, type TransportAddress } from '../../base/transport-address.ts';
import { encodeMessageType, Method } from '../../stun/message-type.ts';
import { Drop } from '../dataplane/shared/drop-counters.ts';
import { type DatagramListener, type Listener, type ListenerPorts } from './listener.ts';
import { UdpListener, type UdpListenerOptions } from './udp-listener.ts';

export interface NatDiscoveryListenOptions {
  /** IP text; a second address of this machine. */
  readonly alternateAddress: string;
  /** 0 lets the kernel choose. */
  readonly alternatePort: number;
}

const BINDING_REQUEST = encodeMessageType(Method.Binding, 'request');

/**
 * The three further UDP places that NAT behaviour discovery (RFC 5780) needs beside a listener that is open: its address with the other port,
 * and the other address with both ports. They serve Binding alone: no way in to the relay that is not in `turn.listeners`.
 */
export class NatDiscoveryListeners {
  readonly primary: TransportAddress;
  readonly alternate: TransportAddress;
  readonly #main: DatagramListener;
  readonly #further: readonly UdpListener[];

  private constructor(main: DatagramListener, alternate: TransportAddress, further: readonly UdpListener[]) {
    this.primary = main.local;
    this.alternate = alternate;
    this.#main = main;
    this.#further = further;
  }

  /** Opens all three or none, beside the first UDP listener of the family. Throws as `UdpListener`, and ERR_CONFIG_INVALID. */
  static async open(
    wish: NatDiscoveryListenOptions,
    listeners: readonly Listener[],
    options: UdpListenerOptions,
    ports: ListenerPorts,
  ): Promise<NatDiscoveryListeners> {
    const { main, alternate } = placesOf(wish, listeners);
    const open: UdpListener[] = [];
    const bind = (at: TransportAddress): UdpListener => {
      const listener = new UdpListener(at, options, bindingAlone(ports));
      open.push(listener);
      return listener;
    };
    try {
      const { port } = bind({ ...main.local, port: alternate.port }).local;
      bind({ ...alternate, port });
      bind({ ...alternate, port: main.local.port });
      return new NatDiscoveryListeners(main, { ...alternate, port }, open);
    } catch (error) {
      await Promise.all(open.map((listener) => listener.close()));
      throw error;
    }
  }

  /** Where these listen, beside the listener that was there. */
  get locals(): readonly TransportAddress[] {
    return this.#further.map(({ local }) => local);
  }

  sendFrom(origin: TransportAddress, remote: TransportAddress, data: Uint8Array): void {
    const from = [this.#main, ...this.#further].find(({ local }) => sameTransportAddress(local, origin));
    from?.send(data, remote.address, remote.port);
  }

  /** The listener that was there stays. */
  async close(): Promise<void> {
    await Promise.all(this.#further.map((listener) => listener.close()));
  }
}

function placesOf(
  { alternateAddress, alternatePort }: NatDiscoveryListenOptions,
  listeners: readonly Listener[],
): { readonly main: DatagramListener; readonly alternate: TransportAddress } {
  const alternate = transportAddress(alternateAddress, alternatePort);
  const main = listeners
    .filter((listener): listener is DatagramListener => listener.transport === 'udp' && 'receive' in listener)
    .find(({ local }) => local.family === alternate?.family);
  if (!alternate || !main || main.local.address === alternate.address || main.local.port === alternate.port) {
    throw new EpcscfTurnError(
      'ERR_CONFIG_INVALID',
      `turn.natDiscovery: expected another address and port than the first UDP listener of the family has, which listens on one address and no wildcard, got ${alternateAddress} and ${alternatePort}`,
    );
  }
  return { main, alternate };
}

function bindingAlone(ports: ListenerPorts): ListenerPorts {
  const { sink, drops } = ports;
  return {
    ...ports,
    sink: {
      onClientMessage: (client, bytes) => {
        if (bytes.length >= 2 && bytes.readUInt16BE(0) === BINDING_REQUEST) sink.onClientMessage(client, bytes);
        else drops.add(Drop.Malformed);
      },
      onClientClosed: (client) => {
        sink.onClientClosed(client);
      },
    },
  };
}
