import { type Arrow, type Party } from './arrow.ts';

interface FigureArrow {
  readonly step: number;
  readonly from: Party;
  readonly to: Party;
  /** Any of them. */
  readonly labels: readonly string[];
}

/** TS 33.203 X.5.2 as figure 6.3.3-1 of TR 33.872 draws it: what one user's arrows show, in this order, others between them. */
export const FIGURE: readonly FigureArrow[] = [
  { step: 1, from: 'edge', to: 'turn', labels: ['Km'] },
  { step: 2, from: 'wic', to: 'edge', labels: ['WebSocket'] },
  { step: 3, from: 'wic', to: 'edge', labels: ['REGISTER'] },
  { step: 3, from: 'edge', to: 'core', labels: ['REGISTER'] },
  { step: 4, from: 'core', to: 'edge', labels: ['401 REGISTER', '407 REGISTER'] },
  { step: 4, from: 'edge', to: 'wic', labels: ['401 REGISTER', '407 REGISTER'] },
  { step: 5, from: 'wic', to: 'edge', labels: ['REGISTER'] },
  { step: 5, from: 'edge', to: 'core', labels: ['REGISTER'] },
  { step: 6, from: 'core', to: 'edge', labels: ['200 REGISTER'] },
  { step: 7, from: 'edge', to: 'edge', labels: ['credential-issued'] },
  { step: 8, from: 'edge', to: 'wic', labels: ['200 REGISTER'] },
  { step: 9, from: 'wic', to: 'turn', labels: ['Allocate'] },
  { step: 9, from: 'turn', to: 'wic', labels: ['401 Allocate'] },
  { step: 9, from: 'wic', to: 'turn', labels: ['Allocate'] },
  { step: 10, from: 'turn', to: 'turn', labels: ['allocation-created'] },
  { step: 10, from: 'turn', to: 'wic', labels: ['Allocate success'] },
  // The caller's relay candidate goes in the INVITE, the callee's in the answer.
  { step: 11, from: 'wic', to: 'edge', labels: ['INVITE', '200 INVITE'] },
  { step: 11, from: 'edge', to: 'wic', labels: ['200 INVITE', 'ACK'] },
];

export const LAST_STEP = 11;

export interface FigureMatch {
  /** Every arrow of the figure is there, and none came before its turn. */
  readonly matches: boolean;
  /** The last step whose arrows have all come, and all before it, in order; 0 before the first. */
  readonly step: number;
  /** What is missing, or what came too early; absent on a match. */
  readonly missing?: FigureArrow;
}

/** How far the arrows of one user follow the figure. */
export function matchesFigure(arrows: readonly Arrow[], user: string): FigureMatch {
  const own = arrows.filter((arrow) => arrow.label === 'Km' || arrow.user === user);
  // A web token is shown in the first REGISTER (scenarios 2 and 3), so nobody is challenged.
  const isUnchallenged = own.some(isRegistered) && !own.some(isChallenge);
  const figure = isUnchallenged ? FIGURE.filter(({ step }) => step !== 4 && step !== 5) : FIGURE;
  let next = 0;
  for (const [index, expected] of figure.entries()) {
    // REGISTER and Allocate come twice, which is no reason to call the second too early.
    const isRepeated = figure.slice(0, index).some((earlier) => isSame(earlier, expected));
    const isEarly = !isRepeated && own.slice(0, next).some((arrow) => fits(arrow, expected));
    const found = own.findIndex((arrow, at) => at >= next && fits(arrow, expected));
    if (found === -1 || isEarly) return { matches: false, step: expected.step - 1, missing: expected };
    next = found + 1;
  }
  return { matches: true, step: LAST_STEP };
}

function isRegistered({ label, to }: Arrow): boolean {
  return label === '200 REGISTER' && to === 'wic';
}

function isChallenge({ label }: Arrow): boolean {
  return label === '401 REGISTER' || label === '407 REGISTER';
}

function fits(arrow: Arrow, { from, to, labels }: FigureArrow): boolean {
  return arrow.from === from && arrow.to === to && labels.includes(arrow.label);
}

function isSame(one: FigureArrow, other: FigureArrow): boolean {
  return one.from === other.from && one.to === other.to && one.labels.some((label) => other.labels.includes(label));
}
