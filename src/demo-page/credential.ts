import { parseTurnCredential, type IceServer } from '../wic/index.ts';

/** What the edge handed out, as the page shows it. */
export interface TurnCredential {
  readonly username: string;
  readonly password: string;
  readonly uris: readonly string[];
  /** By the clock of this browser, which may be wrong: UNIX milliseconds. */
  readonly receivedAtMs: number;
  readonly endsAtMs: number;
}

export type TransportChoice = 'all' | 'udp' | 'tcp' | 'tls';

/** The credential in a SIP message, should it have one. An access token is none that a browser can use. */
export function credentialIn(message: string, nowMs: number): TurnCredential | undefined {
  const [head = ''] = message.split('\r\n\r\n', 1);
  const lines = head.split('\r\n').slice(1);
  const fields = lines.map((line): [string, string] => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon).trim(), line.slice(colon + 1).trim()];
  });
  const received = parseTurnCredential(fields);
  if (received?.kind !== 'credential' || received.token !== undefined) return undefined;
  const { username, password, uris, ttlSec, expiresAtSec } = received;
  const endsAtMs = ttlSec === undefined ? expiresAtSec * 1000 : nowMs + ttlSec * 1000;
  return { username, password, uris, receivedAtMs: nowMs, endsAtMs };
}

const SECRETS =
  /(\b(?:pwd|token)="|^TURN-(?:Password(?:-Hdr)?|Token):\s*"?|\bresponse="|^(?:Proxy-)?Authorization:\s*Bearer\s+)[^"\r\n]+/gim;

/** The message without what would let somebody else in: pictures of the page get shown around. */
export function maskSecrets(message: string): string {
  return message.replace(SECRETS, '$1••••••');
}

/** The servers of that transport; all of them keep the credential they came with. */
export function iceConfiguration(
  servers: readonly IceServer[],
  transport: TransportChoice,
  relayOnly: boolean,
): { readonly iceServers: IceServer[]; readonly iceTransportPolicy: 'relay' | 'all' } {
  const chosen = servers.flatMap(({ urls, ...rest }) => {
    const kept = urls.filter((uri) => transport === 'all' || transportOf(uri) === transport);
    return kept.length === 0 ? [] : [{ ...rest, urls: kept }];
  });
  return { iceServers: chosen, iceTransportPolicy: relayOnly ? 'relay' : 'all' };
}

function transportOf(uri: string): Exclude<TransportChoice, 'all'> {
  if (uri.startsWith('turns:')) return 'tls';
  return uri.endsWith('transport=tcp') ? 'tcp' : 'udp';
}
