import { type SipHeaders, type SipRequest, type SipResponse } from '../../sip/message.ts';
import { dropAssertion } from './asserted-identity.ts';
import { type Border } from './border.ts';

/** Of a core inside this process, which asserts nothing: RFC 3325 §5 alone. */
export class LocalBorder implements Border {
  /** A client asserts no identity, and the one it prefers to have asserted is meant for this proxy only. */
  requestFromWic({ headers }: SipRequest): void {
    dropAssertion(headers);
  }

  requestToCore(_request: SipRequest): void {
    // An application server of this process is told no more than a WIC would be.
  }

  requestToWic(_headers: SipHeaders): void {
    // Nothing that this core adds.
  }

  responseFromWic({ headers }: SipResponse): void {
    headers.remove('P-Asserted-Identity');
  }

  responseToWic(_response: SipResponse): void {
    // As above.
  }
}
