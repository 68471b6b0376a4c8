import { networkInterfaces } from 'node:os';
import { type AddressFamily } from '../../base/ip.ts';
import { transportAddress, type TransportAddress } from '../../base/transport-address.ts';
import { type KernelWildcard } from '../kernel/wildcard.ts';
import { turnListenError } from './listen-error.ts';
import { type DatagramListener, type Listener, type ListenerPorts, type OpenDatagramListener } from './listener.ts';

interface WildcardUdpListenerOptions {
  readonly socketBufferBytes: number;
  /** Absent: only addresses that the system lists are served. */
  readonly wildcard?: KernelWildcard | undefined;
  /** Opens the listener of one address. */
  readonly open: OpenDatagramListener;
}

/** How long the first datagram to an address may wait that has no socket yet. */
const POLL_MS = 20;
const DATAGRAMS_AT_ONCE = 32;
/** How often new addresses are looked for where the kernel cannot tell which was asked. */
const RESCAN_MS = 5_000;
/** All addresses of a loopback net, or of a routed one, are this machine's: a client may ask at each. */
const MAX_ADDRESSES = 256;

/**
 * TURN over UDP on all addresses of a family. An answer, and all data of an allocation, has to come from the address that the client has asked
 * (RFC 8489 §6.3.1.2), and the server's address is part of the 5-tuple, so each address has a socket of its own and the packet path stays what it is
 * for one address. Addresses that the system does not list, as most of 127.0.0.0/8, or that come later, get theirs with the first datagram.
 */
export class WildcardUdpListener implements Listener {
  readonly transport = 'udp';
  readonly connectionCount = 0;
  readonly local: TransportAddress;
  readonly #options: WildcardUdpListenerOptions;
  readonly #ports: Pick<ListenerPorts, 'logger'>;
  readonly #listeners = new Map<string, DatagramListener>();
  /** Takes what comes for an address without a socket. */
  readonly #catchAll: { readonly kernel: KernelWildcard; readonly fd: number } | undefined;
  readonly #timer: NodeJS.Timeout;
  #isFull = false;

  /** Throws ERR_ADDRESS_IN_USE, ERR_ADDRESS_UNAVAILABLE, ERR_PERMISSION_DENIED or ERR_LISTEN_FAILED. */
  constructor(local: TransportAddress, options: WildcardUdpListenerOptions, ports: Pick<ListenerPorts, 'logger'>) {
    this.#options = options;
    this.#ports = ports;
    this.#catchAll = openCatchAll(local, options.wildcard);
    const { kernel, fd } = this.#catchAll ?? {};
    const addresses = hostAddresses(local.family, kernel !== undefined);
    let port = local.port;
    if (kernel && fd !== undefined) port = kernel.portOf(fd);
    else {
      // Without the kernel's help nothing holds the port as a whole: the first address does, and its failure is the listener's.
      const first = this.#bind(local, addresses[0] ?? local.address);
      this.#listeners.set(addresses[0] ?? local.address, first);
      port = first.local.port;
    }
    this.local = { ...local, port };
    for (const address of addresses) this.#open(address);
    this.#timer = kernel
      ? setInterval(() => {
          this.#poll();
        }, POLL_MS)
      : setInterval(() => {
          for (const address of hostAddresses(local.family, false)) this.#open(address);
        }, RESCAN_MS);
    this.#timer.unref();
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#catchAll?.kernel.close(this.#catchAll.fd);
    await Promise.all([...this.#listeners.values()].map((listener) => listener.close()));
  }

  #poll(): void {
    if (!this.#catchAll) return;
    const { kernel, fd } = this.#catchAll;
    for (let i = 0; i < DATAGRAMS_AT_ONCE; i++) {
      const datagram = kernel.receive(fd);
      if (datagram === undefined) return;
      if (datagram === 'passed-over') continue;
      const { data, remote, to } = datagram;
      // A link-local client is answered by the name of its interface, which is not known here: it asks again, at the socket opened now.
      const listener = this.#open(to);
      if (!to.includes('%')) listener?.receive(data, remote);
    }
  }

  #open(address: string): DatagramListener | undefined {
    const known = this.#listeners.get(address);
    if (known) return known;
    if (this.#listeners.size >= MAX_ADDRESSES) {
      if (!this.#isFull)
        this.#warn(`more than ${MAX_ADDRESSES} addresses of this machine are asked, the further ones in vain`);
      this.#isFull = true;
      return undefined;
    }
    try {
      const listener = this.#share(() => this.#bind(this.local, address));
      this.#listeners.set(address, listener);
      return listener;
    } catch (error) {
      this.#warn('an address of this machine is not served', { address, err: error });
      return undefined;
    }
  }

  /** `address`: with a zone where it needs one. */
  #bind({ family, port }: TransportAddress, text: string): DatagramListener {
    const [address = '', zone] = text.split('%');
    const isShared = this.#catchAll !== undefined;
    const { open, socketBufferBytes } = this.#options;
    return open({ family, address, port }, { socketBufferBytes, isShared, zone });
  }

  #share<T>(open: () => T): T {
    if (!this.#catchAll) return open();
    const { kernel, fd } = this.#catchAll;
    kernel.share(fd, true);
    try {
      return open();
    } finally {
      kernel.share(fd, false);
    }
  }

  #warn(message: string, fields: Record<string, unknown> = {}): void {
    this.#ports.logger.warn({ listener: `udp ${this.local.address}`, ...fields }, message);
  }
}

function openCatchAll(
  local: TransportAddress,
  kernel: KernelWildcard | undefined,
): { kernel: KernelWildcard; fd: number } | undefined {
  try {
    return kernel && { kernel, fd: kernel.open(local.family, local.port) };
  } catch (error) {
    throw turnListenError('udp', local, error);
  }
}

/** Link-local ones with their zone: by its index as the kernel has it, else by its name as Node has it. */
function hostAddresses(family: AddressFamily, byIndex: boolean): string[] {
  return Object.entries(networkInterfaces()).flatMap(([name, infos = []]) =>
    infos.flatMap((info) => {
      const own = transportAddress(info.address, 0);
      if (own?.family !== family) return [];
      const isLinkLocal = info.family === 'IPv6' && info.scopeid !== 0;
      return isLinkLocal ? `${own.address}%${byIndex ? info.scopeid : name}` : own.address;
    }),
  );
}
