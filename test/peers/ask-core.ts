import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { formatSipMessage } from '../../src/sip/format-message.ts';
import { type SipRequest } from '../../src/sip/message.ts';
import { newBranch } from '../../src/sip/token.ts';

/** Status that the core answers to a machine which sends it this request by UDP. */
export async function statusFrom(
  address: string,
  request: SipRequest,
  core: { readonly address: string; readonly port: number },
): Promise<number> {
  const socket = createSocket('udp4');
  await new Promise<void>((resolve) => {
    socket.bind(0, address, resolve);
  });
  request.headers.set('Via', `SIP/2.0/UDP ${address}:${socket.address().port};branch=${newBranch()}`);
  socket.send(formatSipMessage(request), core.port, core.address);
  const [answer] = (await once(socket, 'message')) as [Buffer];
  socket.close();
  return Number(/^SIP\/2\.0 (\d{3})/.exec(answer.toString())?.[1]);
}
