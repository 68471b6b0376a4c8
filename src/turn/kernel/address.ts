import { transportAddress, type TransportAddress } from '../../base/transport-address.ts';

/**
 * The source of a datagram or connection as the kernel gave it. IPv4 text is canonical already; IPv6 text may carry a zone or a dotted
 * tail. `undefined` is for a source port of 0, which nobody could answer.
 */
export function addressFromKernel(address: string, port: number): TransportAddress | undefined {
  if (port === 0) return undefined;
  return address.includes(':') ? transportAddress(address, port) : { family: 4, address, port };
}
