import { type SipRequest } from '../../sip/message.ts';
import { formatVia, type Via } from '../../sip/via.ts';
import { type Hop } from '../flow/hop.ts';

/**
 * RFC 3581 §4: a client that put a bare `rport` into its Via wants to know its address. Nobody else gets `received`: a browser's sent-by
 * is a made-up `.invalid` name, responses take its connection anyhow, and RFC 7118 §5.2 lets the parameter be left out. `via`: the topmost.
 */
export function noteReceived(request: SipRequest, via: Via, hop: Hop): void {
  if (!via.params.has('rport') || via.params.get('rport') !== undefined) return;
  const params = new Map(via.params).set('rport', String(hop.remotePort)).set('received', hop.remoteAddress);
  request.headers.removeFirst('Via');
  request.headers.prepend('Via', formatVia({ ...via, params }));
}
