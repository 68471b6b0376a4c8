import { type SipRequest } from '../../sip/message.ts';
import { formatVia, type Via } from '../../sip/via.ts';
import { type Hop } from '../hop.ts';

/**
 * RFC 3581 §4: a client that put a bare `rport` into its Via wants to know its address. Nobody else gets `received`: a browser's sent-by
 * is a made-up `.invalid` name, responses take its connection anyhow, and RFC 7118 §5.2 lets the parameter be left out. A core gets it as
 * RFC 3261 §18.2.1 has it: when its packets come from elsewhere than its Via says. `via`: the topmost.
 */
export function noteReceived(request: SipRequest, via: Via, hop: Hop): void {
  const wantsPort = via.params.has('rport') && via.params.get('rport') === undefined;
  if (!wantsPort && (hop.kind === 'wic' || isSentFrom(via, hop))) return;
  const params = new Map(via.params).set('received', hop.remoteAddress);
  if (wantsPort) params.set('rport', String(hop.remotePort));
  request.headers.removeFirst('Via');
  request.headers.prepend('Via', formatVia({ ...via, params }));
}

function isSentFrom({ sentBy, params }: Via, { remoteAddress }: Hop): boolean {
  return params.has('received') || sentBy.host === remoteAddress || sentBy.host === `[${remoteAddress}]`;
}
