import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { BoundedMap } from '../../../../base/bounded-map.ts';
import { listenError } from '../../../../base/listen-error.ts';
import { formatTransportAddress, transportAddress, type TransportAddress } from '../../../../base/transport-address.ts';
import { formatSipMessage } from '../../../../sip/format-message.ts';
import { type SipMessage } from '../../../../sip/message.ts';
import { type EdgeSide, type Hop } from '../../../hop.ts';
import { createLocalEnd, type LocalEnd } from './local-end.ts';
import { responsePort } from './response-port.ts';
import { type TransportContext } from './transport-context.ts';

/** Room for the headers of IP and UDP, and no more than any stack takes in one piece. */
const MAX_DATAGRAM_BYTES = 65_000;
/** Hops that are remembered. One that was forgotten comes back under the same id. */
const MAX_HOPS = 4096;

/** The UDP socket on one local address, and a hop for each address and port of a core. */
export class UdpPort {
  readonly localEnd: LocalEnd;
  readonly #socket: Socket;
  readonly #context: TransportContext;
  readonly #hops = new BoundedMap<UdpHop>(MAX_HOPS);
  #isOpen = true;

  /** Rejects with ERR_ADDRESS_IN_USE, ERR_ADDRESS_UNAVAILABLE, ERR_PERMISSION_DENIED or ERR_LISTEN_FAILED. */
  static async open(
    local: TransportAddress,
    publicHost: string | undefined,
    context: TransportContext,
  ): Promise<UdpPort> {
    const socket = await bind(local);
    return new UdpPort(socket, createLocalEnd('udp', { ...local, port: socket.address().port }, publicHost), context);
  }

  private constructor(socket: Socket, localEnd: LocalEnd, context: TransportContext) {
    this.localEnd = localEnd;
    this.#socket = socket;
    this.#context = context;
    socket.on('message', (bytes, remote) => {
      this.#onDatagram(bytes, remote);
    });
    socket.on('error', (error) => {
      context.logger.warn(
        { listener: localEnd.authority, err: error },
        'UDP socket towards the core reported an error',
      );
    });
  }

  hopTo(remote: TransportAddress): Hop {
    const key = formatTransportAddress(remote);
    const known = this.#hops.get(key);
    if (known) return known;
    const hop = new UdpHop(this, remote);
    this.#hops.set(key, hop);
    return hop;
  }

  /**
   * Sends a datagram. Returns false when it is too large, too many bytes wait already, or the socket is closed. Losses on the network are not
   * noticed.
   */
  send(bytes: Buffer, address: string, port: number): boolean {
    const waitingBytes = this.#isOpen ? this.#socket.getSendQueueSize() : Infinity;
    if (bytes.length > MAX_DATAGRAM_BYTES || waitingBytes + bytes.length > this.#context.limits.bufferedBytes) {
      return false;
    }
    this.#socket.send(bytes, port, address, this.#onSent);
    return true;
  }

  /** One for all datagrams: the error names address and port. */
  readonly #onSent = (error: Error | null): void => {
    if (error) this.#context.logger.debug({ err: error }, 'datagram to the core not sent');
  };

  /** Resolves when the port is free. */
  async close(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    await new Promise<void>((resolve) => {
      this.#socket.close(resolve);
    });
    for (const { value } of this.#hops.entries()) this.#context.handlers.closed(value);
  }

  #onDatagram(bytes: Buffer, info: RemoteInfo): void {
    const { trusted, limits, handlers } = this.#context;
    // As `formatTransportAddress` writes IPv4; of IPv6 nothing is found so.
    const known = this.#hops.get(`${info.address}:${info.port}`);
    const remote = known?.remote ?? transportAddress(info.address, info.port);
    // Nobody could be answered at port 0.
    if (!remote || remote.port === 0) return;
    if (!trusted.has(remote.address)) handlers.refused(remote.address, 'udp', 'unknown-address');
    else if (isKeepAlive(bytes)) return;
    else if (bytes.length > limits.messageBytes) handlers.refused(remote.address, 'udp', 'message-size');
    else handlers.message(bytes, known ?? this.hopTo(remote));
  }
}

/** A core at one address and port. Its id is made of both ends, so that a core is the same neighbour whenever it lets itself be heard. */
class UdpHop implements Hop {
  readonly id: string;
  readonly kind = 'core';
  readonly viaTransport = 'UDP';
  readonly reliable = false;
  readonly secure = false;
  readonly authority: string;
  readonly self: EdgeSide;
  readonly remote: TransportAddress;
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localAddress: string;
  readonly localPort: number;
  readonly #port: UdpPort;

  constructor(port: UdpPort, remote: TransportAddress) {
    const { local, self, authority } = port.localEnd;
    this.id = `udp ${formatTransportAddress(local)} ${formatTransportAddress(remote)}`;
    this.#port = port;
    this.remote = remote;
    this.self = self;
    this.authority = authority;
    this.remoteAddress = remote.address;
    this.remotePort = remote.port;
    this.localAddress = local.address;
    this.localPort = local.port;
  }

  send(message: SipMessage): boolean {
    const port = message.kind === 'response' ? responsePort(message, 'udp', this.remotePort) : this.remotePort;
    if (port === undefined || port === 0) return false;
    return this.#port.send(formatSipMessage(message), this.remoteAddress, port);
  }
}

/** CRLFs (RFC 3261 §7.5), and the few zeros that proxies send to keep a NAT open. */
function isKeepAlive(bytes: Buffer): boolean {
  return bytes.length <= 4 && bytes.every((byte) => byte === 0x0d || byte === 0x0a || byte === 0);
}

/** Addresses are IP text always: answered at once, so that datagrams leave in the order they were sent. */
function noLookup(family: 4 | 6) {
  return (address: string, _options: unknown, done: (error: null, address: string, family: 4 | 6) => void): void => {
    done(null, address, family);
  };
}

function bind({ family, address, port }: TransportAddress): Promise<Socket> {
  const type = family === 4 ? 'udp4' : 'udp6';
  const socket = createSocket({ type, ipv6Only: family === 6, lookup: noLookup(family) });
  return new Promise((resolve, reject) => {
    const onError = (cause: Error): void => {
      socket.close();
      const where = `core udp listener ${formatTransportAddress({ family, address, port })}`;
      const keys = { portKey: 'edge.core.listen.port', addressKey: 'edge.core.listen.addresses' };
      reject(listenError({ where, address, port, ...keys }, cause));
    };
    socket.once('error', onError);
    socket.bind({ address, port, exclusive: true }, () => {
      socket.off('error', onError);
      resolve(socket);
    });
  });
}
