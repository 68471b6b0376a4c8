import { createSocket, type Socket, type SocketOptions } from 'node:dgram';
import { type AddressFamily } from '../../../base/ip.ts';

export interface UdpBindOptions {
  readonly family: AddressFamily;
  /** IP text, never a name; of a link-local address with its zone. */
  readonly address: string;
  /** 0 lets the kernel choose. */
  readonly port: number;
  /** SO_RCVBUF and SO_SNDBUF in bytes, which the kernel caps at net.core.rmem_max and wmem_max; 0 leaves its default. */
  readonly socketBufferBytes: number;
  /** With a `KernelUdp`: a relay socket may be idle until it is to listen. */
  readonly mayBeIdle?: boolean | undefined;
  /** With a `KernelUdp`: beside a wildcard socket on the same port. */
  readonly isShared?: boolean | undefined;
}

/** Answers at once with the IP text it is asked for. One function for all sockets of a family: the packet path goes through it. */
const LOOKUP: Readonly<Record<AddressFamily, NonNullable<SocketOptions['lookup']>>> = {
  4: (address, _options, done) => {
    done(null, address, 4);
  },
  6: (address, _options, done) => {
    done(null, address, 6);
  },
};

/**
 * Binds before it returns, or throws the system error (`code` EADDRINUSE, EADDRNOTAVAIL, EACCES, EMFILE, …).
 *
 * `node:dgram` is asynchronous in bind and send only for the sake of DNS. With a `lookup` that answers at once, and `exclusive` so that a
 * cluster's primary is not asked, both happen inside the call.
 */
export function bindUdpSocket({ family, address, port, socketBufferBytes }: UdpBindOptions): Socket {
  const socket = createSocket({
    type: family === 4 ? 'udp4' : 'udp6',
    ipv6Only: family === 6,
    lookup: LOOKUP[family],
    ...(socketBufferBytes > 0 && { recvBufferSize: socketBufferBytes, sendBufferSize: socketBufferBytes }),
  });
  let failure: Error | undefined;
  const onError = (error: Error): void => {
    failure = error;
  };
  socket.on('error', onError);
  try {
    socket.bind({ address, port, exclusive: true });
  } catch (error) {
    failure = error as Error;
  }
  if (failure) {
    socket.close();
    throw failure;
  }
  socket.off('error', onError);
  return socket;
}

/**
 * Sends `data[offset, offset + length)` now or not at all: a socket that still holds a datagram takes no second one, so nothing queues and
 * `data` may be a buffer that the caller fills again once the socket's queue is empty. False when the datagram was not taken.
 *
 * No callback: what the network then does to a datagram (an ICMP error, a filter) is not UDP's to tell.
 */
export function sendNow(
  socket: Socket,
  data: Uint8Array,
  offset: number,
  length: number,
  port: number,
  address: string,
): boolean {
  if (socket.getSendQueueCount() > 0) return false;
  socket.send(data, offset, length, port, address);
  return true;
}
