/** A column of the figures; of WICs there is a column for each user. */
export type Party = 'wic' | 'wwsf' | 'waf' | 'edge' | 'core' | 'store' | 'turn';

/** By which approach of TR 33.872 §6.3.3 the edge makes TURN credentials. */
export type Approach = 'shared-key' | 'delivered';

/** An event of the lab as its stream tells it: which fields there are beside these depends on `type`. */
export interface LadderEvent {
  readonly type: string;
  /** UNIX milliseconds */
  readonly atUnixMs: number;
  readonly user?: string | undefined;
  readonly [field: string]: unknown;
}

export interface ArrowFacts {
  /** A `note` stands at one party, or between two that share something. */
  readonly kind: 'sip' | 'web' | 'delivery' | 'turn' | 'media' | 'note';
  readonly from: Party;
  readonly to: Party;
  /** The WIC's user; absent as long as nobody knows. */
  readonly user?: string | undefined;
  /** Short and stable: `REGISTER`, `401 REGISTER`, `Allocate success`. */
  readonly label: string;
  /** Begins as `label` does or says the same in words, and goes on with what matters in this one. */
  readonly title: string;
  /** The whole message. */
  readonly text?: string | undefined;
  readonly look: 'plain' | 'good' | 'failure' | 'fault';
  /** Keepalives and the like, which a reader may want out of sight. */
  readonly routine: boolean;
  /** UNIX milliseconds; 0 for what has no time. */
  readonly atUnixMs: number;
  /** The WebSocket, the TURN client or the exchange of the web that it belongs to: what is learnt of one of its messages holds for the others. */
  readonly origin?: string | undefined;
  /** The event that says what failed. */
  readonly event?: LadderEvent | undefined;
}

export interface Arrow extends ArrowFacts {
  /** 1, 2, 3…: its place in the ladder. */
  readonly number: number;
}

const PARTY_NAMES: Readonly<Record<Party, string>> = {
  wic: 'WIC',
  wwsf: 'WWSF',
  waf: 'WAF',
  edge: 'eP-CSCF',
  core: 'I/S-CSCF',
  store: 'credential store',
  turn: 'TURN server',
};

/** A WIC goes by its user's name. */
export function partyName(party: Party, user?: string): string {
  return party === 'wic' && user !== undefined ? user : PARTY_NAMES[party];
}

/** `alice → eP-CSCF`; `TURN server, for alice` of a note. */
export function routeText({ kind, from, to, user }: Arrow): string {
  const [start, end] = [partyName(from, user), partyName(to, user)];
  if (kind === 'media') return from === to ? start : `${start} ⇄ ${end}`;
  if (kind !== 'note') return `${start} → ${end}`;
  if (from !== to) return `${start} and ${end}`;
  return user === undefined || from === 'wic' ? start : `${start}, for ${user}`;
}
