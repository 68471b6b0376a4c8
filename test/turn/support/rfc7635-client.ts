import { createCipheriv, randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { connect as tcpConnect, type Socket } from 'node:net';
import { connect as tlsConnect } from 'node:tls';
import {
  ALLOCATE,
  codeOf,
  encode,
  find,
  isSigned,
  parse,
  REFRESH,
  signed,
  Type,
  type Parsed,
} from './rfc8489-client.ts';

/*
 * An authorization server and a TURN client, written from RFC 7635 alone: they share no code with the server, so that a mistake of the one is not a
 * mistake of the other.
 */

/** §12 */
const ACCESS_TOKEN = 0x001b;
const THIRD_PARTY_AUTHORIZATION = 0x802e;

const WAIT_MS = 10_000;

export interface SessionToken {
  readonly kid: string;
  readonly token: Buffer;
  readonly macKey: Buffer;
}

/** §6.2: the token in its encryption by AEAD_AES_256_GCM, under K of 32 bytes. */
export function makeToken(
  { kid, key, serverName }: { readonly kid: string; readonly key: Buffer; readonly serverName: string },
  { lifetimeSec = 600, macKey = randomBytes(20), agoSec = 0 } = {},
): SessionToken {
  const block = Buffer.alloc(2 + macKey.length + 12);
  block.writeUInt16BE(macKey.length, 0);
  macKey.copy(block, 2);
  block.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 1000) - agoSec) << 16n, 2 + macKey.length);
  block.writeUInt32BE(lifetimeSec, 10 + macKey.length);
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  cipher.setAAD(Buffer.from(serverName));
  const encrypted = Buffer.concat([cipher.update(block), cipher.final(), cipher.getAuthTag()]);
  return { kid, macKey, token: Buffer.concat([Buffer.from([0, nonce.length]), nonce, encrypted]) };
}

interface Wire {
  send(bytes: Buffer): void;
  close(): void;
}

interface Place {
  readonly transport: 'udp' | 'tcp' | 'tls';
  readonly port: number;
}

export class Rfc7635Client {
  token: SessionToken | undefined;
  /** §6.1: by which an authorization server knows the TURN server. */
  serverName: string | undefined;
  /** What keys the HMAC: by the RFC the whole session key; coturn has it cut. */
  keyBytes = Infinity;
  #realm = '';
  #nonce = '';
  readonly #wire: Wire;
  readonly #waiting = new Map<string, (message: Parsed) => void>();

  private constructor(open: (receive: (bytes: Buffer) => void) => Wire) {
    this.#wire = open((bytes) => {
      const message = parse(bytes);
      this.#waiting.get(message.transactionId.toString('hex'))?.(message);
    });
  }

  static async open({ transport, port }: Place): Promise<Rfc7635Client> {
    if (transport === 'udp') {
      const socket = createSocket('udp4');
      await new Promise<void>((resolve) => {
        socket.bind(0, '127.0.0.1', resolve);
      });
      return new Rfc7635Client((receive) => {
        socket.on('message', receive);
        return {
          send: (bytes) => {
            socket.send(bytes, port, '127.0.0.1');
          },
          close: () => socket.close(),
        };
      });
    }
    const socket = await streamTo(transport, port);
    return new Rfc7635Client((receive) => {
      let held = Buffer.alloc(0);
      socket.on('data', (chunk: Buffer) => {
        held = Buffer.concat([held, chunk]);
        while (held.length >= 20 && held.length >= 20 + held.readUInt16BE(2)) {
          const end = 20 + held.readUInt16BE(2);
          receive(held.subarray(0, end));
          held = held.subarray(end);
        }
      });
      return { send: (bytes) => socket.write(bytes), close: () => socket.destroy() };
    });
  }

  close(): void {
    this.#wire.close();
  }

  /** §4: a request without any authorization tells whether tokens are taken, and for which name. */
  async discover(): Promise<Parsed> {
    const response = await this.#exchange(encode(ALLOCATE, randomBytes(12), [transportUdp]));
    this.#learn(response);
    return response;
  }

  allocate(): Promise<Parsed> {
    return this.#request(ALLOCATE, [transportUdp]);
  }

  refresh(lifetimeSec: number): Promise<Parsed> {
    const value = Buffer.alloc(4);
    value.writeUInt32BE(lifetimeSec);
    return this.#request(REFRESH, [[Type.LIFETIME, value]]);
  }

  /** §9: ACCESS-TOKEN stands in Allocate and Refresh alone. */
  permit(): Promise<Parsed> {
    const peer = Buffer.from([0, 1, 0x21, 0x12 ^ 9, 127 ^ 0x21, 0x12, 0xa4, 1 ^ 0x42]);
    return this.#request(0x008, [[0x0012, peer]], false);
  }

  /** §5 and §8: signed with the session key as it is, and so must the response be, unless it asks for another try. */
  async #request(method: number, attributes: readonly Attribute[], withToken = true): Promise<Parsed> {
    const { kid, token, macKey } = this.token!;
    const key = macKey.subarray(0, Math.min(macKey.length, this.keyBytes));
    const form = encode(method, randomBytes(12), [
      ...attributes,
      ...(withToken ? [[ACCESS_TOKEN, token] as const] : []),
      [Type.USERNAME, Buffer.from(kid)],
      [Type.REALM, Buffer.from(this.#realm)],
      [Type.NONCE, Buffer.from(this.#nonce)],
    ]);
    const response = await this.#exchange(signed(form, Type.MESSAGE_INTEGRITY, key));
    if ([400, 401, 438].includes(codeOf(response))) this.#learn(response);
    else if (!isSigned(response, Type.MESSAGE_INTEGRITY, key)) throw new Error('the response does not verify');
    return response;
  }

  #learn(response: Parsed): void {
    this.#realm = find(response, Type.REALM)?.toString() ?? this.#realm;
    this.#nonce = find(response, Type.NONCE)?.toString() ?? this.#nonce;
    this.serverName = find(response, THIRD_PARTY_AUTHORIZATION)?.toString() ?? this.serverName;
  }

  #exchange(request: Buffer): Promise<Parsed> {
    const id = request.subarray(8, 20).toString('hex');
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(new Error('no response'));
      }, WAIT_MS);
      timer.unref();
      this.#waiting.set(id, (message) => {
        clearTimeout(timer);
        this.#waiting.delete(id);
        resolve(message);
      });
      this.#wire.send(request);
    });
  }
}

type Attribute = readonly [type: number, value: Buffer];

const transportUdp: Attribute = [Type.REQUESTED_TRANSPORT, Buffer.from([17, 0, 0, 0])];

/** Seconds of LIFETIME. */
export function lifetimeOf(response: Parsed): number | undefined {
  return find(response, Type.LIFETIME)?.readUInt32BE();
}

async function streamTo(transport: 'tcp' | 'tls', port: number): Promise<Socket> {
  const to = { port, host: '127.0.0.1' };
  const socket = transport === 'tcp' ? tcpConnect(to) : tlsConnect({ ...to, rejectUnauthorized: false });
  await new Promise<void>((resolve, reject) => {
    socket.once(transport === 'tcp' ? 'connect' : 'secureConnect', resolve).once('error', reject);
  });
  return socket;
}
