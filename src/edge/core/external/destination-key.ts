import { type HostPort } from '../../../sip/host-port.ts';
import { type CoreDestination } from '../core-destination.ts';
import { numericHost } from './transport/locate.ts';

const SIP_PORT = 5060;

/** A destination as the URI that leads there and nowhere else: what logs, events and probes call it. */
export function destinationUri({ transport, address, port }: CoreDestination): string {
  return `sip:${address.includes(':') ? `[${address}]` : address}:${port};transport=${transport}`;
}

/** Whether two texts of a host, with a port or that of SIP, mean the same destination. Names are not looked up. */
export function isSameHostPort(a: HostPort, b: HostPort): boolean {
  return (a.port ?? SIP_PORT) === (b.port ?? SIP_PORT) && canonicalHost(a) === canonicalHost(b);
}

function canonicalHost({ host }: HostPort): string {
  return numericHost(host) ?? host;
}
