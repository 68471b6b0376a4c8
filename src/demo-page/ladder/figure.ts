import { type Arrow, type Party } from './arrow.ts';

/** Figures of TR 33.872 and of TS 33.203 Annex X. */
export type FigureName = '6.3.3-1' | '6.3.3-2' | 'X.5.3.2-1' | '6.3.2.2-1';

interface FigureArrow {
  readonly step: number;
  readonly from: Party;
  readonly to: Party;
  /** Any of them. */
  readonly labels: readonly string[];
  /** What the title must hold. */
  readonly title?: RegExp;
}

export interface Figure {
  readonly name: FigureName;
  /** What one user's arrows show, in this order, others between them. Steps that nobody can see, such as a click, have none. */
  readonly arrows: readonly FigureArrow[];
  readonly lastStep: number;
  /** The arrow of a user that begins it. */
  readonly begins: FigureArrow;
}

const CHALLENGE = ['401 REGISTER', '407 REGISTER'];
const TOKEN = /access token/;

/** TS 33.203 X.5.2: approach 1. */
const SHARED_KEY: Figure = {
  name: '6.3.3-1',
  lastStep: 11,
  begins: { step: 2, from: 'wic', to: 'edge', labels: ['WebSocket', 'REGISTER'] },
  arrows: [
    { step: 1, from: 'edge', to: 'turn', labels: ['Km'] },
    { step: 2, from: 'wic', to: 'edge', labels: ['WebSocket'] },
    { step: 3, from: 'wic', to: 'edge', labels: ['REGISTER'] },
    { step: 3, from: 'edge', to: 'core', labels: ['REGISTER'] },
    { step: 4, from: 'core', to: 'edge', labels: CHALLENGE },
    { step: 4, from: 'edge', to: 'wic', labels: CHALLENGE },
    { step: 5, from: 'wic', to: 'edge', labels: ['REGISTER'] },
    { step: 5, from: 'edge', to: 'core', labels: ['REGISTER'] },
    { step: 6, from: 'core', to: 'edge', labels: ['200 REGISTER'] },
    { step: 7, from: 'edge', to: 'edge', labels: ['credential-issued'], title: /HASH/ },
    { step: 8, from: 'edge', to: 'wic', labels: ['200 REGISTER'] },
    ...allocating([9, 9, 9, 10, 10]),
    // The caller's relay candidate goes in the INVITE, the callee's in the answer.
    { step: 11, from: 'wic', to: 'edge', labels: ['INVITE', '200 INVITE'] },
    { step: 11, from: 'edge', to: 'wic', labels: ['200 INVITE', 'ACK'] },
  ],
};

/** Approach 2. The source gives no numbers: here they count what it draws. */
const DELIVERED: Figure = {
  name: '6.3.3-2',
  lastStep: 6,
  begins: { step: 1, from: 'wic', to: 'edge', labels: ['WebSocket', 'REGISTER'] },
  arrows: [
    { step: 1, from: 'wic', to: 'edge', labels: ['WebSocket'] },
    { step: 2, from: 'wic', to: 'edge', labels: ['REGISTER'], title: /TURN-Cred-Req/ },
    { step: 3, from: 'edge', to: 'edge', labels: ['credential-made'] },
    { step: 4, from: 'edge', to: 'store', labels: ['credential-delivered'] },
    { step: 5, from: 'edge', to: 'wic', labels: ['200 REGISTER'], title: /TURN credential/ },
    ...allocating([6, 6, 6, 6, 6]),
  ],
};

const PAGE_ASKS: FigureArrow = { step: 2, from: 'wic', to: 'wwsf', labels: ['turn-credentials'], title: TOKEN };

/** Access token by client credentials: the web server asks for it. It knows the user (step 3) from the login before. */
const CLIENT_CREDENTIALS: Figure = {
  name: 'X.5.3.2-1',
  lastStep: 8,
  begins: PAGE_ASKS,
  arrows: [
    PAGE_ASKS,
    { step: 4, from: 'wwsf', to: 'waf', labels: ['token'], title: TOKEN },
    { step: 5, from: 'waf', to: 'waf', labels: ['token-issued'], title: TOKEN },
    { step: 5, from: 'waf', to: 'wwsf', labels: ['200 token'], title: TOKEN },
    { step: 6, from: 'wwsf', to: 'wic', labels: ['200 turn-credentials'], title: TOKEN },
    ...allocating([8, 8, 8, 8, 8], /ACCESS-TOKEN/),
  ],
};

const BROWSER_ASKS: FigureArrow = {
  step: 2,
  from: 'wic',
  to: 'waf',
  labels: ['authorization'],
  title: /access token .implicit/,
};

/** Access token by the implicit grant: the browser asks for it, and its user logs in at the authorization server. */
const IMPLICIT: Figure = {
  name: '6.3.2.2-1',
  lastStep: 6,
  begins: BROWSER_ASKS,
  arrows: [
    BROWSER_ASKS,
    { step: 3, from: 'waf', to: 'wic', labels: ['200 authorization'] },
    { step: 3, from: 'wic', to: 'waf', labels: ['login'], title: /implicit/ },
    { step: 3, from: 'waf', to: 'waf', labels: ['signed-in'] },
    { step: 4, from: 'waf', to: 'waf', labels: ['token-issued'], title: TOKEN },
    { step: 4, from: 'waf', to: 'wic', labels: ['303 login'], title: TOKEN },
    ...allocating([6, 6, 6, 6, 6], /ACCESS-TOKEN/),
  ],
};

