import { type Approach, type Arrow } from './arrow.ts';
import { type FigureName } from './figure.ts';
import { SIP_RULES } from './meaning-of-sip.ts';
import { TURN_RULES } from './meaning-of-turn.ts';
import { WEB_RULES } from './meaning-of-web.ts';
import { type Rule } from './meaning-rule.ts';
import { showsToken } from './turn-arrow.ts';

/** What else there is to know of an arrow. */
export interface MeaningContext {
  readonly approach: Approach;
  /** All of the ladder, that arrow among them. */
  readonly arrows: readonly Arrow[];
}

const RULES: readonly Rule[] = [...WEB_RULES, ...SIP_RULES, ...TURN_RULES];
const BY_APPROACH: Readonly<Record<Approach, FigureName>> = { 'shared-key': '6.3.3-1', delivered: '6.3.3-2' };

/**
 * `Figure 6.3.3-1, step 5: the WIC answers …`; a sentence without a step for what the figures do not draw; empty when there is nothing to
 * say.
 */
export function meaningText(arrow: Arrow, context: MeaningContext): string {
  const { from, to, label, title } = arrow;
  const way = `${from} ${to} ${label}`;
  const by = provesByToken(arrow, context) ? 'token' : context.approach;
  const rule = RULES.find((candidate) => {
    const isOfOther = candidate.by !== undefined && candidate.by !== by;
    return !isOfOther && candidate.arrow.test(way) && (candidate.title?.test(title) ?? true);
  });
  if (!rule) return '';
  const figure = figureOfArrow(arrow, context, by);
  const step = figure && rule.steps?.[figure];
  return step === undefined ? `Beside the figures: ${rule.words}` : `Figure ${figure}, step ${step}: ${rule.words}`;
}

/** Which figure an arrow belongs to, if it belongs to one. */
function figureOfArrow(
  arrow: Arrow,
  { approach, arrows }: MeaningContext,
  by: Approach | 'token',
): FigureName | undefined {
  const parties = [arrow.from, arrow.to];
  if (parties.includes('wwsf')) return 'X.5.3.2-1';
  return by === 'token' || parties.includes('waf') ? tokenFigure(arrow, arrows) : BY_APPROACH[approach];
}

/** The way in which that user has asked for an access token last. */
function tokenFigure({ number, user }: Arrow, arrows: readonly Arrow[]): FigureName | undefined {
  const asked = arrows.findLast((other) => other.number <= number && other.user === user && asksForToken(other));
  if (!asked) return undefined;
  return asked.to === 'wwsf' ? 'X.5.3.2-1' : '6.3.2.2-1';
}

function asksForToken({ kind, from, to, label, title }: Arrow): boolean {
  if (kind !== 'web' || from !== 'wic') return false;
  return (
    (to === 'wwsf' && label === 'turn-credentials' && title.includes('access token')) || title.includes('implicit')
  );
}

/** What passes between a TURN server and a client that shows an access token, before it does and after. */
function provesByToken({ from, to, origin }: Arrow, { arrows }: MeaningContext): boolean {
  const isOfTurn = from === 'turn' || to === 'turn';
  return isOfTurn && origin !== undefined && arrows.some((other) => other.origin === origin && showsToken(other));
}
