import {
  CMSGHDR,
  ERRNO,
  IOVEC,
  MMSGHDR,
  MSG_DONTWAIT,
  MSG_DONTWAIT_NOSIGNAL,
  MSGHDR,
  SO_RCVBUF,
  SO_SNDBUF,
  SOL_SOCKET,
} from '../../../dist/turn/kernel/linux.js';

const AF_INET = 2;
const SOCK_DGRAM_NONBLOCK = 0o4002;
const SOL_IP = 0;
const IP_PKTINFO = 8;
const BATCH = 64;
/** Taken before anything else is done. */
const MAX_BATCHES = 32;
const SLOT_BYTES = 2048;
const NAME_BYTES = 16;
/** Room for a `struct cmsghdr` with a `struct in_pktinfo`. */
const CONTROL_BYTES = 32;
const PKTINFO_BYTES = 28;
const LOCAL_AT = CMSGHDR.bytes + 4;
const DESTINATION_AT = CMSGHDR.bytes + 8;

/** Structs of sendmmsg(2) or recvmmsg(2) for a batch of datagrams, each with room for its data, its address and its control message. */
function createBatch(calls) {
  const namesAt = BATCH * SLOT_BYTES;
  const controlsAt = namesAt + BATCH * NAME_BYTES;
  const iovecsAt = controlsAt + BATCH * CONTROL_BYTES;
  const messagesAt = iovecsAt + BATCH * IOVEC.bytes;
  const memory = calls.memory(messagesAt + BATCH * MMSGHDR.bytes);
  for (let i = 0; i < BATCH; i++) {
    const at = messagesAt + i * MMSGHDR.bytes;
    memory.setWord64(iovecsAt + i * IOVEC.bytes + IOVEC.baseAt, memory.address + i * SLOT_BYTES);
    memory.setWord64(iovecsAt + i * IOVEC.bytes + IOVEC.lengthAt, SLOT_BYTES);
    memory.setWord64(at + MSGHDR.nameAt, memory.address + namesAt + i * NAME_BYTES);
    memory.setWord64(at + MSGHDR.iovAt, memory.address + iovecsAt + i * IOVEC.bytes);
    memory.setWord64(at + MSGHDR.iovCountAt, 1);
    memory.setWord64(at + MSGHDR.controlAt, memory.address + controlsAt + i * CONTROL_BYTES);
  }
  const view = new DataView(memory.bytes.buffer, memory.bytes.byteOffset);
  return { memory, view, namesAt, controlsAt, iovecsAt, messagesAt };
}

/**
 * A UDP socket that sends and receives in batches. One on the wildcard address stands for many clients: each datagram is told the address it leaves from
 * (IP_PKTINFO, ip(7)), and tells the one it came to. Addresses are numbers in network order.
 */
export class PacketSocket {
  #calls;
  #fd;
  #out;
  #in;
  #queued = 0;
  #isWildcard;
  /** Datagrams that the kernel did not take. */
  unsent = 0;

