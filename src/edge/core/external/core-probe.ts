import { NO_BODY, SipHeaders, type SipRequest } from '../../../sip/message.ts';
import { newBranch, newTag } from '../../../sip/token.ts';

/**
 * OPTIONS to the core itself: Max-Forwards 0 has the neighbour answer it, whatever it makes of the Request-URI (RFC 3261 §11.2), if only
 * with 483. `uri`: as the core is configured. `domain`: the home domain, in whose name it is asked.
 */
export function createProbe(uri: string, domain: string): SipRequest {
  const headers = new SipHeaders();
  headers.append('Max-Forwards', '0');
  headers.append('To', `<${uri}>`);
  headers.append('From', `<sip:${domain}>;tag=${newTag()}`);
  headers.append('Call-ID', newBranch());
  headers.append('CSeq', '1 OPTIONS');
  headers.append('Accept', 'application/sdp');
  return { kind: 'request', method: 'OPTIONS', uri, headers, body: NO_BODY };
}
