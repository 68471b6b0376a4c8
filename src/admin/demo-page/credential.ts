/** What the edge hands out, as the separate header fields carry it. */
export interface TurnCredential {
  readonly username: string;
  readonly password: string;
  /** UNIX seconds */
  readonly expiresAtSec: number;
  readonly uris: readonly string[];
}

export type TransportChoice = 'all' | 'udp' | 'tcp' | 'tls';

interface HeaderSource {
  getHeaders(name: string): string[];
}

/** `undefined` when the answer holds no credential. */
export function credentialFrom(response: HeaderSource): TurnCredential | undefined {
  const [username] = values(response, 'TURN-Username');
  const [password] = values(response, 'TURN-Password');
  const [lifetime] = values(response, 'TURN-Lifetime');
  if (username === undefined || password === undefined || lifetime === undefined) return undefined;
  const uris = values(response, 'TURN-URI').flatMap((list) => list.split(/[\s,]+/).filter((uri) => uri !== ''));
  return { username, password, expiresAtSec: Number(lifetime), uris };
}

/** The edge's own word on why there is none: `denied`, `quota`, … */
export function refusalFrom(response: HeaderSource): string | undefined {
  return /(?:^|;)\s*error=([\w-]+)/.exec(values(response, 'TURN-Cred-Rsp')[0] ?? '')?.[1];
}

function values(response: HeaderSource, name: string): string[] {
  return response.getHeaders(name).map((value) => value.trim().replace(/^"(.*)"$/, '$1'));
}

function transportOf(uri: string): Exclude<TransportChoice, 'all'> {
  if (uri.startsWith('turns:')) return 'tls';
  return uri.endsWith('transport=tcp') ? 'tcp' : 'udp';
}

export function iceConfiguration(
  credential: TurnCredential,
  transport: TransportChoice,
  relayOnly: boolean,
): RTCConfiguration {
  const urls = credential.uris.filter((uri) => transport === 'all' || transportOf(uri) === transport);
  return {
    iceServers: urls.length === 0 ? [] : [{ urls, username: credential.username, credential: credential.password }],
    iceTransportPolicy: relayOnly ? 'relay' : 'all',
  };
}