  constructor(calls, address, bufferBytes = 8 << 20) {
    this.#calls = calls;
    this.#out = createBatch(calls);
    this.#in = createBatch(calls);
    this.#isWildcard = address === 0;
    this.#fd = calls.socket(AF_INET, SOCK_DGRAM_NONBLOCK, 0);
    if (this.#fd < 0) throw calls.error('socket');
    this.#option(SOL_SOCKET, SO_RCVBUF, bufferBytes);
    this.#option(SOL_SOCKET, SO_SNDBUF, bufferBytes);
    if (this.#isWildcard) this.#option(SOL_IP, IP_PKTINFO, 1);
    const { memory, view, namesAt } = this.#out;
    view.setUint16(namesAt, AF_INET, true);
    view.setUint32(namesAt + 4, address);
    if (calls.bind(this.#fd, memory.address + namesAt, NAME_BYTES) !== 0) throw calls.error('bind');
    memory.uint32[0] = NAME_BYTES;
    if (calls.getsockname(this.#fd, memory.address + namesAt, memory.address) !== 0) throw calls.error('getsockname');
    this.port = view.getUint16(namesAt + 2);
  }

  get fd() {
    return this.#fd;
  }

  /** Takes a place for a datagram: where in `bytes` its data goes. `from`: the address it leaves from, 0 where the socket has one. */
  place(to, port, from, length) {
    if (this.#queued === BATCH) this.flush();
    const i = this.#queued++;
    const { view, memory, namesAt, controlsAt, iovecsAt, messagesAt } = this.#out;
    const nameAt = namesAt + i * NAME_BYTES;
    view.setUint16(nameAt, AF_INET, true);
    view.setUint16(nameAt + 2, port);
    view.setUint32(nameAt + 4, to);
    memory.uint32[(messagesAt + i * MMSGHDR.bytes + MSGHDR.nameBytesAt) >> 2] = NAME_BYTES;
    memory.uint32[(iovecsAt + i * IOVEC.bytes + IOVEC.lengthAt) >> 2] = length;
    const controlAt = controlsAt + i * CONTROL_BYTES;
    memory.uint32[(messagesAt + i * MMSGHDR.bytes + MSGHDR.controlBytesAt) >> 2] = this.#isWildcard ? CONTROL_BYTES : 0;
    if (this.#isWildcard) {
      memory.setWord64(controlAt + CMSGHDR.lengthAt, PKTINFO_BYTES);
      memory.int32[(controlAt + CMSGHDR.levelAt) >> 2] = SOL_IP;
      memory.int32[(controlAt + CMSGHDR.typeAt) >> 2] = IP_PKTINFO;
      memory.uint32[(controlAt + CMSGHDR.bytes) >> 2] = 0;
      view.setUint32(controlAt + LOCAL_AT, from);
      view.setUint32(controlAt + DESTINATION_AT, 0);
    }
    return i * SLOT_BYTES;
  }

  /** Where `place` wants the data. */
  get bytes() {
    return this.#out.memory.bytes;
  }

  send(data, to, port, from) {
    this.bytes.set(data, this.place(to, port, from, data.length));
  }

  flush() {
    const { memory, messagesAt } = this.#out;
    for (let sent = 0; sent < this.#queued;) {
      const count = this.#calls.sendmmsg(
        this.#fd,
        memory.address + messagesAt + sent * MMSGHDR.bytes,
        this.#queued - sent,
        MSG_DONTWAIT_NOSIGNAL,
      );
      if (count > 0) sent += count;
      else if (this.#calls.errno !== ERRNO.EINTR) {
        this.unsent += 1;
        sent += 1;
      }
    }
    this.#queued = 0;
  }

  /** Hands over what has come, within bounds: `take(bytes, at, length, from, port, to)`. How many there were. */
  receive(take) {
    let all = 0;
    for (let i = 0; i < MAX_BATCHES; i++) {
      const count = this.#receiveBatch(take);
      all += count;
      if (count < BATCH) break;
    }
    return all;
  }

  #receiveBatch(take) {
    const { memory, view, namesAt, controlsAt, messagesAt } = this.#in;
    for (let i = 0; i < BATCH; i++) {
      const at = messagesAt + i * MMSGHDR.bytes;
      memory.uint32[(at + MSGHDR.nameBytesAt) >> 2] = NAME_BYTES;
      memory.uint32[(at + MSGHDR.controlBytesAt) >> 2] = CONTROL_BYTES;
    }
    const count = this.#calls.recvmmsg(this.#fd, memory.address + messagesAt, BATCH, MSG_DONTWAIT, 0);
    for (let i = 0; i < count; i++) {
      const nameAt = namesAt + i * NAME_BYTES;
      const length = memory.uint32[(messagesAt + i * MMSGHDR.bytes + MMSGHDR.lengthAt) >> 2];
      const to = this.#isWildcard ? view.getUint32(controlsAt + i * CONTROL_BYTES + DESTINATION_AT) : 0;
      take(memory.bytes, i * SLOT_BYTES, length, view.getUint32(nameAt + 4), view.getUint16(nameAt + 2), to);
    }
    return Math.max(0, count);
  }

  close() {
    this.#calls.close(this.#fd);
  }

  #option(level, name, value) {
    const { memory } = this.#out;
    memory.int32[0] = value;
    this.#calls.setsockopt(this.#fd, level, name, memory.address, 4);
  }
}
