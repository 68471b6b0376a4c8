import { type SipHeaders, type SipRequest, type SipResponse } from '../../sip/message.ts';
import { dropAssertion } from './asserted-identity.ts';
import { type Border } from './border.ts';
import { cleanAnswerForClient, cleanForClient, cleanRequest, cleanResponse } from './client-messages.ts';

/** The border towards the core inside this process, which asserts no identity: what no client may assert reaches neither that core nor another client. */
export class LocalBorder implements Border {
  /** A client asserts no identity, and the one it prefers to have asserted is meant for this proxy only (RFC 3325 §5). */
  requestFromWic(request: SipRequest): void {
    cleanRequest(request);
    dropAssertion(request.headers);
  }

  requestToCore(_request: SipRequest): void {
    // An application server of this process is told no more than a WIC would be.
  }

  requestToWic(headers: SipHeaders): void {
    cleanForClient(headers);
  }

  responseFromWic(response: SipResponse, request: SipRequest): void {
    cleanResponse(response, request);
    dropAssertion(response.headers);
  }

  responseToWic(response: SipResponse, request: SipRequest): void {
    cleanAnswerForClient(response, request);
  }
}
