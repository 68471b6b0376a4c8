import { formatHostPort } from '../../src/sip/host-port.ts';
import { type SipUri } from '../../src/sip/uri.ts';

export function formatSipUri(uri: SipUri): string {
  const password = uri.password === undefined ? '' : `:${uri.password}`;
  const userInfo = uri.user === undefined ? '' : `${uri.user}${password}@`;
  let params = '';
  for (const [name, value] of uri.params) params += value === undefined ? `;${name}` : `;${name}=${value}`;
  const headers = uri.headers === undefined ? '' : `?${uri.headers}`;
  return `${uri.scheme}:${userInfo}${formatHostPort(uri)}${params}${headers}`;
}
