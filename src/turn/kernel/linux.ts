import { type AddressFamily } from '../../base/ip.ts';

/*
 * Linux, from its headers: linux/in.h, linux/in6.h, linux/udp.h, linux/eventpoll.h, linux/errqueue.h, bits/socket.h. The same on each
 * architecture that has 64-bit words in little-endian order, but for `struct epoll_event`.
 */
export const AF = { 4: 2, 6: 10 } as const satisfies Record<AddressFamily, number>;
export const SOCKADDR_BYTES = { 4: 16, 6: 28 } as const satisfies Record<AddressFamily, number>;

export const SOCK_DGRAM_NONBLOCK_CLOEXEC = 2 | 0o4000 | 0o2000000;
export const SOCK_STREAM_NONBLOCK_CLOEXEC = 1 | 0o4000 | 0o2000000;
export const SOL_SOCKET = 1;
export const SO_REUSEADDR = 2;
export const SO_SNDBUF = 7;
export const SO_RCVBUF = 8;
export const SO_REUSEPORT = 15;
/** An array of `uint32_t` of which the last counts what found no room in the buffer. */
export const SO_MEMINFO = { name: 55, bytes: 36, dropsAt: 8 };
export const IP_OPTIONS = {
  4: { level: 0, RECVPKTINFO: 8, MTU_DISCOVER: 10, RECVERR: 11 },
  6: { level: 41, MTU_DISCOVER: 23, RECVERR: 25, V6ONLY: 26, RECVPKTINFO: 49 },
} as const;
/** No DF bit: a router on the way may fragment. */
export const PMTUDISC_DONT = 0;
/** DF bit, whatever path MTU the kernel has learnt. */
export const PMTUDISC_PROBE = 3;

/** One message of several datagrams of equal size (the last may be smaller), sent and received as one. */
export const UDP = { level: 17, SEGMENT: 103, GRO: 104 };
/** The kernel takes no more segments in one message (UDP_MAX_SEGMENTS of Linux before 6.9). */
export const MAX_SEGMENTS = 64;

export const MSG_DONTWAIT = 0x40;
export const MSG_DONTWAIT_NOSIGNAL = 0x4040;
export const MSG_ERRQUEUE_DONTWAIT = 0x2040;

export const EPOLL_CLOEXEC = 0o2000000;
export const EPOLLIN = 1;
export const EPOLL_CTL_ADD = 1;
export const EPOLL_EVENT = epollEventOn(process.arch);
export const EFD_NONBLOCK_CLOEXEC = 0o4000 | 0o2000000;
export const O_CLOEXEC = 0o2000000;

export const CLOCK_MONOTONIC = 1;
export const PR_SET_TIMERSLACK = 29;

export const ERRNO = { EINTR: 4, EIO: 5, EAGAIN: 11, EINVAL: 22, EMSGSIZE: 90, ENOBUFS: 105, EOPNOTSUPP: 95 };

/* Layout of `struct msghdr`, `struct mmsghdr`, `struct iovec` and `struct cmsghdr`: offsets and sizes in bytes. */
export const MSGHDR = {
  bytes: 56,
  nameAt: 0,
  nameBytesAt: 8,
  iovAt: 16,
  iovCountAt: 24,
  controlAt: 32,
  controlBytesAt: 40,
  flagsAt: 48,
};
export const MMSGHDR = { bytes: 64, lengthAt: 56 };
export const IOVEC = { bytes: 16, baseAt: 0, lengthAt: 8 };
export const CMSGHDR = { bytes: 16, lengthAt: 0, levelAt: 8, typeAt: 12 };

/** Size of `struct epoll_event` and offset of its `data`: it is packed on x86-64 alone. */
export function epollEventOn(arch: string): { readonly bytes: number; readonly dataAt: number } {
  return arch === 'x64' ? { bytes: 12, dataAt: 4 } : { bytes: 16, dataAt: 8 };
}
