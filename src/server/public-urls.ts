import { isLoopback, isWildcard } from '../base/ip.ts';
import { type Config } from '../config/schema/tree.ts';
import { type TransportAddress } from '../base/transport-address.ts';

const HTTPS_PORT = 443;

/** The URLs a person would open; empty without an edge that listens. */
export function publicUrls(
  { domain, edge }: Config,
  https: readonly TransportAddress[],
): { page?: string; webSocket?: string } {
  const [first] = https;
  if (!first || !edge.enabled) return {};
  const [publicHost] = edge.publicHosts;
  const authority = publicHost ?? `${hostOf(https, domain)}${first.port === HTTPS_PORT ? '' : `:${first.port}`}`;
  return {
    ...(edge.demoPage && { page: `https://${authority}/` }),
    webSocket: `wss://${authority}${edge.path}`,
  };
}

/** The lab certificate names `localhost`; one for the public names the domain. */
function hostOf(https: readonly TransportAddress[], domain: string): string {
  if (https.every(({ address }) => isLoopback(address))) return 'localhost';
  if (domain !== 'localhost') return domain;
  const exact = https.find(({ address }) => !isLoopback(address) && !isWildcard(address));
  if (!exact) return 'localhost';
  return exact.family === 6 ? `[${exact.address}]` : exact.address;
}
