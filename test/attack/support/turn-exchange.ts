import { errorCode, nonce, realm, username } from '../../../src/stun/attributes/rfc8489.ts';
import { type Method } from '../../../src/stun/message-type.ts';
import { type StunMessage } from '../../../src/stun/message.ts';
import { StunWriter } from '../../../src/stun/writer.ts';
import { type Random } from './random.ts';
import { keyOf, type Challenge } from './stun-messages.ts';
import { type Credential } from './victim.ts';

export type Fill = (request: StunWriter) => StunWriter;
type MethodNumber = (typeof Method)[keyof typeof Method];

/** Sends one request and waits for its response, by whatever means of repetition the transport needs. */
export type Exchange = (request: Buffer) => Promise<StunMessage>;

/** The long-term mechanism of RFC 8489 §9.2 from the client's side, without a transport. */
export class TurnExchange {
  readonly #credential: Credential;
  readonly #random: Random;
  readonly #exchange: Exchange;
  #challenge: Challenge | undefined;

  constructor(credential: Credential, random: Random, exchange: Exchange) {
    this.#credential = credential;
    this.#random = random;
    this.#exchange = exchange;
  }

  get challenge(): Challenge | undefined {
    return this.#challenge;
  }

  /** The success response. Rejects with the error code and reason, after the rounds that 401 and 438 ask for. */
  async request(method: MethodNumber, fill: Fill): Promise<StunMessage> {
    for (let round = 0; ; round++) {
      const response = await this.#exchange(this.#write(method, fill));
      if (response.messageClass === 'success') return response;
      const error = response.get(errorCode);
      const isChallenge = error?.code === 438 || (error?.code === 401 && this.#challenge === undefined);
      if (!isChallenge || round === 2) throw new Error(`method ${method}: ${error?.code ?? 0} ${error?.reason ?? ''}`);
      this.#challenge = {
        realm: response.get(realm) ?? '',
        nonce: response.get(nonce) ?? '',
        credential: this.#credential,
      };
    }
  }

  #write(method: MethodNumber, fill: Fill): Buffer {
    const writer = fill(new StunWriter(method, 'request', this.#random.bytes(12)));
    const challenge = this.#challenge;
    if (!challenge) return writer.finish();
    writer.add(username, challenge.credential.username).add(realm, challenge.realm).add(nonce, challenge.nonce);
    return writer.addIntegrity(keyOf(challenge)).finish();
  }
}