const FIGURES: readonly Figure[] = [SHARED_KEY, DELIVERED, CLIENT_CREDENTIALS, IMPLICIT];

export function figureOf(name: FigureName): Figure {
  const found = FIGURES.find((figure) => figure.name === name);
  if (!found) throw new Error(`there is no figure ${name}`);
  return found;
}

function allocating(steps: readonly [number, number, number, number, number], proof?: RegExp): FigureArrow[] {
  const title = proof && { title: proof };
  return [
    { step: steps[0], from: 'wic', to: 'turn', labels: ['Allocate'] },
    { step: steps[1], from: 'turn', to: 'wic', labels: ['401 Allocate'] },
    { step: steps[2], from: 'wic', to: 'turn', labels: ['Allocate'], ...title },
    { step: steps[3], from: 'turn', to: 'turn', labels: ['allocation-created'], ...title },
    { step: steps[4], from: 'turn', to: 'wic', labels: ['Allocate success'] },
  ];
}

export interface FigureMatch {
  /** Every arrow of the figure is there, and none came before its turn. */
  readonly matches: boolean;
  /** The last step whose arrows have all come, and all before it, in order; 0 before the first. */
  readonly step: number;
  /** What is missing, or what came too early; absent on a match. */
  readonly missing?: FigureArrow;
}

/** What of an arrow a figure looks at. */
export type Drawn = Pick<Arrow, 'from' | 'to' | 'label' | 'title' | 'user'>;

/** Figures that the arrows of one user have begun. */
export function figuresBegunBy(arrows: readonly Drawn[], user: string): readonly Figure[] {
  const hasKey = arrows.some(({ label }) => label === 'Km');
  return FIGURES.filter(({ name, begins }) => {
    const isOfAnotherApproach = name === (hasKey ? '6.3.3-2' : '6.3.3-1');
    return !isOfAnotherApproach && arrows.some((arrow) => arrow.user === user && fits(arrow, begins));
  });
}

/** How far the arrows of one user follow a figure. */
export function matchesFigure(of: Figure, arrows: readonly Drawn[], user: string): FigureMatch {
  const { arrows: all, lastStep } = of;
  const own = arrowsFrom(of, arrows, user);
  // A web token is shown in the first REGISTER (scenarios 2 and 3), so nobody is challenged.
  const isUnchallenged = own.some(isRegistered) && !own.some(isChallenge);
  const figure = isUnchallenged ? all.filter((one, at) => !isOfChallenge(one, all.slice(0, at))) : all;
  let next = 0;
  for (const [index, expected] of figure.entries()) {
    // REGISTER and Allocate come twice, which is no reason to call the second too early.
    const isRepeated = figure.slice(0, index).some((earlier) => isSame(earlier, expected));
    const isEarly = !isRepeated && own.slice(0, next).some((arrow) => fits(arrow, expected));
    const found = own.findIndex((arrow, at) => at >= next && fits(arrow, expected));
    if (found === -1 || isEarly) return { matches: false, step: stepBefore(all, expected), missing: expected };
    next = found + 1;
  }
  return { matches: true, step: lastStep };
}

/** The arrows of one user for a figure: all of them for a registration, and for a token those since it was asked for. */
function arrowsFrom({ arrows: [first], begins }: Figure, arrows: readonly Drawn[], user: string): readonly Drawn[] {
  const own = arrows.filter((arrow) => arrow.label === 'Km' || arrow.user === user);
  if (first !== begins) return own;
  const start = own.findIndex((arrow) => fits(arrow, begins));
  return start === -1 ? [] : own.slice(start);
}

function stepBefore(arrows: readonly FigureArrow[], { step }: FigureArrow): number {
  return Math.max(0, ...arrows.map((arrow) => arrow.step).filter((other) => other < step));
}

/** The challenge, and the REGISTER that answers it. */
function isOfChallenge(arrow: FigureArrow, before: readonly FigureArrow[]): boolean {
  return arrow.labels === CHALLENGE || (arrow.labels[0] === 'REGISTER' && before.some((one) => isSame(one, arrow)));
}

function isRegistered({ label, to }: Drawn): boolean {
  return label === '200 REGISTER' && to === 'wic';
}

function isChallenge({ label }: Drawn): boolean {
  return CHALLENGE.includes(label);
}

function fits(arrow: Drawn, { from, to, labels, title }: FigureArrow): boolean {
  return arrow.from === from && arrow.to === to && labels.includes(arrow.label) && (title?.test(arrow.title) ?? true);
}

function isSame(one: FigureArrow, other: FigureArrow): boolean {
  return one.from === other.from && one.to === other.to && one.labels.some((label) => other.labels.includes(label));
}
