import { isLoopback, isWildcard } from '../base/ip.ts';
import { type Config } from '../config/schema/tree.ts';
import { type TransportAddress } from '../base/transport-address.ts';

const HTTPS_PORT = 443;

/** The URLs a person would open; empty without an edge that listens. */
export function publicUrls(
  { domain, edge }: Pick<Config, 'domain' | 'edge'>,
  https: readonly TransportAddress[],
): { page?: string; webSocket?: string } {
  const authority = publicAuthority({ domain, edge }, https);
  if (authority === undefined || !edge.enabled) return {};
  return {
    ...(edge.demoPage && { page: `https://${authority}/` }),
    webSocket: `wss://${authority}${edge.path}`,
  };
}

/** Where this server is reached by HTTPS; by the domain alone while nothing listens. */
export function ownUrl(config: Pick<Config, 'domain' | 'edge'>, https: readonly TransportAddress[]): string {
  return `https://${publicAuthority(config, https) ?? config.domain}`;
}

/** Host, and port where it is not 443, by which clients reach the HTTPS listeners; `undefined` while nothing listens. */
function publicAuthority(
  { domain, edge }: Pick<Config, 'domain' | 'edge'>,
  https: readonly TransportAddress[],
): string | undefined {
  const [first] = https;
  const [publicHost] = edge.publicHosts;
  return first && (publicHost ?? `${hostOf(https, domain)}${first.port === HTTPS_PORT ? '' : `:${first.port}`}`);
}

/** The lab certificate names `localhost`; one for the public names the domain. */
function hostOf(https: readonly TransportAddress[], domain: string): string {
  if (https.every(({ address }) => isLoopback(address))) return 'localhost';
  if (domain !== 'localhost') return domain;
  const exact = https.find(({ address }) => !isLoopback(address) && !isWildcard(address));
  if (!exact) return 'localhost';
  return exact.family === 6 ? `[${exact.address}]` : exact.address;
}
