import { type ResponseOptions } from '../../sip/create-response.ts';
import { type SipRequest, type SipResponse } from '../../sip/message.ts';
import { type RequestEssentials } from '../../sip/validate-request.ts';
import { type Hop } from '../hop.ts';
import { type WebLogin } from '../registration/web-login.ts';

/** Where a request goes on, and the Request-URI it goes with. */
export interface CoreTarget {
  readonly hop: Hop;
  readonly uri: string;
  /** The device it was chosen as. Absent where nobody knows which of those on the hop is meant but by the Request-URI. */
  readonly device?: TargetDevice;
  /** The hop to the same destination that is open now, where a CANCEL may go that follows later. */
  readonly currentHop?: Hop;
  /** Where else the same request may go, one after the other, when this hop cannot be reached, does not answer, or answers 503 (RFC 3263 §4.3). */
  readonly alternatives?: readonly CoreTarget[];
  /** Route of the copy in the place of the request's, for a strict router (RFC 3261 §16.6 step 6). */
  readonly routes?: readonly string[];
  /** It and its alternatives are all there is of the core: who gets a 503 of the last one can be served by nobody (RFC 3261 §16.7 step 6). */
  readonly isAll?: boolean;
  /** What the sender hears when neither it nor an alternative can be reached; only of a core outside this process. */
  readonly unreachable?: Unreachable;
  /** Wants to know how requests fare there; only of a core outside this process. */
  readonly watch?: TargetWatch;
}

export interface TargetDevice {
  /** Registration of the device; `undefined` once it is no longer registered. */
  readonly registrationId: string | undefined;
}

export type Unreachable = (request: SipRequest, options: ResponseOptions) => SipResponse;

/** Who chose a target and learns from what becomes of requests there. */
export interface TargetWatch {
  /** A request is on its way. `lose` gives it up, when it has become known that no answer will come. */
  sent(lose: Lose): RequestWatch;
}

/** `unheard`: what has been answered provisionally is not given up. */
export type Lose = (which: 'unheard' | 'all') => void;

export interface RequestWatch {
  /** Not a word so far, though the request was repeated as often as a loss or two explain. */
  silent(): void;
  /** A response has come. */
  answered(status: number): void;
  /** The last call. `unreachable`: its hop closed before there was an answer. */
  ended(how: 'answered' | 'timeout' | 'unreachable' | 'cancelled'): void;
}

/** Where a request comes from, and what is proven of it. */
export interface CoreRequestOrigin {
  readonly hop: Hop;
  /** Whether a flow token of this edge proves that the request belongs to a dialog made through it. A To tag is anybody's to write. */
  readonly inDialog: boolean;
  /** Whether it is a request of the edge itself, in whose Route set no client has a word. */
  readonly isOwn?: boolean | undefined;
  /** The service URN of an emergency call, which is to reach an E-CSCF, whatever its Request-URI and its Route say. */
  readonly emergency?: string | undefined;
  /** The `Registration.edgeUri` of the sender. */
  readonly edgeUri?: string | undefined;
  /** Whom a web token has proven the client of a REGISTER to be, so that no other proof is needed. Absent in other requests, and without a token. */
  readonly webLogin?: WebLogin | undefined;
}

/** How a core lets the edge know what comes of a request. Calls may come at once or later; after the end they are ignored. */
export interface CoreOutcome {
  /** The core answers itself: any number of provisional responses, one final. */
  respond(response: SipResponse): void;
  /** The request goes on to these, in parallel (RFC 3261 §16.6). At least one. */
  forward(targets: readonly CoreTarget[]): void;
}

/**
 * The I/S-CSCF as the edge sees it: requests of WICs go in, answers or next hops come out. The embedded core answers REGISTER itself and
 * names bindings; a connection to a real core names itself as the next hop, and its requests reach the proxy like those of any hop.
 */
export interface ImsCore {
  /**
   * Whether WICs of this edge may be joined within a dialog without asking the core again. One that counts, charges for or follows dialogs
   * has a word in each of their requests.
   */
  readonly joinsWics: boolean;
  /** Whether it finds users by URIs of whatever scheme, such as `tel:` and `urn:` (TS 24.229 §5.1.2A.1.2); one that does not knows SIP alone. */
  readonly takesAnyScheme?: boolean;
  /** Whether it tells a `CoreObserver` what it thinks of each password; of any other core, the answers to REGISTER tell. */
  readonly reportsAuthentication: boolean;
  /** Whether it tells a `CoreObserver` of each binding that it ends by itself; of any other core, a refused REGISTER tells. */
  readonly reportsRemovals: boolean;
  /** The request holds no TURN-Cred-Req any more. The core must not change it. */
  handle(request: SipRequest, essentials: RequestEssentials, origin: CoreRequestOrigin, outcome: CoreOutcome): void;
  /** The flow is gone and with it every binding that was made over it (RFC 5626 §6). */
  flowClosed(hop: Hop): void;
}
