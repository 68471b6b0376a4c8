import { randomBytes } from 'node:crypto';
import { type Secret } from '../../../src/base/secret.ts';
import { createResponse } from '../../../src/sip/create-response.ts';
import { ha1 } from '../../../src/sip/digest.ts';
import { formatSipMessage } from '../../../src/sip/format-message.ts';
import { SipHeaders, type SipRequest, type SipResponse } from '../../../src/sip/message.ts';
import { newBranch, newTag } from '../../../src/sip/token.ts';
import { computeDigestResponse, formatAuthorization, parseChallenge } from '../../sip/digest-client.ts';
import { PASSWORDS } from './edge-options.ts';
import { type WicSocket } from './wic-socket.ts';

/** Text stands for its UTF-8. */
type Body = string | Buffer;

const DOMAIN = 'example.com';

function newCallId(): string {
  return randomBytes(15).toString('base64url');
}

export interface RegisterOptions {
  readonly expires?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly contact?: string;
  readonly algorithm?: 'MD5' | 'SHA-256';
}

export interface DialogPeer {
  /** Route set as seen from here, nearest first. */
  readonly routes: readonly string[];
  readonly remoteTarget: string;
  readonly callId: string;
  readonly local: string;
  readonly remote: string;
}

/** What one device of one user writes, in the manner of JsSIP. */
export class WicMessages {
  readonly user: string;
  readonly instance = `urn:uuid:00000000-0000-4000-8000-${randomBytes(6).toString('hex')}`;
  readonly contactUri = `sip:${randomBytes(4).toString('hex')}@${randomBytes(6).toString('hex')}.invalid;transport=ws`;
  readonly registerCallId = newCallId();
  nonceCount = 0;
  #sequence = 0;

  readonly #password: Secret;

  readonly #domain: string;

  constructor(user: string, password = PASSWORDS.get(user)!, domain = DOMAIN) {
    this.user = user;
    this.#domain = domain;
    this.#password = password;
  }

  get aor(): string {
    return `sip:${this.user}@${this.#domain}`;
  }

  get contact(): string {
    return `<${this.contactUri}>;+sip.ice;reg-id=1;+sip.instance="<${this.instance}>"`;
  }

  /** A request outside dialogs. */
  build(
    method: string,
    uri: string,
    to: string,
    extra: Readonly<Record<string, string>> = {},
    body: Body = '',
  ): SipRequest {
    const headers = new SipHeaders();
    headers.append('Via', `SIP/2.0/WSS ${randomBytes(6).toString('hex')}.invalid;branch=${newBranch()}`);
    headers.append('Max-Forwards', '69');
    headers.append('To', `<${to}>`);
    headers.append('From', `"${this.user}" <${this.aor}>;tag=${newTag()}`);
    headers.append('Call-ID', newCallId());
    headers.append('CSeq', `${++this.#sequence} ${method}`);
    for (const [name, value] of Object.entries(extra)) headers.set(name, value);
    return { kind: 'request', method, uri, headers, body: Buffer.from(body) };
  }

  buildRegister(options: RegisterOptions = {}): SipRequest {
    const expires = options.expires ?? 600;
    return this.build('REGISTER', `sip:${this.#domain}`, this.aor, {
      'Call-ID': this.registerCallId,
      Contact: options.contact ?? `${this.contact};expires=${expires}`,
      Expires: String(expires),
      Supported: 'path,gruu,outbound',
      ...options.headers,
    });
  }

  authorization(
    response: SipResponse,
    request: SipRequest,
    algorithm: 'MD5' | 'SHA-256' = 'MD5',
    password = this.#password,
  ): string {
    const challenges = response.headers.getAll('WWW-Authenticate').map((text) => parseChallenge(text));
    const challenge = challenges.find((parsed) => parsed.ok && parsed.value.algorithm === algorithm);
    if (!challenge?.ok) throw new Error(`no ${algorithm} challenge`);
    const { realm, nonce } = challenge.value;
    this.nonceCount += 1;
    const nc = this.nonceCount.toString(16).padStart(8, '0');
    const cnonce = randomBytes(6).toString('hex');
    const { method, uri } = request;
    const a1 = ha1({ algorithm, username: this.user, realm, password });
    const proof = computeDigestResponse({ algorithm, ha1: a1, method, uri, nonce, qop: { nc, cnonce } });
    const qop = { nc, cnonce, nonceCount: this.nonceCount };
    return formatAuthorization({ username: this.user, realm, nonce, uri, response: proof, algorithm, qop });
  }
}

