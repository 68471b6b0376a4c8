import { type SipHeaders, type SipRequest, type SipResponse } from '../../sip/message.ts';
import { type Hop } from '../hop.ts';
import { type Registration } from '../registration/registration.ts';
import { type CalledDevice } from '../registration/registrations.ts';
import { type WebLogin } from '../registration/web-login.ts';

/** The sender of a request that crosses the border. */
export interface RequestOrigin {
  readonly hop: Hop;
  /** The registration of the sender; absent for REGISTER. */
  readonly sender: Registration | undefined;
  /** Whether the request belongs to a dialog that was made through this edge. */
  readonly inDialog: boolean;
  /** Charging identity that the core has given the dialog; absent when the core has given none. */
  readonly icid?: string | undefined;
  /** Whom a web token has proven the client of a REGISTER to be. Absent in other requests, and without a token. */
  readonly webLogin?: WebLogin | undefined;
}

/**
 * What the edge does to header fields where a message crosses between WICs and the core (TS 24.229 §5.2): a client is outside of the trust
 * domain. Every method changes the copy it is given, never what was received.
 */
export interface Border {
  /** A WIC's request on its way in, after its REGISTER has lost TURN-Cred-Req. Our own Route entries are off already. */
  requestFromWic(request: SipRequest, origin: RequestOrigin): void;
  /** A WIC's request about to leave for a core. */
  requestToCore(request: SipRequest, from: Hop, core: Hop): void;
  /** A request about to leave for a WIC, `from` another hop. */
  requestToWic(headers: SipHeaders, hop: Hop, from: Hop): void;
  /** A response of a WIC, which was reached as `target`. `request`: what it answers, as it was sent to the WIC; `received`: the same as it came to the edge. */
  responseFromWic(response: SipResponse, request: SipRequest, target: CalledDevice, received: SipRequest): void;
  /** A response about to leave for a WIC, `from` another hop. `request`: what it answers, as it came from the WIC. */
  responseToWic(response: SipResponse, request: SipRequest, hop: Hop, from: Hop): void;
}
