import { type Clock } from '../../base/clock.ts';
import { type OwnMap, type OwnText } from '../../base/own-text.ts';
import { type TimerHandle, type TimerQueue } from '../../base/timer-queue.ts';
import { formatCSeq } from '../../sip/cseq.ts';
import { NO_BODY, SipHeaders, type SipRequest, type SipResponse } from '../../sip/message.ts';
import { formatNameAddr } from '../../sip/name-addr.ts';
import { quote } from '../../sip/params.ts';
import { newTag } from '../../sip/token.ts';
import { type UnregisteredCause } from '../edge-words.ts';
import { type DigestLogin } from './passed-challenges.ts';
import { type Registration } from './registration.ts';
import { type RegistrationObserver } from './registrations.ts';
import { trustedNodeCredentials, type TrustedNodeOptions } from './trusted-node.ts';
import { type WebLogin } from './web-login.ts';

/** What is needed to de-register a device whose connection is gone, and nothing that leads to that connection. */
export interface LostRegistration extends Pick<
  Registration,
  'registrationId' | 'address' | 'contactUri' | 'instanceId' | 'regId' | 'outbound' | 'callId' | 'cseq'
> {
  /** Whom the client has proven to be by digest; absent when it has not, or when its connection was not protected. */
  readonly login: DigestLogin<OwnText> | undefined;
  readonly webLogin: WebLogin | undefined;
  readonly flowId: string;
}

export interface DeregistrationsContext {
  /** How long a client may be away; `undefined`: until its time is over. */
  readonly afterSec: (registration: Registration) => number | undefined;
  readonly clock: Clock;
  readonly timers: TimerQueue;
  /** Sends the request to the core. `onGone` is called when the core no longer has the registration. */
  readonly send: (lost: LostRegistration, onGone: () => void) => void;
  /** The core no longer has the registration. */
  readonly ended: (registrationId: string) => void;
}

/**
 * Characters of such a record; those of real clients have half of it. A client that writes more is not de-registered: the core learns by 430
 * that it is gone, or when the time is over.
 */
const MAX_CHARACTERS = 640;

/** A final answer after which nothing is registered, whether by this request or before it. */
const GONE = new Set([403, 404, 410]);

/** Ends by which this edge, and not the client or the core, says that nothing is registered any more. */
const OWN_ENDS: ReadonlySet<UnregisteredCause> = new Set(['token-expired', 'operator']);

export function saysGone({ status }: SipResponse): boolean {
  return (status >= 200 && status <= 299) || GONE.has(status);
}

interface Waiting {
  readonly lost: LostRegistration;
  readonly timer: TimerHandle;
}

/**
 * De-registers clients that have lost their connection and do not come back, such as pages that were loaded anew under another Contact, so
 * that no call waits for a device that is not there. There are never more of them than `Registrations` remembers.
 */
export class Deregistrations implements RegistrationObserver {
  readonly #context: DeregistrationsContext;
  readonly #waiting: OwnMap<Waiting> = new Map<string, Waiting>();
  #stopped = false;

  constructor(context: DeregistrationsContext) {
    this.#context = context;
  }

  get size(): number {
    return this.#waiting.size;
  }

  /** Stops waiting for lost clients. From here on they are sent to other edges, and this edge does not see whether they arrive. */
  stop(): void {
    this.#stopped = true;
    for (const registrationId of [...this.#waiting.keys()]) this.#settle(registrationId);
  }

  /** The client is back: nothing is de-registered. */
  registered({ registrationId }: Registration): void {
    this.#settle(registrationId);
  }

  unregistered(registration: Registration, cause: UnregisteredCause): void {
    if (this.#stopped) return;
    if (cause === 'flow-closed') this.#lose(registration);
    else if (OWN_ENDS.has(cause)) this.#deregister(recordOf(registration));
  }

  /** The client of this registration will not come back: it is de-registered now, if it is waited for. */
  hasten(registrationId: string): void {
    const waiting = this.#waiting.get(registrationId);
    if (!waiting) return;
    this.#settle(registrationId);
    this.#deregister(waiting.lost);
  }

  /** The registration has ended in another way: nothing is de-registered. */
  released(registrationId: string): void {
    this.#settle(registrationId);
  }

  /** Begins to wait for a lost client, unless its registration runs out sooner by itself. */
  #lose(registration: Registration): void {
    const { clock, timers } = this.#context;
    const { registrationId, expiresAtMs } = registration;
    this.#settle(registrationId);
    const afterSec = this.#context.afterSec(registration);
    if (afterSec === undefined) return;
    const dueMs = clock.now().monotonicMs + afterSec * 1000;
    const lost = recordOf(registration);
    if (dueMs >= expiresAtMs || charactersOf(lost) > MAX_CHARACTERS) return;
    const timer = timers.schedule(dueMs, () => {
      this.#waiting.delete(registrationId);
      this.#deregister(lost);
    });
    this.#waiting.set(registrationId, { lost, timer });
  }

  #settle(registrationId: string): void {
    const waiting = this.#waiting.get(registrationId);
    if (waiting) this.#context.timers.cancel(waiting.timer);
    this.#waiting.delete(registrationId);
  }

  #deregister(lost: LostRegistration): void {
    this.#context.send(lost, () => {
      this.#context.ended(lost.registrationId);
    });
  }
}

