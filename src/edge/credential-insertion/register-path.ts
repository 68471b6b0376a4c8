import { type Outcome } from '../../base/outcome.ts';
import { type TypedEvents } from '../../base/typed-events.ts';
import { expiresSecOf } from '../../sip/contact.ts';
import { createResponse } from '../../sip/create-response.ts';
import { type SipHeaders, type SipRequest, type SipResponse } from '../../sip/message.ts';
import { parseCredentialRequest, stripCredentialHeaders } from '../../sip/turn-credential.ts';
import { type EdgeEvents } from '../edge-events.ts';
import { forbidden } from '../forbidden.ts';
import { type HomeDomain } from '../home-domain.ts';
import { type Hop } from '../hop.ts';
import { triesProof } from '../registration/passed-challenges.ts';
import { keysAsked, readContacts } from '../registration/register-answer.ts';
import { bindingKey, registrationIdOf, supportsOutbound } from '../registration/registration-id.ts';
import { type RejectedUsers } from '../registration/rejected-users.ts';
import { type Registrations } from '../registration/registrations.ts';
import { type WebLogin } from '../registration/web-login.ts';
import { type CredentialInsertion, type Insertion } from './credential-insertion.ts';

/**
 * Answers by which a core outside says of a user's own REGISTER that there is no such user any more. A 403 says as much, by which operators bar users, where
 * nothing but the user can be what it is about. All others leave what stands to its end (RFC 3261 §10.2.8, §10.3), and so does every refusal of a
 * REGISTER for somebody else.
 */
const GONE = new Set([404, 410]);
const BARRED = 403;

export interface RegisterPathContext {
  readonly home: HomeDomain;
  readonly registrations: Registrations;
  /** Whom the core has rejected of its own accord, and does not need to be asked about for a while. */
  readonly rejected?: RejectedUsers | undefined;
  readonly insertion: CredentialInsertion;
  /** Whether the core tells by itself which registrations it ends, so that a refused REGISTER has changed nothing (RFC 3261 §10.3). */
  readonly removalsAreReported: boolean;
  readonly events: TypedEvents<EdgeEvents>;
  /** Contacts of one REGISTER, and registrations of one flow. */
  readonly maxContacts: number;
}

/** The edge's part in a REGISTER: steps 3 and 7 to 8 of figure 6.3.3-1. */
export class RegisterPath {
  readonly #context: RegisterPathContext;

  constructor(context: RegisterPathContext) {
    this.#context = context;
  }

  /**
   * Why a client's REGISTER goes to no core: each Contact costs the edge and the core work at every refresh. A flow that is full still may refresh
   * and end what it has; a Contact that cannot be read is for the registrar to refuse.
   */
  refusal(request: SipRequest, hop: Hop): SipResponse | undefined {
    if (hop.kind !== 'wic') return undefined;
    const { events, maxContacts, rejected, home } = this.#context;
    if (rejected?.isFrom(request, () => request.headers.derive(home.aorInTo)))
      return forbidden(request, 'rejected-by-core');
    const count = request.headers.derive(countContacts);
    if (count > maxContacts) {
      events.emit('limited', { flowId: hop.id, cause: 'contacts-per-flow' });
      return createResponse(request, 400, { reason: `Bad Request (more than ${maxContacts} contacts)` });
    }
    if (this.#hasRoom(request, count, hop)) return undefined;
    events.emit('limited', { flowId: hop.id, cause: 'contacts-per-flow' });
    const reason = 'Temporarily Unavailable (too many contacts on this connection)';
    return createResponse(request, 480, { reason });
  }

  /**
   * Takes TURN-Cred-Req off `request`, the copy for the core. Returns what is to be done to each response before the WIC gets it: a 2xx
   * records the registration and, if it was asked for and the registration stands, carries a credential. It leaves once that is there. Nothing
   * here fails a REGISTER. `webLogin`: whom a web token has proven the client to be.
   */
  prepare(request: SipRequest, hop: Hop, webLogin?: WebLogin): (response: SipResponse) => Outcome<Insertion> {
    const { home, registrations, insertion, removalsAreReported } = this.#context;
    const ask = parseCredentialRequest(request.headers);
    stripCredentialHeaders(request.headers);
    const aor = request.headers.derive(home.aorInTo);
    const mayEnd = !removalsAreReported && request.headers.derive(home.aorInFrom) === aor;
    return (response) => {
      stripCredentialHeaders(response.headers);
      if (aor === undefined) return insertion.insertNothing(hop);
      if (mayEnd && this.#saysGone(response.status, request, aor, hop)) registrations.applyRejection(request, aor, hop);
      if (response.status < 200 || response.status > 299) return insertion.insertNothing(hop);
      const [registration] = registrations.applySuccess(request, response, aor, hop, webLogin);
      if (!ask || !registration) return insertion.insertNothing(hop);
      return insertion.insert({ response, ask, registration, via: 'REGISTER' });
    };
  }

  /** A 403 may be for a wrong proof, and for a device too many. */
  #saysGone(status: number, request: SipRequest, aor: string, hop: Hop): boolean {
    if (status !== BARRED) return GONE.has(status);
    const { registrations } = this.#context;
    if (triesProof(request)) return false;
    return keysAsked(request).every((key) => registrations.isOn(hop, registrationIdOf(aor, key)));
  }

  #hasRoom(request: SipRequest, asked: number, hop: Hop): boolean {
    const { home, registrations, maxContacts } = this.#context;
    const standing = registrations.count(hop);
    // The ordinary case, in which nothing needs to be read or hashed.
    if (standing + asked <= maxContacts) return true;
    const aor = request.headers.derive(home.aorInTo);
    const contacts = readContacts(request);
    if (aor === undefined || contacts === '*') return true;
    const wishedSec = expiresSecOf(request.headers);
    const outbound = supportsOutbound(request);
    const added = contacts.filter(
      (contact) =>
        (contact.expiresSec ?? wishedSec) !== 0 &&
        !registrations.isOn(hop, registrationIdOf(aor, bindingKey(contact, outbound))),
    );
    return added.length === 0 || standing + added.length <= maxContacts;
  }
}

function countContacts(headers: SipHeaders): number {
  return headers.getList('Contact').length;
}
