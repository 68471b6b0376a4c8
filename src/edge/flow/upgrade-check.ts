import { type FlowRefusal } from '../edge-words.ts';
import { type OriginPolicy } from './origin-policy.ts';

/** The parts of an HTTP upgrade request that decide whether it is accepted. */
export interface UpgradeFacts {
  readonly method: string | undefined;
  /** Request target with its query. */
  readonly target: string | undefined;
  readonly host: string | undefined;
  readonly origin: string | undefined;
  /** Sec-WebSocket-Protocol as sent. */
  readonly subprotocols: string | undefined;
}

export interface UpgradeRules {
  readonly path: string;
  readonly origins: OriginPolicy;
}

/** HTTP status a refused upgrade is answered with. */
export const REFUSAL_STATUS = {
  method: 405,
  path: 404,
  subprotocol: 400,
  origin: 403,
  'origin-missing': 403,
  connections: 503,
  'connections-per-address': 503,
  // RFC 6585 §4
  'handshake-rate': 429,
  stopping: 503,
  handshake: 400,
} as const satisfies Record<FlowRefusal, number>;

/** Checks before the handshake (RFC 6455 §4.2, RFC 7118 §4). `undefined`: it may go on. */
export function checkUpgrade(facts: UpgradeFacts, rules: UpgradeRules): FlowRefusal | undefined {
  if (facts.method !== 'GET') return 'method';
  if (facts.target?.split('?', 1)[0] !== rules.path) return 'path';
  const refusal = rules.origins.refuses(facts.origin, facts.host);
  if (refusal) return refusal;
  // RFC 7118 §4.1: the client MUST offer "sip"; without it no other protocol is spoken here.
  return chooseSubprotocol(facts.subprotocols) === undefined ? 'subprotocol' : undefined;
}

/** RFC 6455 §4.2.2: the answer is one of the values offered, letter for letter, or the client must give the connection up (§4.1). */
export function chooseSubprotocol(subprotocols = ''): string | undefined {
  const offered = subprotocols.split(',').map((name) => name.trim());
  return offered.find((name) => name === 'sip') ?? offered.find((name) => name.toLowerCase() === 'sip');
}
