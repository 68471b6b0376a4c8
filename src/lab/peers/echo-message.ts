import { randomBytes } from 'node:crypto';
import { formatCSeq } from '../../sip/cseq.ts';
import { SipHeaders, type SipRequest } from '../../sip/message.ts';
import { newTag } from '../../sip/token.ts';
import { type RequestEssentials } from '../../sip/validate-request.ts';
import { peerVia } from './peer-dialog.ts';

/** The MESSAGE that carries a MESSAGE back to whom it came from (RFC 3428). */
export function createEchoMessage(message: SipRequest, { from, to }: RequestEssentials): SipRequest {
  const headers = new SipHeaders();
  headers.append('Via', peerVia());
  headers.append('Max-Forwards', '70');
  headers.append('From', `<${to.uri}>;tag=${newTag()}`);
  headers.append('To', `<${from.uri}>`);
  headers.append('Call-ID', randomBytes(12).toString('base64url'));
  headers.append('CSeq', formatCSeq({ sequence: 1, method: 'MESSAGE' }));
  const type = message.headers.get('Content-Type');
  if (type !== undefined) headers.append('Content-Type', type);
  return { kind: 'request', method: 'MESSAGE', uri: from.uri, headers, body: message.body };
}
