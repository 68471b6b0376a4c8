import { createHash, randomBytes } from 'node:crypto';
import WebSocket from 'ws';

const ANSWER_TIMEOUT_MS = 10_000;
/** About as long as what a browser offers for audio with relayed candidates. */
const SDP = `v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n${'a=candidate:1 1 udp 41885439 192.0.2.1 50000 typ relay raddr 0.0.0.0 rport 0\r\n'.repeat(18)}`;

/** One WIC: a secure WebSocket, a user, a Contact. It registers with digest MD5, calls, and takes every call. */
export class WicClient {
  #target;
  #socket;
  #cseq = 0;
  /** By Call-ID and CSeq: who waits for what is answered. */
  #waiting = new Map();
  /** Once connected: resolves with the close code. */
  closed;

  /** `target` has host, port, domain, origin, password; the user is load<id>. */
  constructor(target, id) {
    this.#target = target;
    this.user = `load${id}`;
    this.address = `sip:${this.user}@${target.domain}`;
    this.host = `h${id}.invalid`;
    this.contact = `<sip:${this.user}@${this.host};transport=ws>`;
    this.callId = randomBytes(8).toString('hex');
    this.tag = randomBytes(4).toString('hex');
  }

  async connect() {
    const { host, port, origin, localAddress } = this.#target;
    const options = {
      origin,
      localAddress,
      perMessageDeflate: false,
      rejectUnauthorized: false,
      minVersion: 'TLSv1.3',
    };
    const socket = new WebSocket(`wss://${host}:${port}/`, 'sip', options);
    await new Promise((resolve, reject) => {
      socket.once('open', resolve);
      socket.once('error', reject);
    });
    this.#socket = socket;
    socket.on('message', (bytes) => {
      this.#receive(bytes.toString('latin1'));
    });
    socket.on('error', () => undefined);
    this.closed = new Promise((resolve) => {
      socket.on('close', (code) => {
        for (const { settle } of [...this.#waiting.values()]) settle('closed');
        resolve(code);
      });
    });
  }

  get isOpen() {
    return this.#socket.readyState === WebSocket.OPEN;
  }

  close() {
    this.#socket.terminate();
  }

  /** REGISTER, with a digest if challenged. The last answer, or `silence` or `closed` in its place. */
  async register() {
    const first = await this.#registration('');
    return statusOf(first) === 401 ? this.#registration(this.#authorization(first)) : first;
  }

  /** INVITE, 180, 200, ACK, BYE, 200. Throws when anything else is answered. */
  async call({ address }) {
    const dialog = { callId: randomBytes(8).toString('hex'), to: `<${address}>`, target: address, routes: [] };
    const extra = `Contact: ${this.contact}\r\nSupported: outbound\r\nContent-Type: application/sdp\r\n`;
    const seen = [];
    const accepted = await this.#request('INVITE', dialog, extra, SDP, (status) => seen.push(status));
    expectStatus(accepted, 200, 'INVITE');
    if (!seen.includes(180)) throw new Error(`expected 180 before 200, got ${seen.join(' ')}`);
    dialog.to = fieldOf(accepted, 'To');
    dialog.target = /<([^>]*)>/.exec(fieldOf(accepted, 'Contact'))[1];
    dialog.routes = fieldsOf(accepted, 'Record-Route')
      .flatMap((value) => value.split(/, *(?=<)/))
      .reverse();
    this.#send('ACK', dialog, this.#cseq, '', '');
    expectStatus(await this.#request('BYE', dialog, '', ''), 200, 'BYE');
  }

  #registration(authorization) {
    const { domain } = this.#target;
    const dialog = { callId: this.callId, to: `<${this.address}>`, target: `sip:${domain}`, routes: [] };
    const extra =
      `${authorization}Contact: ${this.contact};expires=600\r\nExpires: 600\r\nTURN-Cred-Req: turn\r\n` +
      'Allow: INVITE,ACK,CANCEL,BYE,UPDATE,MESSAGE,OPTIONS,REFER,INFO,NOTIFY\r\nSupported: path,gruu,outbound\r\n';
    return this.#request('REGISTER', dialog, extra, '');
  }

  #request(method, dialog, extra, body, onProvisional = () => undefined) {
    this.#cseq += 1;
    const key = `${dialog.callId} ${this.#cseq} ${method}`;
    return new Promise((resolve) => {
      const settle = (answer) => {
        clearTimeout(timer);
        this.#waiting.delete(key);
        resolve(answer);
      };
      const timer = setTimeout(settle, ANSWER_TIMEOUT_MS, 'silence');
      this.#waiting.set(key, { settle, onProvisional });
      this.#send(method, dialog, this.#cseq, extra, body);
    });
  }

  #send(method, { callId, to, target, routes }, cseq, extra, body) {
    const route = routes.length > 0 ? `Route: ${routes.join(', ')}\r\n` : '';
    this.#socket.send(
      `${method} ${target} SIP/2.0\r\nVia: SIP/2.0/WSS ${this.host};branch=z9hG4bK${randomBytes(6).toString('hex')}\r\n` +
        `Max-Forwards: 69\r\nTo: ${to}\r\nFrom: <${this.address}>;tag=${this.tag}\r\nCall-ID: ${callId}\r\n` +
        `CSeq: ${cseq} ${method}\r\n${route}${extra}User-Agent: bench\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
  }

  #receive(text) {
    const status = statusOf(text);
    if (status === undefined) {
      this.#answer(text);
      return;
    }
    const waiting = this.#waiting.get(`${fieldOf(text, 'Call-ID')} ${fieldOf(text, 'CSeq')}`);
    if (status < 200) waiting?.onProvisional(status);
    else waiting?.settle(text);
  }

  #answer(request) {
    const method = request.slice(0, request.indexOf(' '));
    if (method === 'INVITE') {
      this.#respond(request, '180 Ringing', '');
      this.#respond(request, '200 OK', SDP);
    } else if (method !== 'ACK') {
      this.#respond(request, '200 OK', '');
    }
  }

  #respond(request, line, body) {
    const copied = ['Via', 'Record-Route'].flatMap((name) =>
      fieldsOf(request, name).map((value) => `${name}: ${value}`),
    );
    const to = fieldOf(request, 'To');
    const head = [
      `SIP/2.0 ${line}`,
      ...copied,
      `To: ${to.includes(';tag=') ? to : `${to};tag=${this.tag}`}`,
      ...['From', 'Call-ID', 'CSeq'].map((name) => `${name}: ${fieldOf(request, name)}`),
      `Contact: ${this.contact}`,
      ...(body === '' ? [] : ['Content-Type: application/sdp']),
      `Content-Length: ${body.length}`,
    ];
    this.#socket.send(`${head.join('\r\n')}\r\n\r\n${body}`);
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

/** Of a response; `undefined` for anything else. */
export function statusOf(message) {
  return message.startsWith('SIP/2.0 ') ? Number(message.slice(8, 11)) : undefined;
}

/** The first value of a header field in the head of a message, or `undefined`. */
export function fieldOf(message, name) {
  return fieldsOf(message, name)[0];
}

function fieldsOf(message, name) {
  const end = message.indexOf('\r\n\r\n');
  return [...message.slice(0, end).matchAll(new RegExp(`\\r\\n${name}: *([^\\r]*)`, 'gi'))].map(([, value]) => value);
}

function expectStatus(answer, status, method) {
  if (statusOf(answer) !== status)
    throw new Error(`expected ${status} to ${method}, got ${answer.split('\r\n', 1)[0]}`);
}

function md5(text) {
  return createHash('md5').update(text).digest('hex');
}
