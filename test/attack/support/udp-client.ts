import { createSocket, type Socket } from 'node:dgram';
import { type TransportAddress } from '../../../src/base/transport-address.ts';
import { decodeMessage, type StunMessage } from '../../../src/stun/message.ts';
import { type Random } from './random.ts';
import { TurnExchange } from './turn-exchange.ts';
import { type Credential } from './victim.ts';

/** RTO and the number of repetitions: generous, since the server's socket is being flooded. */
const RETRANSMIT_MS = 250;

export interface UdpClientOptions {
  readonly server: TransportAddress;
  readonly localAddress: string;
  readonly credential: Credential;
  readonly random: Random;
  /** How long a request may be repeated before it counts as unanswered. */
  readonly patienceMs: number;
}

/** A TURN client over UDP that repeats its requests (RFC 8489 §6.2.1). */
export class UdpClient {
  readonly turn: TurnExchange;
  /** What is no response: indications and ChannelData. */
  onData: (bytes: Buffer) => void = () => undefined;
  readonly #socket: Socket;
  readonly #options: UdpClientOptions;
  readonly #waiting = new Map<string, (response: StunMessage) => void>();

  private constructor(socket: Socket, options: UdpClientOptions) {
    this.#socket = socket;
    this.#options = options;
    this.turn = new TurnExchange(options.credential, options.random, (request) => this.#exchange(request));
    socket.on('message', (bytes) => {
      this.#receive(bytes);
    });
    // A port that is unreachable for a moment.
    socket.on('error', () => undefined);
  }

  static async open(options: UdpClientOptions): Promise<UdpClient> {
    const socket = createSocket({ type: 'udp4', recvBufferSize: 1 << 20 });
    await new Promise<void>((resolve) => {
      socket.bind(0, options.localAddress, resolve);
    });
    return new UdpClient(socket, options);
  }

  send(bytes: Buffer): void {
    const { port, address } = this.#options.server;
    this.#socket.send(bytes, port, address, () => undefined);
  }

  close(): void {
    this.#socket.close();
  }

  #exchange(request: Buffer): Promise<StunMessage> {
    const key = request.toString('hex', 8, 20);
    return new Promise((resolve, reject) => {
      const again = setInterval(() => {
        this.send(request);
      }, RETRANSMIT_MS);
      const end = setTimeout(() => {
        finish();
        reject(new Error(`no response for ${this.#options.patienceMs} ms`));
      }, this.#options.patienceMs);
      const finish = (): void => {
        clearInterval(again);
        clearTimeout(end);
        this.#waiting.delete(key);
      };
      this.#waiting.set(key, (response) => {
        finish();
        resolve(response);
      });
      this.send(request);
    });
  }

  #receive(bytes: Buffer): void {
    const decoded = decodeMessage(bytes);
    const response = decoded.ok && decoded.value.messageClass !== 'indication' ? decoded.value : undefined;
    if (!response) this.onData(bytes);
    else this.#waiting.get(response.transactionId.toString('hex'))?.(response);
  }
}
