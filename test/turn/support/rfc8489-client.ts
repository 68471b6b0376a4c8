import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';

/*
 * The client side of RFC 8489 §9.2, written from that document alone: it shares no code with the server, so that a mistake of the one is not a
 * mistake of the other. It follows the rules for clients strictly, those against bid-down among them.
 */

export const Type = {
  USERNAME: 0x0006,
  MESSAGE_INTEGRITY: 0x0008,
  ERROR_CODE: 0x0009,
  LIFETIME: 0x000d,
  REALM: 0x0014,
  NONCE: 0x0015,
  XOR_RELAYED_ADDRESS: 0x0016,
  REQUESTED_TRANSPORT: 0x0019,
  MESSAGE_INTEGRITY_SHA256: 0x001c,
  PASSWORD_ALGORITHM: 0x001d,
  USERHASH: 0x001e,
  PASSWORD_ALGORITHMS: 0x8002,
  ORIGIN: 0x802f,
} as const;

export const ALLOCATE = 0x003;
export const REFRESH = 0x004;
export const MD5 = 1;
export const SHA256 = 2;

const MAGIC_COOKIE = 0x2112a442;
const HEADER = 20;
const NONCE_COOKIE = /^obMatJos2[A-Za-z0-9+/]{4}/;
const WAIT_MS = 10_000;

type Attribute = readonly [type: number, value: Buffer];

export interface Parsed {
  readonly type: number;
  readonly transactionId: Buffer;
  readonly attributes: readonly { readonly type: number; readonly value: Buffer; readonly offset: number }[];
  readonly bytes: Buffer;
}

/** §5, §14: attributes one after the other, each padded with zeros to four bytes. */
export function encode(type: number, transactionId: Buffer, attributes: readonly Attribute[]): Buffer {
  const body = Buffer.concat(
    attributes.map(([attribute, value]) => {
      const bytes = Buffer.alloc(4 + Math.ceil(value.length / 4) * 4);
      bytes.writeUInt16BE(attribute, 0);
      bytes.writeUInt16BE(value.length, 2);
      value.copy(bytes, 4);
      return bytes;
    }),
  );
  const header = Buffer.alloc(HEADER);
  header.writeUInt16BE(type, 0);
  header.writeUInt16BE(body.length, 2);
  header.writeUInt32BE(MAGIC_COOKIE, 4);
  transactionId.copy(header, 8);
  return Buffer.concat([header, body]);
}

export function parse(bytes: Buffer): Parsed {
  if (bytes.length !== HEADER + bytes.readUInt16BE(2)) throw new Error('length and bytes disagree');
  if (bytes.readUInt32BE(4) !== MAGIC_COOKIE) throw new Error('no magic cookie');
  const attributes: Parsed['attributes'][number][] = [];
  for (let at = HEADER; at < bytes.length;) {
    const length = bytes.readUInt16BE(at + 2);
    attributes.push({ type: bytes.readUInt16BE(at), value: bytes.subarray(at + 4, at + 4 + length), offset: at });
    at += 4 + Math.ceil(length / 4) * 4;
  }
  return { type: bytes.readUInt16BE(0), transactionId: bytes.subarray(8, HEADER), attributes, bytes };
}

export function find(message: Parsed, type: number): Buffer | undefined {
  return message.attributes.find((attribute) => attribute.type === type)?.value;
}

/** 0 for a success response. */
export function codeOf(message: Parsed): number {
  const value = find(message, Type.ERROR_CODE);
  return value ? value.readUInt8(2) * 100 + value.readUInt8(3) : 0;
}

/** Of the attributes that may stand in a message without the one behind them, everything but those of these types. */
export function without(message: Buffer, ...types: readonly number[]): Buffer {
  const { type, transactionId, attributes } = parse(message);
  const left = attributes.filter((attribute) => !types.includes(attribute.type));
  return encode(
    type,
    transactionId,
    left.map((attribute) => [attribute.type, attribute.value]),
  );
}

export function replaced(message: Buffer, at: number, value: Buffer): Buffer {
  const { type, transactionId, attributes } = parse(message);
  return encode(
    type,
    transactionId,
    attributes.map((attribute) => [attribute.type, attribute.type === at ? value : attribute.value]),
  );
}

