import { createHash, createHmac, randomBytes } from 'node:crypto';
import { errorCode, nonce, realm, username } from '../../../dist/stun/attributes/rfc8489.js';
import {
  channelNumber,
  lifetime,
  requestedTransport,
  xorPeerAddress,
  xorRelayedAddress,
} from '../../../dist/stun/attributes/rfc8656.js';
import { Method } from '../../../dist/stun/message-type.js';
import { decodeMessage } from '../../../dist/stun/message.js';
import { StunWriter } from '../../../dist/stun/writer.js';

const UDP = 17;
const RETRANSMIT_MS = 500;
const TRIES = 10;
const CREDENTIAL_SEC = 3600;

/** One user with one allocation, whatever its bytes go by: `send(bytes)` sends to the server, `receive(bytes)` takes what it answers. */
export class TurnFlow {
  #secret;
  #waiting;
  #realm = '';
  #nonce = '';
  #key;

  constructor(index, secret, send) {
    this.index = index;
    this.send = send;
    this.#secret = secret;
    this.username = `${Math.floor(Date.now() / 1000) + CREDENTIAL_SEC}:u${index}`;
  }

  /** Settles with the error code, 0 on success; throws when nothing answers. */
  async allocate() {
    const answer = await this.#request(Method.Allocate, (request) => request.add(requestedTransport, UDP));
    if (answer.messageClass === 'success') this.relayed = answer.get(xorRelayedAddress);
    return codeOf(answer);
  }

  async refresh(seconds) {
    return codeOf(await this.#request(Method.Refresh, (request) => request.add(lifetime, seconds)));
  }

  async permit(peer) {
    return codeOf(await this.#request(Method.CreatePermission, (request) => request.add(xorPeerAddress, peer)));
  }

  async bind(channel, peer) {
    this.channel = channel;
    return codeOf(
      await this.#request(Method.ChannelBind, (request) =>
        request.add(channelNumber, channel).add(xorPeerAddress, peer),
      ),
    );
  }

  receive(bytes) {
    const decoded = decodeMessage(bytes);
    if (!decoded.ok || decoded.value.transactionId.toString('latin1') !== this.#waiting?.id) return;
    const { resolve } = this.#waiting;
    this.#waiting = undefined;
    resolve(decoded.value);
  }

  /** Sends again what has waited too long. */
  retransmit(nowMs) {
    const waiting = this.#waiting;
    if (!waiting || nowMs - waiting.sentMs < RETRANSMIT_MS) return;
    waiting.tries += 1;
    waiting.sentMs = nowMs;
    if (waiting.tries > TRIES) waiting.reject(new Error(`the server does not answer user ${this.index}`));
    else this.send(waiting.bytes);
  }

  async #request(method, fill) {
    for (let round = 0; ; round++) {
      const answer = await this.#transact(method, fill);
      const code = codeOf(answer);
      if ((code !== 401 && code !== 438) || round === 2) return answer;
      this.#nonce = answer.get(nonce);
      if (this.#realm === answer.get(realm)) continue;
      this.#realm = answer.get(realm);
      const password = createHmac('sha1', this.#secret).update(this.username).digest('base64');
      this.#key = createHash('md5').update(`${this.username}:${this.#realm}:${password}`).digest();
    }
  }

  #transact(method, fill) {
    const id = randomBytes(12);
    const request = fill(new StunWriter(method, 'request', id));
    if (this.#key)
      request.add(username, this.username).add(realm, this.#realm).add(nonce, this.#nonce).addIntegrity(this.#key);
    const bytes = request.finish();
    return new Promise((resolve, reject) => {
      this.#waiting = { id: id.toString('latin1'), bytes, sentMs: performance.now(), tries: 1, resolve, reject };
      this.send(bytes);
    });
  }
}

function codeOf(answer) {
  return answer.messageClass === 'success' ? 0 : answer.get(errorCode).code;
}