/** A hand-driven SIP user agent over one WebSocket. */
export class Wic extends WicMessages {
  /** Another one after a reconnection. */
  socket: WicSocket;

  constructor(user: string, socket: WicSocket, password?: Secret, domain?: string) {
    super(user, password, domain);
    this.socket = socket;
  }

  send(message: SipRequest | SipResponse): void {
    this.socket.send(formatSipMessage(message));
  }

  /** In a binary frame, which is for text too. */
  sendBinary(message: SipRequest | SipResponse): void {
    this.socket.webSocket.send(formatSipMessage(message));
  }

  /** REGISTER, the answer to its challenge, and what comes of that. */
  async register(options: RegisterOptions = {}, expected = 200): Promise<SipResponse> {
    this.send(this.buildRegister(options));
    const challenge = await this.socket.response(401, 'REGISTER');
    const again = this.buildRegister(options);
    again.headers.append('Authorization', this.authorization(challenge, again, options.algorithm));
    this.send(again);
    return this.socket.response(expected, 'REGISTER');
  }

  invite(to: string, sdp = 'v=0\r\n', extra: Readonly<Record<string, string>> = {}): SipRequest {
    const request = this.build(
      'INVITE',
      to,
      to,
      { Contact: `<${this.contactUri};ob>`, 'Content-Type': 'application/sdp', ...extra },
      sdp,
    );
    this.send(request);
    return request;
  }

  /** Answers a request; a dialog-forming one with our Contact. */
  reply(
    request: SipRequest,
    status: number,
    extra: Readonly<Record<string, string>> = {},
    body: Body = '',
  ): SipResponse {
    const response = createResponse(request, status, { toTag: this.instance.slice(-12) });
    if (status < 300) response.headers.append('Contact', `<${this.contactUri};ob>`);
    for (const [name, value] of Object.entries(extra)) response.headers.set(name, value);
    response.body = Buffer.from(body);
    this.send(response);
    return response;
  }

  /** A request in the dialog that `peer` describes. */
  inDialog(
    method: string,
    peer: DialogPeer,
    extra: Readonly<Record<string, string>> = {},
    body: Body = '',
  ): SipRequest {
    const headers: Record<string, string> = {
      'Call-ID': peer.callId,
      From: peer.local,
      To: peer.remote,
      ...(peer.routes.length > 0 && { Route: peer.routes.join(', ') }),
      ...extra,
    };
    const request = this.build(method, peer.remoteTarget, this.aor, headers, body);
    this.send(request);
    return request;
  }
}

/** RFC 3261 §12.1.2: the dialog as the caller sees it, from the 2xx. */
export function callerDialog(response: SipResponse): DialogPeer {
  return {
    routes: response.headers.getList('Record-Route').reverse(),
    remoteTarget: uriOf(response.headers.get('Contact')!),
    callId: response.headers.get('Call-ID')!,
    local: response.headers.get('From')!,
    remote: response.headers.get('To')!,
  };
}

/** RFC 3261 §12.1.1: the dialog as the callee sees it, from the INVITE and its own 2xx. */
export function calleeDialog(request: SipRequest, response: SipResponse): DialogPeer {
  return {
    routes: request.headers.getList('Record-Route'),
    remoteTarget: uriOf(request.headers.get('Contact')!),
    callId: request.headers.get('Call-ID')!,
    local: response.headers.get('To')!,
    remote: request.headers.get('From')!,
  };
}

function uriOf(contact: string): string {
  return /<([^>]*)>/.exec(contact)![1]!;
}
