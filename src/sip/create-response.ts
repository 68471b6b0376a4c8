import { HeaderField } from './header-field.ts';
import { isInDialog } from './in-dialog.ts';
import { NO_BODY, SipHeaders, type SipRequest, type SipResponse } from './message.ts';
import { parseNameAddr } from './name-addr.ts';
import { reasonPhrase } from './status.ts';
import { newTag } from './token.ts';

export interface ResponseOptions {
  /** Default: the usual phrase of the status. */
  readonly reason?: string;
  /** Tag for a To that has none. Default: a fresh random one; give the same for every response of one transaction. */
  readonly toTag?: string;
}

/** Methods whose 2xx or provisional responses create a dialog (RFC 3261 §12.1.1, RFC 6665 §4.4.1). */
const DIALOG_METHODS = new Set(['INVITE', 'SUBSCRIBE', 'REFER', 'NOTIFY']);

/**
 * A response with what RFC 3261 §8.2.6 copies from the request: every Via in order, From, To (with a tag unless it is a 100), Call-ID,
 * CSeq; the Timestamp of a 100; Record-Route where a dialog may come of it.
 */
export function createResponse(request: SipRequest, status: number, options: ResponseOptions = {}): SipResponse {
  const headers = new SipHeaders();
  headers.appendFrom(request.headers, 'Via');
  if (status > 100 && status < 300 && DIALOG_METHODS.has(request.method)) {
    headers.appendFrom(request.headers, 'Record-Route');
  }
  headers.appendFrom(request.headers, 'From', 1);
  if (status === 100 || isInDialog(request)) headers.appendFrom(request.headers, 'To', 1);
  else appendTagged(headers, request.headers, options.toTag);
  headers.appendFrom(request.headers, 'Call-ID', 1);
  headers.appendFrom(request.headers, 'CSeq', 1);
  if (status === 100) headers.appendFrom(request.headers, 'Timestamp', 1);
  return { kind: 'response', status, reason: options.reason ?? reasonPhrase(status), headers, body: NO_BODY };
}

function appendTagged(headers: SipHeaders, asked: SipHeaders, tag: string | undefined): void {
  const to = asked.get('To');
  if (to === undefined) return;
  const value = asked.derive(canBeTagged) ? `${to};tag=${tag ?? newTag()}` : to;
  headers.appendField(new HeaderField('To', 'to', value));
}

function canBeTagged(headers: SipHeaders): boolean {
  return parseNameAddr(headers.get('To') ?? '').ok;
}
