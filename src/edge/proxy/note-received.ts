import { type SipRequest } from '../../sip/message.ts';
import { formatVia, parseVia } from '../../sip/via.ts';
import { type Hop } from '../flow/hop.ts';

/**
 * RFC 3581 §4: a client that put a bare `rport` into its Via wants to know its address. Nobody else gets `received`: a browser's sent-by
 * is a made-up `.invalid` name, responses take its connection anyhow, and RFC 7118 §5.2 lets the parameter be left out.
 */
export function noteReceived(request: SipRequest, hop: Hop): void {
  const [top] = request.headers.getList('Via');
  const via = top === undefined ? undefined : parseVia(top);
  if (!via?.ok || !via.value.params.has('rport') || via.value.params.get('rport') !== undefined) return;
  via.value.params.set('rport', String(hop.remotePort)).set('received', hop.remoteAddress);
  request.headers.removeFirst('Via');
  request.headers.prepend('Via', formatVia(via.value));
}
