import { createSocket, type Socket } from 'node:dgram';
import { type KernelUdp } from '../../kernel/udp.ts';
import { SockaddrCache } from '../../kernel/sockaddr-cache.ts';
import { bindUdpSocket, sendNow, type UdpBindOptions } from './udp-socket.ts';

/** The socket of a UDP listener, which all of its clients share. */
export interface ListenerSocket {
  /** The socket that receives datagrams, and tells when it is closed. */
  readonly socket: Socket;
  /** Its file descriptor, where a `KernelUdp` opened it. */
  readonly fd: number | undefined;
  /** Sends like `sendNow`; false after a failure too, where the platform tells of one. */
  readonly send: (data: Uint8Array, offset: number, length: number, port: number, address: string) => boolean;
}

/** How many client addresses are kept in the form of the kernel. */
const KEPT_ADDRESSES = 4096;

/**
 * Binds before it returns, or throws the system error (`code` EADDRINUSE, EADDRNOTAVAIL, EACCES, …). With `kernel`, receives through
 * `node:dgram` and sends by itself: that makes no request object for each datagram.
 */
export function openListenerSocket(options: UdpBindOptions, kernel: KernelUdp | undefined): ListenerSocket {
  return kernel ? kernelSocket(options, kernel) : nodeSocket(options);
}

function nodeSocket(options: UdpBindOptions): ListenerSocket {
  const socket = bindUdpSocket(options);
  return {
    socket,
    fd: undefined,
    send: (data, offset, length, port, address) => sendNow(socket, data, offset, length, port, address),
  };
}

function kernelSocket(options: UdpBindOptions, kernel: KernelUdp): ListenerSocket {
  const { family, address, port, socketBufferBytes, isShared } = options;
  const fd = kernel.openListener(family, address, port, socketBufferBytes, isShared);
  const socket = createSocket(family === 4 ? 'udp4' : 'udp6');
  socket.bind({ fd, exclusive: true });
  kernel.keepPort(fd);
  const sockaddrs = new SockaddrCache(family, KEPT_ADDRESSES);
  return {
    socket,
    fd,
    send: (data, offset, length, toPort, to) => {
      // A link-local client: its zone is a name, which Node looks up.
      if (family === 6 && to.includes('%')) return sendNow(socket, data, offset, length, toPort, to);
      const payload = new Uint8Array(data.buffer, data.byteOffset + offset, length);
      return kernel.send(fd, sockaddrs.get(to, toPort), payload) === 0;
    },
  };
}
