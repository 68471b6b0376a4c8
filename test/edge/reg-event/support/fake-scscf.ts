import { createResponse } from '../../../../src/sip/create-response.ts';
import { NO_BODY, SipHeaders, type SipRequest, type SipResponse } from '../../../../src/sip/message.ts';
import { parseNameAddr } from '../../../../src/sip/name-addr.ts';
import { newBranch, newTag } from '../../../../src/sip/token.ts';
import { parseSipUri } from '../../../../src/sip/uri.ts';
import { type Reginfo, type ReginfoContact } from '../../../../src/edge/reg-event/reginfo.ts';
import { type Got, LoopbackCore } from '../../core/external/loopback-core.ts';
import { type Wic } from '../../support/wic.ts';
import { formatReginfo } from './format-reginfo.ts';

/** What a NOTIFY may have in another form than it should. */
export interface NotifyOptions {
  readonly subscriptionState?: string;
  readonly contentType?: string;
  readonly event?: string;
  readonly callId?: string;
  readonly fromTag?: string;
  readonly cseq?: number;
  /** Where it is sent, if not to where this subscriber has been. */
  readonly target?: Subscriber;
  /** By whom it is sent, if not by the S-CSCF itself. */
  readonly by?: LoopbackCore;
}

export interface GrantOptions {
  readonly expires?: number;
  /** Default: the address-of-record alone. */
  readonly identities?: readonly string[];
  /** Further fields of the REGISTER. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** An S-CSCF that grants what it is told to, and notifies of registrations (RFC 3680), over UDP or TCP of loopback. */
export class FakeScscf implements AsyncDisposable {
  readonly core: LoopbackCore;
  readonly transport: 'udp' | 'tcp';

  constructor(address: string, transport: 'udp' | 'tcp') {
    this.core = new LoopbackCore(address);
    this.transport = transport;
  }

  static async start(address: string, transport: 'udp' | 'tcp'): Promise<FakeScscf> {
    const scscf = new FakeScscf(address, transport);
    await scscf.core.start();
    return scscf;
  }

  get uri(): string {
    return `sip:${this.core.address}:${this.core.port};transport=${this.transport}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.core.kill();
  }

  /** The client registers, and gets a 200 with the identities that it may speak as. Resolves to the REGISTER that came. */
  async register(wic: Wic, options: GrantOptions = {}): Promise<SipRequest> {
    return (await this.admit(wic, options)).request;
  }

  /** The same; resolves to the answer, too, as the client got it. */
  async admit(
    wic: Wic,
    { expires = 600, identities = [wic.aor], headers = {} }: GrantOptions = {},
  ): Promise<{ request: SipRequest; answer: SipResponse }> {
    wic.send(wic.buildRegister({ expires, headers }));
    const { message, answer } = await this.core.request('REGISTER');
    const response = createResponse(message, 200);
    if (expires > 0) response.headers.append('Contact', message.headers.get('Contact')!);
    for (const path of message.headers.getAll('Path')) response.headers.append('Path', path);
    response.headers.append('P-Associated-URI', identities.map((uri) => `<${uri}>`).join(', '));
    answer(response);
    return { request: message, answer: await wic.socket.response(200, 'REGISTER') };
  }

  /** The SUBSCRIBE that comes next, not answered yet. */
  async subscribe(): Promise<Subscriber> {
    return new Subscriber(this, await this.core.request('SUBSCRIBE'));
  }

  /** The same, granted. */
  async grant(): Promise<Subscriber> {
    const subscriber = await this.subscribe();
    subscriber.grant();
    return subscriber;
  }
}

/** An edge that has subscribed, as its S-CSCF sees it. */
export class Subscriber {
  readonly request: SipRequest;
  readonly tag: string;
  readonly #scscf: FakeScscf;
  readonly #answer: Got['answer'];
  #sequence = 0;

  constructor(scscf: FakeScscf, { message, answer }: Got<SipRequest>) {
    this.request = message;
    this.#scscf = scscf;
    this.#answer = answer;
    const to = parseNameAddr(message.headers.get('To')!);
    this.tag = (to.ok ? to.value.params.get('tag') : undefined) ?? newTag();
  }

  grant(expiresSec = 3600): void {
    this.respond(200, { Expires: String(expiresSec), Contact: `<${this.#scscf.uri}>` });
  }

  respond(status: number, headers: Readonly<Record<string, string>> = {}): void {
    const response = createResponse(this.request, status, { toTag: this.tag });
    for (const [name, value] of Object.entries(headers)) response.headers.set(name, value);
    this.#answer(response);
  }

  /** Sends a document, or any other body, and resolves to the answer. */
  async notify(body: Reginfo | string, options: NotifyOptions = {}): Promise<SipResponse> {
    const { core, transport, uri } = this.#scscf;
    const { by = core } = options;
    const { headers } = this.request;
    const target = uriIn((options.target?.request.headers ?? headers).get('Contact')!);
    const notify = new SipHeaders();
    this.#sequence = options.cseq ?? this.#sequence + 1;
    notify.append('Via', `SIP/2.0/${transport.toUpperCase()} ${by.address}:${by.port};branch=${newBranch()};rport`);
    notify.append('Max-Forwards', '70');
    notify.append('From', `<${uriIn(headers.get('To')!)}>;tag=${options.fromTag ?? this.tag}`);
    notify.append('To', headers.get('From')!);
    notify.append('Call-ID', options.callId ?? headers.get('Call-ID')!);
    notify.append('CSeq', `${this.#sequence} NOTIFY`);
    notify.append('Contact', `<${uri}>`);
    notify.append('Event', options.event ?? 'reg');
    notify.append('Subscription-State', options.subscriptionState ?? 'active;expires=3600');
    const text = typeof body === 'string' ? body : formatReginfo(body);
    if (text !== '') notify.append('Content-Type', options.contentType ?? 'application/reginfo+xml');
    const parsed = parseSipUri(target);
    if (!parsed.ok) throw new Error(`no Contact to notify: ${target}`);
    const { host, port = 5060 } = parsed.value;
    const bytes = text === '' ? NO_BODY : Buffer.from(text);
    await by.send(
      transport,
      { host, port },
      { kind: 'request', method: 'NOTIFY', uri: target, headers: notify, body: bytes },
    );
    const branch = notify.get('Via');
    return by.responseTo(
      'NOTIFY',
      (response) => response.headers.get('Via')?.startsWith(branch!.slice(0, branch!.indexOf(';rport'))) === true,
    );
  }
}

/** A device as a document has it. */
export function contactOf(wic: Wic, request: SipRequest, more: Partial<ReginfoContact> = {}): ReginfoContact {
  return {
    uri: wic.contactUri,
    state: 'active',
    event: 'registered',
    callId: request.headers.get('Call-ID')!,
    cseq: Number.parseInt(request.headers.get('CSeq')!, 10),
    instanceId: wic.instance,
    regId: 1,
    ...more,
  };
}

/** A whole document about one user. */
export function documentOf(
  wic: Wic,
  contacts: readonly ReginfoContact[],
  {
    version = 0,
    isFull = true,
    state = 'active',
  }: { version?: number; isFull?: boolean; state?: 'active' | 'terminated' } = {},
): Reginfo {
  return { version, isFull, registrations: [{ aor: wic.aor, state, contacts }] };
}

function uriIn(value: string): string {
  const nameAddr = parseNameAddr(value);
  return nameAddr.ok ? nameAddr.value.uri : '';
}
