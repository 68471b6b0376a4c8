import { createHash, randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { connect as tlsConnect } from 'node:tls';
import { type TransportAddress } from '../../../src/base/transport-address.ts';
import { connectionId } from '../../../src/stun/attributes/rfc6062.ts';
import { errorCode, nonce, realm, username } from '../../../src/stun/attributes/rfc8489.ts';
import { Method } from '../../../src/stun/message-type.ts';
import { decodeMessage, type StunMessage } from '../../../src/stun/message.ts';
import { StunWriter } from '../../../src/stun/writer.ts';
import { unwrap } from '../../support/unwrap.ts';

interface DataConnectionOptions {
  readonly server: TransportAddress;
  readonly user?: string;
  readonly password?: string;
  /** TLS: the certificate to trust. */
  readonly ca?: string;
  /** Sent in one write with the ConnectionBind. */
  readonly behind?: Uint8Array;
}

/** A client data connection of RFC 6062: after `bind` the socket carries what the peer sends. */
export class DataConnection {
  readonly socket: Socket;
  #received = Buffer.alloc(0);
  #wake: () => void = () => undefined;
  ended = false;
  readonly closed: Promise<void>;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => {
      this.#received = Buffer.concat([this.#received, chunk]);
      this.#wake();
    });
    socket.on('end', () => {
      this.ended = true;
      this.#wake();
    });
    this.closed = new Promise((resolve) => {
      socket.on('close', () => {
        this.ended = true;
        this.#wake();
        resolve();
      });
    });
  }

  /** The code of the answer to ConnectionBind, 0 for a success, beside the connection. */
  static async bind(
    id: number,
    { server, user = 'alice', password = `${user}-secret`, ca, behind = Buffer.alloc(0) }: DataConnectionOptions,
  ): Promise<{ readonly code: number; readonly connection: DataConnection }> {
    const where = { host: server.address, port: server.port, noDelay: true, allowHalfOpen: true };
    const socket =
      ca === undefined ? connect(where) : tlsConnect({ ...where, ca, checkServerIdentity: () => undefined });
    const connection = new DataConnection(socket);
    socket.write(new StunWriter(Method.ConnectionBind, 'request', randomBytes(12)).add(connectionId, id).finish());
    const challenge = await connection.#message();
    const theirRealm = challenge.get(realm) ?? '';
    const key = createHash('md5').update(`${user}:${theirRealm}:${password}`).digest();
    const request = new StunWriter(Method.ConnectionBind, 'request', randomBytes(12)).add(connectionId, id);
    request
      .add(username, user)
      .add(realm, theirRealm)
      .add(nonce, challenge.get(nonce) ?? '');
    socket.write(Buffer.concat([request.addIntegrity(key).finish(), behind]));
    const answer = await connection.#message();
    return { code: answer.get(errorCode)?.code ?? 0, connection };
  }

  /** The next so many bytes, or what came before the end. */
  async read(bytes: number): Promise<Buffer> {
    while (this.#received.length < bytes && !this.ended) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    const taken = this.#received.subarray(0, bytes);
    this.#received = this.#received.subarray(bytes);
    return taken;
  }

  async #message(): Promise<StunMessage> {
    const header = await this.read(20);
    if (header.length < 20) throw new Error('closed in the place of an answer');
    return unwrap(decodeMessage(Buffer.concat([header, await this.read(header.readUInt16BE(2))])));
  }
}
