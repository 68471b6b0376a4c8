import { parseIp } from '../base/ip.ts';
import { isHostName, parseDecimal } from './character-class.ts';

export interface HostPort {
  /** The host in lower case. An IPv6 address keeps its brackets. */
  readonly host: string;
  /** The port, 0 to 65535; absent when the text has none. */
  readonly port?: number;
}

/** `hostport` of RFC 3261 §25.1: name, IPv4 address or IPv6 reference, and an optional port. */
export function parseHostPort(text: string): HostPort | undefined {
  const hostEnd = text.startsWith('[') ? text.indexOf(']') + 1 : endOfName(text);
  const host = text.slice(0, hostEnd);
  if (!isHost(host)) return undefined;
  if (hostEnd === text.length) return { host: host.toLowerCase() };
  const port = text.charAt(hostEnd) === ':' ? parseDecimal(text.slice(hostEnd + 1), 65_535) : undefined;
  return port === undefined ? undefined : { host: host.toLowerCase(), port };
}

function endOfName(text: string): number {
  const colon = text.indexOf(':');
  return colon < 0 ? text.length : colon;
}

function isHost(host: string): boolean {
  return host.startsWith('[') ? parseIp(host.slice(1, -1))?.length === 16 : isHostName(host);
}

export function formatHostPort({ host, port }: HostPort): string {
  return port === undefined ? host : `${host}:${port}`;
}

/** A name or an address as the host of a URI: IPv6 in brackets, lower case. */
export function uriHost(host: string): string {
  return host.includes(':') && !host.startsWith('[') ? `[${host.toLowerCase()}]` : host.toLowerCase();
}