/** RFC 8265 §4.2.2. */
function opaque(text: string): string {
  return text.replace(/\p{Zs}/gu, ' ').normalize('NFC');
}

/** §18.5.1 */
export function longTermKey(algorithm: number, username: string, realm: string, password: string): Buffer {
  const hash = createHash(algorithm === SHA256 ? 'sha256' : 'md5');
  return hash.update([opaque(username), opaque(realm), opaque(password)].join(':')).digest();
}

/** §14.4 */
export function userhash(username: string, realm: string): Buffer {
  return createHash('sha256')
    .update(`${opaque(username)}:${opaque(realm)}`)
    .digest();
}

/** §14.5, §14.6: the HMAC covers what comes before, under a length that counts the attribute in. `bytes`: of one that is truncated. */
export function hmac(integrity: number, key: Buffer, before: Buffer, bytes?: number): Buffer {
  const covered = Buffer.from(before);
  const sha256 = integrity === Type.MESSAGE_INTEGRITY_SHA256;
  covered.writeUInt16BE(before.length - HEADER + 4 + (bytes ?? (sha256 ? 32 : 20)), 2);
  return createHmac(sha256 ? 'sha256' : 'sha1', key)
    .update(covered)
    .digest();
}

export function append(message: Buffer, type: number, value: Buffer): Buffer {
  const { type: messageType, transactionId, attributes } = parse(message);
  return encode(messageType, transactionId, [
    ...attributes.map((attribute): Attribute => [attribute.type, attribute.value]),
    [type, value],
  ]);
}

export function signed(message: Buffer, integrity: number, key: Buffer): Buffer {
  return append(message, integrity, hmac(integrity, key, message));
}

export function isSigned(message: Parsed, integrity: number, key: Buffer): boolean {
  const attribute = message.attributes.find(({ type }) => type === integrity);
  if (!attribute) return false;
  const made = hmac(integrity, key, message.bytes.subarray(0, attribute.offset));
  return made.length === attribute.value.length && timingSafeEqual(made, attribute.value);
}

export interface Identity {
  readonly username: string;
  readonly password: string;
}

interface ClientOptions extends Identity {
  readonly port: number;
  /** In the order of preference of nobody: the server's order decides (§9.2.5). */
  readonly algorithms?: readonly number[];
  readonly origin?: string;
  /** Somebody on the path: what becomes of a message from and to the client. */
  readonly path?: { readonly up?: (bytes: Buffer) => Buffer; readonly down?: (bytes: Buffer) => Buffer };
}

/** What a challenge told. */
export interface Challenge {
  readonly realm: string;
  readonly nonce: string;
  /** PASSWORD-ALGORITHMS as it came. */
  readonly offer: Buffer | undefined;
  readonly chosen: number | undefined;
  readonly anonymous: boolean;
}

export class Rfc8489Client {
  readonly sent: Buffer[] = [];
  challenge: Challenge | undefined;
  readonly #options: ClientOptions;
  readonly #socket: Socket;
  readonly #waiting = new Map<string, (message: Parsed) => void>();

  private constructor(options: ClientOptions, socket: Socket) {
    this.#options = options;
    this.#socket = socket;
    socket.on('message', (bytes) => {
      const message = parse(options.path?.down?.(bytes) ?? bytes);
      this.#waiting.get(message.transactionId.toString('hex'))?.(message);
    });
  }

  static async open(options: ClientOptions): Promise<Rfc8489Client> {
    const socket = createSocket('udp4');
    await new Promise<void>((resolve) => {
      socket.bind(0, '127.0.0.1', resolve);
    });
    return new Rfc8489Client(options, socket);
  }

  close(): void {
    this.#socket.close();
  }

