import { createResponse } from '../../sip/create-response.ts';
import { type SipMessage, type SipRequest, type SipResponse } from '../../sip/message.ts';
import { type NameAddr, parseNameAddr } from '../../sip/name-addr.ts';
import { serverTransactionKey } from '../../sip/transaction/transaction-key.ts';
import { parseSipUri, unescapeText } from '../../sip/uri.ts';
import { type RequestEssentials, validateRequest } from '../../sip/validate-request.ts';
import { type ApplicationServer } from './application-server.ts';
import { createEchoMessage } from './echo-message.ts';
import { PeerCall } from './peer-call.ts';
import { PEER_ALLOW, PEER_METHODS } from './peer-dialog.ts';
import { type PeerCallEnd, type PeerCallEnded, type PeerCallFacts } from './peer-events.ts';
import { type PeerMediaSource } from './peer-media.ts';
import { peerPlan, type PeerPlan } from './peer-plan.ts';
import { refuseDemands } from './request-demands.ts';

/** Calls at once; the next is answered with 503. */
const MAX_CALLS = 100;
const RETRY_AFTER_SEC = 5;

export interface LabPeersOptions {
  /** SIP home domain. */
  readonly domain: string;
  readonly media: PeerMediaSource;
  readonly started: (facts: PeerCallFacts) => void;
  readonly ended: (facts: PeerCallEnded) => void;
}

interface Received {
  readonly request: SipRequest;
  readonly essentials: RequestEssentials;
  /** From `serverTransactionKey`; a CANCEL has that of its INVITE. */
  readonly inviteKey: string;
}

/** Peers that a test can call when it has no second client: `echo`, `busy`, `decline`, `noanswer`, `later`. A program in the core, by its own UAS. */
export class LabPeers implements ApplicationServer {
  readonly #options: LabPeersOptions;
  /** By the tag of the peer's side. */
  readonly #calls = new Map<string, PeerCall>();
  #send: (message: SipMessage) => void = () => undefined;

  constructor(options: LabPeersOptions) {
    this.#options = options;
  }

  serves(user: string): boolean {
    return peerPlan(user) !== undefined;
  }

  connect(send: (message: SipMessage) => void): void {
    this.#send = send;
  }

  receive(message: SipMessage): void {
    if (message.kind === 'response') {
      this.#receiveResponse(message);
      return;
    }
    const validated = validateRequest(message);
    // The edge has checked it, and would answer in our place.
    if (!validated.ok) return;
    const essentials = validated.value;
    const inviteKey = serverTransactionKey('INVITE', essentials.via) ?? '';
    this.#receiveRequest({ request: message, essentials, inviteKey });
  }

  close(): void {
    for (const call of [...this.#calls.values()]) call.close();
    this.#options.media.close();
    this.#send = () => undefined;
  }

  #receiveRequest(received: Received): void {
    const { request, essentials, inviteKey } = received;
    const tag = essentials.to.params.get('tag');
    if (request.method === 'CANCEL') {
      const isFound = [...this.#calls.values()].some((call) => call.cancel(inviteKey));
      this.#answer(request, isFound ? 200 : 481);
    } else if (tag !== undefined) {
      this.#receiveInDialog(received, tag);
    } else if (request.method !== 'ACK') {
      this.#receiveOutside(received);
    }
  }

  #receiveInDialog({ request, essentials }: Received, tag: string): void {
    const call = this.#calls.get(tag);
    if (call?.dialog.holds(essentials)) {
      const refusal = request.method === 'ACK' ? undefined : refuseDemands(request);
      if (refusal) this.#send(refusal);
      else call.receive(request, essentials);
    } else if (request.method !== 'ACK') {
      this.#answer(request, 481);
    }
  }

  #receiveOutside({ request, essentials, inviteKey }: Received): void {
    const uri = parseSipUri(request.uri);
    const peer = uri.ok ? unescapeText(uri.value.user ?? '') : '';
    const plan = peerPlan(peer);
    const refusal = refuseDemands(request);
    if (!plan) this.#answer(request, 404);
    else if (refusal) this.#send(refusal);
    else if (request.method === 'INVITE') this.#invite({ request, essentials, inviteKey }, peer, plan);
    else if (request.method === 'MESSAGE') this.#receiveMessage(request, essentials, peer, plan);
    else if (request.method === 'OPTIONS') this.#answerOptions(request);
    else if (PEER_METHODS.has(request.method)) this.#answer(request, 481);
    else this.#send(withHeader(createResponse(request, 405), 'Allow', PEER_ALLOW));
  }

  #invite({ request, essentials, inviteKey }: Received, peer: string, plan: PeerPlan): void {
    const facts: PeerCallFacts = {
      peer,
      from: essentials.from.uri,
      user: this.#labUser(essentials.from),
      callId: essentials.callId,
    };
    this.#options.started(facts);
    const ended = (cause: PeerCallEnd, status?: number): void => {
      this.#options.ended({ ...facts, cause, status });
    };
    const status = this.#refusalOf(request, plan);
    if (status !== undefined) {
      const response = createResponse(request, status);
      if (status === 503) response.headers.append('Retry-After', String(RETRY_AFTER_SEC));
      this.#send(response);
      ended('refused', status);
      return;
    }
    if (plan.kind === 'refuse') return;
    const call: PeerCall = new PeerCall({
      invite: request,
      inviteKey,
      essentials,
      contact: `sip:${encodeURIComponent(peer)}@${this.#options.domain};transport=ws`,
      plan,
      media: this.#options.media,
      send: this.#send,
      ended: (cause, finalStatus) => {
        this.#calls.delete(call.dialog.localTag);
        ended(cause, finalStatus);
      },
    });
    this.#calls.set(call.dialog.localTag, call);
    call.start();
  }

  #refusalOf(request: SipRequest, plan: PeerPlan): number | undefined {
    if (plan.kind === 'refuse') return plan.status;
    if (this.#calls.size >= MAX_CALLS) return 503;
    // Without an offer there is nothing to send back.
    return request.body.length === 0 ? 488 : undefined;
  }

  #receiveMessage(request: SipRequest, essentials: RequestEssentials, peer: string, plan: PeerPlan): void {
    this.#answer(request, plan.kind === 'refuse' ? plan.status : 200);
    const user = this.#labUser(essentials.from);
    if (peer === 'echo' && user !== undefined && !this.serves(user)) this.#send(createEchoMessage(request, essentials));
  }

  #answerOptions(request: SipRequest): void {
    const response = withHeader(createResponse(request, 200), 'Allow', PEER_ALLOW);
    this.#send(withHeader(withHeader(response, 'Accept', 'application/sdp'), 'Supported', 'timer'));
  }

  #receiveResponse(response: SipResponse): void {
    const from = parseNameAddr(response.headers.get('From') ?? '');
    const call = this.#calls.get((from.ok ? from.value.params.get('tag') : undefined) ?? '');
    call?.receiveResponse(response);
  }

  #answer(request: SipRequest, status: number): void {
    this.#send(createResponse(request, status));
  }

  #labUser({ uri }: NameAddr): string | undefined {
    const parsed = parseSipUri(uri);
    if (!parsed.ok || parsed.value.host !== this.#options.domain || parsed.value.user === undefined) return undefined;
    return unescapeText(parsed.value.user);
  }
}

function withHeader(response: SipResponse, name: string, value: string): SipResponse {
  response.headers.append(name, value);
  return response;
}
