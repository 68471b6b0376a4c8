import { createHash, randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { formatTransportAddress, type TransportAddress } from '../base/transport-address.ts';
import { accessToken } from '../stun/attributes/rfc7635.ts';
import { errorCode, nonce, realm, username } from '../stun/attributes/rfc8489.ts';
import { lifetime, requestedTransport, xorRelayedAddress } from '../stun/attributes/rfc8656.ts';
import { Method } from '../stun/message-type.ts';
import { decodeMessage, type StunMessage } from '../stun/message.ts';
import { StunWriter } from '../stun/writer.ts';

/** Answer of the TURN server to an Allocate. */
export type AllocateOutcome =
  | { readonly granted: true; readonly relayed: TransportAddress }
  | { readonly granted: false; readonly code: number; readonly reason: string };

const UDP_PROTOCOL = 17;
const ANSWER_MS = 2000;
/** RFC 8489 §6.2.1 has 500 ms for the first; on loopback an answer takes less than one. */
const RETRANSMIT_MS = 250;

/** What a TURN client proves itself by: name and password, or an access token (RFC 7635), of which they are kid and session key in base64. */
export type AllocateCredential =
  | { readonly username: string; readonly password: string; readonly token?: string | undefined }
  /** The token in the words of an authorization server; `token` and `key` in base64. */
  | { readonly kid: string; readonly key: string; readonly token: string };

/** A session key of 32 bytes is for MESSAGE-INTEGRITY-SHA256; its SHA-1 is for MESSAGE-INTEGRITY (RFC 7635 appendix B). */
const SHA256_KEY_BYTES = 32;

type Exchange = (request: Buffer) => Promise<StunMessage>;

/**
 * Allocates over UDP as a browser would (RFC 8656 §7, with the 401 of RFC 8489 §9.2 first) and deletes the allocation again. Rejects when
 * the server does not answer.
 */
export async function tryAllocate(server: TransportAddress, credential: AllocateCredential): Promise<AllocateOutcome> {
  const socket = createSocket(server.family === 4 ? 'udp4' : 'udp6');
  const waiting = new Map<string, (message: StunMessage) => void>();
  socket.on('message', (bytes) => {
    const decoded = decodeMessage(bytes);
    if (decoded.ok) waiting.get(decoded.value.transactionId.toString('hex'))?.(decoded.value);
  });
  const exchange: Exchange = (request) =>
    new Promise((resolve, reject) => {
      const id = request.subarray(8, 20).toString('hex');
      const send = (): void => {
        socket.send(request, server.port, server.address);
      };
      const repeat = setInterval(send, RETRANSMIT_MS);
      const end = setTimeout(() => {
        clearInterval(repeat);
        reject(new Error(`no answer from ${formatTransportAddress(server)} within ${ANSWER_MS} ms`));
      }, ANSWER_MS);
      waiting.set(id, (message) => {
        clearInterval(repeat);
        clearTimeout(end);
        waiting.delete(id);
        resolve(message);
      });
      send();
    });
  try {
    return await allocate(exchange, credential);
  } finally {
    await new Promise<void>((resolve) => {
      socket.close(resolve);
    });
  }
}

async function allocate(exchange: Exchange, credential: AllocateCredential): Promise<AllocateOutcome> {
  const challenge = await exchange(createAllocate().finish());
  const [realmText, nonceText] = [challenge.get(realm), challenge.get(nonce)];
  if (realmText === undefined || nonceText === undefined) return outcomeOf(challenge);
  const { name, token, key } = proofOf(credential, realmText);
  const authenticated = (writer: StunWriter): Buffer => {
    writer.add(username, name).add(realm, realmText).add(nonce, nonceText);
    if (token) writer.add(accessToken, token);
    return writer.addIntegrity(key).finish();
  };
  const outcome = outcomeOf(await exchange(authenticated(createAllocate())));
  if (outcome.granted) await exchange(authenticated(createRequest(Method.Refresh).add(lifetime, 0)));
  return outcome;
}

interface Proof {
  readonly name: string;
  readonly token?: Buffer;
  readonly key: Buffer;
}

function proofOf(credential: AllocateCredential, realmText: string): Proof {
  const [name, secret] =
    'kid' in credential ? [credential.kid, credential.key] : [credential.username, credential.password];
  if (credential.token === undefined) {
    return { name, key: createHash('md5').update(`${name}:${realmText}:${secret}`).digest() };
  }
  const sessionKey = Buffer.from(secret, 'base64');
  const key = sessionKey.length === SHA256_KEY_BYTES ? createHash('sha1').update(sessionKey).digest() : sessionKey;
  return { name, token: Buffer.from(credential.token, 'base64'), key };
}

function createAllocate(): StunWriter {
  return createRequest(Method.Allocate).add(requestedTransport, UDP_PROTOCOL);
}

function createRequest(method: number): StunWriter {
  return new StunWriter(method, 'request', randomBytes(12));
}

function outcomeOf(response: StunMessage): AllocateOutcome {
  const relayed = response.get(xorRelayedAddress);
  if (relayed) return { granted: true, relayed };
  const { code = 0, reason = '' } = response.get(errorCode) ?? {};
  return { granted: false, code, reason };
}
