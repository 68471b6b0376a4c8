import { partyName, type Arrow, type Party } from './arrow.ts';

export interface Column {
  readonly party: Party;
  /** User of a WIC; absent for a WIC whose user is not known, and for one that got no column of its own. */
  readonly user?: string | undefined;
  readonly name: string;
}

/** In the order of their columns. */
const NETWORK: readonly Party[] = ['wwsf', 'waf', 'edge', 'core', 'store', 'turn'];
/** WICs with a column of their own at most; on a phone more would leave no room for words. */
const MOST_WICS = 4;

/**
 * Which columns these arrows need: WICs in the order in which they came, then the network; web server, authorization server and store where they
 * take part.
 */
export function columnsOf(arrows: readonly Arrow[], hasLab: boolean): readonly Column[] {
  const users = new Set<string>();
  let hasOthers = false;
  for (const { user, from, to } of arrows) {
    if (user === undefined) hasOthers ||= from === 'wic' || to === 'wic';
    else users.add(user);
  }
  const own = [...users].slice(0, MOST_WICS);
  hasOthers ||= users.size > own.length || users.size === 0;
  const wics: Column[] = own.map((user) => ({ party: 'wic', user, name: user }));
  if (hasOthers) wics.push({ party: 'wic', name: own.length === 0 ? 'WIC' : 'other WIC' });
  const seen = new Set(arrows.flatMap(({ from, to }) => [from, to]));
  // What passes between edge and core, only the server can tell.
  const always = new Set<Party>(hasLab ? ['edge', 'core', 'turn'] : ['edge', 'turn']);
  const network = NETWORK.filter((party) => always.has(party) || seen.has(party));
  return [...wics, ...network.map((party) => ({ party, name: party === 'store' ? 'store' : partyName(party) }))];
}

export interface ArrowSpan {
  /** From 1, as a grid counts. */
  readonly first: number;
  readonly span: number;
  readonly direction: 'right' | 'left' | 'both' | 'none';
}

/** Where an arrow goes among the columns. A note takes the columns beside its own, where there are any, to have room for its words. */
export function spanOf({ kind, from, to, user }: Arrow, columns: readonly Column[]): ArrowSpan {
  const [start, end] = [indexOf(columns, from, user), indexOf(columns, to, user)];
  if (start === end) {
    const first = Math.max(0, start - 1);
    const last = Math.min(columns.length - 1, start + 1);
    return { first: first + 1, span: last - first + 1, direction: 'none' };
  }
  const [first, last] = start < end ? [start, end] : [end, start];
  const direction = kind === 'note' ? 'none' : kind === 'media' ? 'both' : start < end ? 'right' : 'left';
  return { first: first + 1, span: last - first + 1, direction };
}

function indexOf(columns: readonly Column[], party: Party, user: string | undefined): number {
  const own = columns.findIndex((column) => column.party === party && (party !== 'wic' || column.user === user));
  if (own !== -1) return own;
  return Math.max(
    0,
    columns.findIndex((column) => column.party === party && column.user === undefined),
  );
}
