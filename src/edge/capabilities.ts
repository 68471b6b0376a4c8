import { type SipResponse } from '../sip/message.ts';

/** What the edge itself can do, in its 200 to OPTIONS (RFC 3261 §11.2). `allow`: the methods that pass from where it was asked. */
export function addCapabilities({ headers }: SipResponse, allow: string): void {
  headers.append('Allow', allow);
  headers.append('Accept', 'application/sdp');
  headers.append('Supported', 'path, outbound');
}
