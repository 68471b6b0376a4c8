import { createHash, randomBytes } from 'node:crypto';
import WebSocket from 'ws';

const ANSWER_TIMEOUT_MS = 10_000;

/** One WIC: one secure WebSocket, one user, one Contact. Just enough SIP for REGISTER with digest MD5. */
export class RegisterClient {
  #target;
  #socket;
  #cseq = 0;
  #onAnswer = () => undefined;
  /** Once connected: resolves with the close code. */
  closed;

  /** `target` has host, port, domain, origin, password, user with a %d for `id`, `header` to send and the name to `expect`. */
  constructor(target, id) {
    this.#target = target;
    this.user = target.user.replace('%d', id);
    this.host = `h${id}.invalid`;
    this.callId = randomBytes(8).toString('hex');
    this.tag = randomBytes(4).toString('hex');
  }

  async connect() {
    const { host, port, origin } = this.#target;
    this.#socket = new WebSocket(`wss://${host}:${port}/`, 'sip', {
      origin,
      perMessageDeflate: false,
      rejectUnauthorized: false,
      minVersion: 'TLSv1.3',
    });
    await new Promise((resolve, reject) => {
      this.#socket.once('open', resolve);
      this.#socket.once('error', reject);
    });
    this.#socket.on('message', (bytes) => {
      this.#onAnswer(bytes.toString('latin1'));
    });
    this.#socket.on('error', () => undefined);
    this.closed = new Promise((resolve) => {
      this.#socket.on('close', (code) => {
        this.#onAnswer('closed');
        resolve(code);
      });
    });
  }

  /** Whether nothing has come that ends the connection, even if it is not gone yet. */
  get isOpen() {
    return this.#socket.readyState === WebSocket.OPEN;
  }

  /** REGISTER, 401, REGISTER with digest, 200 with the expected field; returns the 200. */
  async register() {
    const challenged = await this.#request('');
    if (!challenged.startsWith('SIP/2.0 401 ')) throw new Error(`expected 401, got ${firstLine(challenged)}`);
    const accepted = await this.#request(this.#authorization(challenged));
    if (!accepted.startsWith('SIP/2.0 200 ')) throw new Error(`expected 200, got ${firstLine(accepted)}`);
    if (fieldOf(accepted, this.#target.expect) === undefined) throw new Error(`no ${this.#target.expect}`);
    return accepted;
  }

  /** At once: a close handshake would wait for servers that leave it to the client to end the connection. */
  close() {
    this.#socket.terminate();
  }

  #request(authorization) {
    const { domain, header } = this.#target;
    this.#cseq++;
    const text =
      `REGISTER sip:${domain} SIP/2.0\r\nVia: SIP/2.0/WSS ${this.host};branch=z9hG4bK${randomBytes(5).toString('hex')}\r\n` +
      `Max-Forwards: 69\r\nTo: <sip:${this.user}@${domain}>\r\nFrom: <sip:${this.user}@${domain}>;tag=${this.tag}\r\n` +
      `Call-ID: ${this.callId}\r\nCSeq: ${this.#cseq} REGISTER\r\n${authorization}` +
      `Contact: <sip:${this.user}@${this.host};transport=ws>;expires=600\r\nExpires: 600\r\n${header}\r\n` +
      'Allow: INVITE,ACK,CANCEL,BYE,UPDATE,MESSAGE,OPTIONS,REFER,INFO,NOTIFY\r\nSupported: path,gruu,outbound\r\n' +
      'User-Agent: bench\r\nContent-Length: 0\r\n\r\n';
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ANSWER_TIMEOUT_MS, 'silence');
      this.#onAnswer = (answer) => {
        clearTimeout(timer);
        resolve(answer);
      };
      this.#socket.send(text);
    });
  }

  #authorization(challenged) {
    const { domain, password } = this.#target;
    const challenge = fieldOf(challenged, 'WWW-Authenticate') ?? '';
    const [realm, nonce] = ['realm', 'nonce'].map((name) => new RegExp(`${name}="([^"]*)"`).exec(challenge)?.[1]);
    const uri = `sip:${domain}`;
    const [ha1, ha2] = [md5(`${this.user}:${realm}:${password}`), md5(`REGISTER:${uri}`)];
    const proof = md5(`${ha1}:${nonce}:00000001:bench:auth:${ha2}`);
    return (
      `Authorization: Digest username="${this.user}", realm="${realm}", nonce="${nonce}", uri="${uri}", ` +
      `response="${proof}", algorithm=MD5, qop=auth, nc=00000001, cnonce="bench"\r\n`
    );
  }
}

/** The first value of a header field, or `undefined`. */
export function fieldOf(message, name) {
  return new RegExp(`\\r\\n${name}: *([^\\r]*)`, 'i').exec(message)?.[1];
}

function firstLine(message) {
  return message.split('\r\n', 1)[0];
}

function md5(text) {
  return createHash('md5').update(text).digest('hex');
}
