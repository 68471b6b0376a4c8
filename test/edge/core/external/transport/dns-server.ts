import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { parseIp } from '../../../../../src/base/ip.ts';

type RecordType = 'A' | 'AAAA' | 'SRV' | 'NAPTR';

const TYPES = new Map<number, RecordType>([
  [1, 'A'],
  [28, 'AAAA'],
  [33, 'SRV'],
  [35, 'NAPTR'],
]);
const SERVFAIL = 2;
const NXDOMAIN = 3;

/** A DNS server on loopback, for a handful of records. */
export class DnsServer {
  readonly asked: string[] = [];
  /** `silent` answers nothing, `failing` SERVFAIL. */
  mood: 'well' | 'silent' | 'failing' = 'well';
  readonly #socket: Socket;
  readonly #records = new Map<string, Buffer[]>();

  static async start(): Promise<DnsServer> {
    const socket = createSocket('udp4');
    await new Promise<void>((resolve) => {
      socket.bind(0, '127.0.0.1', resolve);
    });
    return new DnsServer(socket);
  }

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('message', (query, remote) => {
      this.#answer(query, remote);
    });
  }

  get address(): string {
    return `127.0.0.1:${this.#socket.address().port}`;
  }

  host(name: string, ...addresses: string[]): this {
    for (const address of addresses)
      this.#add(name, address.includes(':') ? 'AAAA' : 'A', Buffer.from(parseIp(address)!));
    return this;
  }

  srv(name: string, priority: number, weight: number, port: number, target: string): this {
    return this.#add(name, 'SRV', Buffer.concat([uint16(priority, weight, port), encodeName(target)]));
  }

  naptr(name: string, order: number, preference: number, service: string, target: string, flags = 's'): this {
    const texts = [flags, service, ''].map((text) => Buffer.from(`${String.fromCharCode(text.length)}${text}`));
    return this.#add(name, 'NAPTR', Buffer.concat([uint16(order, preference), ...texts, encodeName(target)]));
  }

  clear(): this {
    this.#records.clear();
    return this;
  }

  close(): void {
    this.#socket.close();
  }

  #add(name: string, type: RecordType, data: Buffer): this {
    const key = `${type} ${name}`;
    this.#records.set(key, [...(this.#records.get(key) ?? []), data]);
    return this;
  }

  #answer(query: Buffer, { address, port }: RemoteInfo): void {
    const { name, end } = decodeName(query, 12);
    const typeNumber = query.readUInt16BE(end);
    const type = TYPES.get(typeNumber);
    this.asked.push(`${type ?? typeNumber} ${name}`);
    if (this.mood === 'silent') return;
    const data = this.mood === 'failing' || !type ? [] : (this.#records.get(`${type} ${name}`) ?? []);
    const isKnown = [...this.#records.keys()].some((key) => key.endsWith(` ${name}`));
    const code = this.mood === 'failing' ? SERVFAIL : isKnown ? 0 : NXDOMAIN;
    const header = Buffer.concat([query.subarray(0, 2), uint16(0x8580 | code, 1, data.length, 0, 0)]);
    const question = query.subarray(12, end + 4);
    const answers = data.map((rdata) => Buffer.concat([uint16(0xc00c, typeNumber, 1, 0, 60, rdata.length), rdata]));
    this.#socket.send(Buffer.concat([header, question, ...answers]), port, address);
  }
}

function uint16(...values: number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 2);
  values.forEach((value, i) => bytes.writeUInt16BE(value, i * 2));
  return bytes;
}

function encodeName(name: string): Buffer {
  const labels = name.split('.').filter((label) => label !== '');
  return Buffer.concat([
    ...labels.map((label) => Buffer.from(`${String.fromCharCode(label.length)}${label}`)),
    Buffer.alloc(1),
  ]);
}

function decodeName(bytes: Buffer, start: number): { name: string; end: number } {
  const labels: string[] = [];
  let at = start;
  for (let length = bytes[at]!; length > 0; length = bytes[at]!) {
    labels.push(bytes.toString('latin1', at + 1, at + 1 + length).toLowerCase());
    at += length + 1;
  }
  return { name: labels.join('.'), end: at + 1 };
}
