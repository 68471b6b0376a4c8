import { headerKey } from '../../sip/header-names.ts';
import { NO_BODY, SipHeaders, type SipRequest } from '../../sip/message.ts';

/** By which a later 2xx finds its way back, crosses the border as the first one did, and is known to be of the call. */
const KEPT: ReadonlySet<string> = new Set(
  [
    ...['Via', 'From', 'To', 'Call-ID', 'CSeq'],
    ...['Record-Route', 'Route', 'P-Called-Party-ID', 'P-Charging-Vector'],
  ].map(headerKey),
);

/**
 * What is kept of a request that has had a final answer. An INVITE that was accepted stays for 32 s, since each fork may answer it, and each answer may
 * come again (RFC 6026); its body and most of its fields have served their purpose.
 */
export function outlineOf({ method, uri, headers: all }: SipRequest): SipRequest {
  const headers = new SipHeaders();
  for (const field of all.fields) if (KEPT.has(field.key)) headers.appendField(field);
  return { kind: 'request', method, uri, headers, body: NO_BODY };
}
