import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';

/** One HEP3 packet as a collector reads it: chunk type → value, for vendor 0. */
type HepChunks = ReadonlyMap<number, Buffer>;

/** Written from the HEP3 document alone, so that it can disagree with what the edge writes. Throws where a packet breaks the format. */
export function parseHep3(packet: Buffer): HepChunks {
  if (packet.toString('latin1', 0, 4) !== 'HEP3') throw new Error('not HEP3');
  if (packet.readUInt16BE(4) !== packet.length) throw new Error('the total length is not that of the packet');
  const chunks = new Map<number, Buffer>();
  let at = 6;
  while (at < packet.length) {
    const [vendor, type, length] = [packet.readUInt16BE(at), packet.readUInt16BE(at + 2), packet.readUInt16BE(at + 4)];
    if (vendor !== 0) throw new Error(`chunk of vendor ${vendor}`);
    if (length < 6 || at + length > packet.length) throw new Error(`chunk ${type} of ${length} bytes`);
    if (chunks.has(type)) throw new Error(`chunk ${type} twice`);
    chunks.set(type, packet.subarray(at + 6, at + length));
    at += length;
  }
  return chunks;
}

/** What a call flow is drawn from. */
export function describe({ chunks }: { readonly chunks: HepChunks }) {
  const bytes = (type: number): Buffer => chunks.get(type) ?? Buffer.alloc(0);
  const isIpv6 = bytes(1).readUInt8() === 10;
  const address = (value: Buffer): string =>
    isIpv6 ? value.toString('hex').replace(/(.{4})(?=.)/g, '$1:') : value.join('.');
  return {
    family: bytes(1).readUInt8(),
    protocol: bytes(2).readUInt8(),
    source: `${address(bytes(isIpv6 ? 5 : 3))} ${bytes(7).readUInt16BE()}`,
    destination: `${address(bytes(isIpv6 ? 6 : 4))} ${bytes(8).readUInt16BE()}`,
    atUs: bytes(9).readUInt32BE() * 1e6 + bytes(10).readUInt32BE(),
    microseconds: bytes(10).readUInt32BE(),
    payloadType: bytes(11).readUInt8(),
    captureId: bytes(12).readUInt32BE(),
    key: chunks.get(14)?.toString('utf8'),
    payload: bytes(15).toString('utf8'),
    correlationId: bytes(17).toString('utf8'),
  };
}

/** A Homer collector that keeps what it is sent. */
export class HepCollector implements AsyncDisposable {
  readonly packets: Buffer[] = [];
  readonly port: number;
  readonly #socket: Socket;

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.port = socket.address().port;
    socket.on('message', (packet) => this.packets.push(packet));
  }

  static async open(port = 0): Promise<HepCollector> {
    const socket = createSocket('udp4');
    socket.bind(port, '127.0.0.1');
    await once(socket, 'listening');
    return new HepCollector(socket);
  }

  get messages() {
    return this.packets.map((packet) => describe({ chunks: parseHep3(packet) }));
  }

  /** `REGISTER`, `401` */
  get names(): string[] {
    return this.messages.map(({ payload }) => /^SIP\/2\.0 (\d+)|^\S+/.exec(payload)).map((m) => m?.[1] ?? m?.[0] ?? '');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.close();
    await once(this.#socket, 'close');
  }
}