function recordOf(registration: Registration): LostRegistration {
  const { registrationId, address, contactUri, instanceId, regId, outbound, callId, cseq, login, webLogin, hop } =
    registration;
  const proven = hop.secure ? login : undefined;
  return {
    registrationId,
    address,
    contactUri,
    instanceId,
    regId,
    outbound,
    callId,
    cseq,
    login: proven,
    webLogin,
    flowId: hop.id,
  };
}

function charactersOf({ address, contactUri, instanceId, callId, login, webLogin }: LostRegistration): number {
  const texts = [address, contactUri, instanceId, callId, login?.username, login?.realm, webLogin?.impi];
  return texts.reduce((sum, text) => sum + (text?.length ?? 0), 0);
}

/**
 * REGISTER with Expires 0 for one Contact, in the client's place, without Via and Path. Of the Contact it has what bindings are told apart by (RFC 3261
 * §10.3, RFC 5626 §6). It goes on counting where the client stopped: if the client has registered anew meanwhile, here or over another edge, its CSeq is as high, and the registrar refuses this one as out of order (RFC 3261 §10.3).
 * The core is told whose it is and that it needs no proof (`tls-yes`), if the client has proven itself over a connection that was protected; one that asks
 * for a proof all the same gets none, and hears 430 at its next request. No text has a P-CSCF do this for a user of SIP digest: theirs are the 430 of
 * RFC 5626 and the end of the time granted. `tls-yes` is what TS 24.229 §5.4.1.2.2B has a core take without another challenge. A client that has signed in by a web token
 * is another matter: the edge is the trusted node that has authenticated it, and registers in its place as a rule (`auth-done`, TS 33.203 U.1).
 */
export function createDeregistration(lost: LostRegistration, trustedNode: TrustedNodeOptions): SipRequest {
  const { address, contactUri, instanceId, regId, login, webLogin, outbound, callId, cseq } = lost;
  const uri = `sip:${trustedNode.domain}`;
  const headers = new SipHeaders();
  headers.append('Max-Forwards', '70');
  headers.append('From', `<${address}>;tag=${newTag()}`);
  headers.append('To', `<${address}>`);
  headers.append('Call-ID', callId);
  headers.append('CSeq', formatCSeq({ sequence: cseq + 1, method: 'REGISTER' }));
  const params = new Map<string, string>();
  if (instanceId !== undefined) params.set('+sip.instance', `<${instanceId}>`);
  if (regId !== undefined) params.set('reg-id', String(regId));
  headers.append('Contact', formatNameAddr({ uri: contactUri, params: params.set('expires', '0') }));
  headers.append('Expires', '0');
  headers.append('Supported', outbound ? 'path, outbound' : 'path');
  if (webLogin) headers.append('Authorization', trustedNodeCredentials(webLogin, trustedNode));
  else if (login) {
    const { username, realm } = login;
    const names = `username=${quote(username)}, realm=${quote(realm)}, uri=${quote(uri)}`;
    headers.append('Authorization', `Digest ${names}, nonce="", response="", integrity-protected="tls-yes"`);
  }
  return { kind: 'request', method: 'REGISTER', uri, headers, body: NO_BODY };
}