  /** One request as it is, through the path, and what came back. */
  exchange(request: Buffer): Promise<Parsed> {
    const { path, port } = this.#options;
    const bytes = path?.up?.(request) ?? request;
    this.sent.push(bytes);
    const id = bytes.subarray(8, HEADER).toString('hex');
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(new Error('no response'));
      }, WAIT_MS);
      this.#waiting.set(id, (message) => {
        clearTimeout(timer);
        this.#waiting.delete(id);
        resolve(message);
      });
      this.#socket.send(bytes, port, '127.0.0.1');
    });
  }

  /** §9.2.3.1: the first request has nothing to do with authentication. */
  async ask(method: number, attributes: readonly Attribute[] = []): Promise<Parsed> {
    return this.exchange(encode(method, randomBytes(12), this.#withOrigin(attributes)));
  }

  /** §9.2.5: reads a 401 or 438, and refuses to go on where one of its promises is broken. */
  learn(response: Parsed): Challenge {
    const nonce = text(response, Type.NONCE);
    const features = NONCE_COOKIE.test(nonce) ? Buffer.from(nonce.slice(9, 13), 'base64').readUInt8(0) : 0;
    const offer = find(response, Type.PASSWORD_ALGORITHMS);
    if ((features & 0x80) !== 0 && !offer) throw new Error('PASSWORD-ALGORITHMS was promised and taken away');
    const { algorithms = [SHA256, MD5] } = this.#options;
    const chosen = offer && algorithmsOf(offer).find((algorithm) => algorithms.includes(algorithm));
    if (offer && chosen === undefined) throw new Error('no algorithm in common');
    const anonymous = (features & 0x40) !== 0;
    return (this.challenge = { realm: text(response, Type.REALM), nonce, offer, chosen, anonymous });
  }

  /** §9.2.5: the request after a challenge, unsigned. */
  form(method: number, attributes: readonly Attribute[], challenge: Challenge): Buffer {
    const { username } = this.#options;
    const { realm, nonce, offer, chosen, anonymous } = challenge;
    const name: Attribute = anonymous
      ? [Type.USERHASH, userhash(username, realm)]
      : [Type.USERNAME, Buffer.from(opaque(username))];
    return encode(method, randomBytes(12), [
      ...this.#withOrigin(attributes),
      name,
      [Type.REALM, Buffer.from(realm)],
      [Type.NONCE, Buffer.from(nonce)],
      ...(offer ? [[Type.PASSWORD_ALGORITHMS, offer] as const] : []),
      ...(chosen === undefined ? [] : [[Type.PASSWORD_ALGORITHM, Buffer.from([0, chosen, 0, 0])] as const]),
    ]);
  }

  key({ realm, chosen }: Challenge): Buffer {
    const { username, password } = this.#options;
    return longTermKey(chosen ?? MD5, username, realm, password);
  }

  /** The whole of it: challenge, signed request, and a response that must verify unless it is another challenge or an unsigned 400. */
  async request(method: number, attributes: readonly Attribute[] = []): Promise<Parsed> {
    const challenge = this.challenge ?? this.learn(await this.ask(method, attributes));
    const integrity = challenge.offer ? Type.MESSAGE_INTEGRITY_SHA256 : Type.MESSAGE_INTEGRITY;
    const key = this.key(challenge);
    const response = await this.exchange(signed(this.form(method, attributes, challenge), integrity, key));
    const unsigned = [400, 401, 438].includes(codeOf(response));
    if (!unsigned && !isSigned(response, integrity, key)) throw new Error('the response does not verify');
    return response;
  }

  allocate(): Promise<Parsed> {
    return this.request(ALLOCATE, [[Type.REQUESTED_TRANSPORT, Buffer.from([17, 0, 0, 0])]]);
  }

  #withOrigin(attributes: readonly Attribute[]): readonly Attribute[] {
    const { origin } = this.#options;
    return origin === undefined ? attributes : [...attributes, [Type.ORIGIN, Buffer.from(origin)]];
  }
}

/** §14.11, of algorithms with and without parameters. */
function algorithmsOf(offer: Buffer): number[] {
  const numbers: number[] = [];
  for (let at = 0; at < offer.length; at += 4 + Math.ceil(offer.readUInt16BE(at + 2) / 4) * 4) {
    numbers.push(offer.readUInt16BE(at));
  }
  return numbers;
}

function text(message: Parsed, type: number): string {
  const value = find(message, type);
  if (!value) throw new Error(`no attribute 0x${type.toString(16)} in a response of code ${codeOf(message)}`);
  return value.toString('utf8');
}
