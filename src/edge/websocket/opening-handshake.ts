import { hash } from 'node:crypto';
import { type IncomingMessage } from 'node:http';
import { type Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';

/** RFC 6455 §1.3 */
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/**
 * The opening handshake (RFC 6455 §4.2): `ws` judges the request, and this answers it, so that the connection is ours from its first frame on. `refuse`
 * hears of a request that is no sound handshake, and answers that.
 */
export class OpeningHandshake {
  readonly #judge: WebSocketServer;
  /** The request that is judged, once it is found sound. */
  #sound: IncomingMessage | undefined;

  constructor(refuse: (socket: Duplex, request: IncomingMessage) => void) {
    this.#judge = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      // Called for sound requests alone. Without its answer `ws` does no more.
      verifyClient: ({ req }, _answer) => {
        this.#sound = req;
      },
    });
    this.#judge.on('wsClientError', (_error, socket, request) => {
      refuse(socket, request);
    });
  }

  /** Whether the socket is a WebSocket now. */
  accept(request: IncomingMessage, socket: Duplex, head: Buffer, subprotocol: string): boolean {
    this.#judge.handleUpgrade(request, socket, head, () => undefined);
    const isSound = this.#sound === request;
    this.#sound = undefined;
    if (!isSound) return false;
    // The client has given up meanwhile.
    if (!socket.readable || !socket.writable) {
      socket.destroy();
      return false;
    }
    const accept = hash('sha1', `${request.headers['sec-websocket-key'] ?? ''}${GUID}`, 'base64');
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
        `Sec-WebSocket-Accept: ${accept}\r\nSec-WebSocket-Protocol: ${subprotocol}\r\n\r\n`,
    );
    if (head.length > 0) socket.unshift(head);
    return true;
  }
}
