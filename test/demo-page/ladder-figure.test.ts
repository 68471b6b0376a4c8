import { describe, expect, it } from 'vitest';
import { figureOf, matchesFigure as follow } from '../../src/demo-page/ladder/figure.ts';
import { LadderModel } from '../../src/demo-page/ladder/ladder-model.ts';
import { type Arrow, type LadderEvent } from '../../src/demo-page/ladder/arrow.ts';
import { meaningText } from '../../src/demo-page/ladder/meaning.ts';
import { allocating, authenticationRefused, calling, message, registering, turnAnswer } from './ladder-events.ts';

function draw(events: readonly LadderEvent[]): LadderModel {
  const model = new LadderModel({ hasLab: true, approach: 'shared-key' });
  for (const told of events) model.labEvent(told);
  return model;
}

const FIGURE = figureOf('6.3.3-1');
const matchesFigure = (arrows: readonly Arrow[], user: string) => follow(FIGURE, arrows, user);
const meaningOf = (arrow: Arrow, { arrows }: LadderModel) => meaningText(arrow, { approach: 'shared-key', arrows });

const CALL = [...registering('alice'), ...registering('bob'), ...allocating('alice'), ...calling('alice', 'bob')];

describe('figure 6.3.3-1', () => {
  it('is matched by the caller and by the callee of a call over relays', () => {
    const { arrows } = draw(CALL);
    expect(matchesFigure(arrows, 'alice')).toEqual({ matches: true, step: 11 });
    expect(matchesFigure(arrows, 'bob')).toEqual({ matches: true, step: 11 });
    expect(matchesFigure(arrows, 'carol')).toMatchObject({ matches: false, step: 1, missing: { step: 2 } });
  });

  it.each([
    [1, 1],
    [4, 3],
    [7, 4],
    [12, 8],
    [15, 9],
    [16, 10],
  ])('is followed after %i arrows of alice as far as step %i', (count, step) => {
    const { arrows } = draw(CALL);
    const own = arrows.filter(({ user, label }) => user === 'alice' || label === 'Km').slice(0, count);
    const match = matchesFigure(own, 'alice');
    expect(match).toMatchObject({ matches: false, missing: FIGURE.arrows[count] });
    expect(match.step).toBe(step);
  });

  it('is matched without a challenge by a user whose first REGISTER shows a web token', () => {
    const { arrows } = draw(CALL);
    const registers = arrows.filter(({ user, label }) => user === 'alice' && label === 'REGISTER');
    const challenged = new Set([...registers.slice(0, 2), ...arrows.filter(({ label }) => label === '401 REGISTER')]);
    const signedIn = arrows.filter((arrow) => !challenged.has(arrow));
    expect(matchesFigure(signedIn, 'alice')).toEqual({ matches: true, step: 11 });
  });

  it('is not matched when something came before its turn', () => {
    const early = [...allocating('alice'), ...CALL];
    expect(matchesFigure(draw(early).arrows, 'alice')).toMatchObject({
      matches: false,
      missing: { labels: ['Allocate'] },
    });
  });
});

describe('the meaning of an arrow', () => {
  it('names the step of the figure for every arrow that the figure has', () => {
    const model = draw([...registering('alice'), ...allocating('alice')]);
    const steps = model.arrows.map((arrow) => /^Figure 6\.3\.3-1, step (\d+): /.exec(meaningOf(arrow, model))?.[1]);
    expect(steps.map(Number)).toEqual([1, 2, 3, 3, 4, 4, 5, 5, 6, 7, 8, 9, 9, 9, 10, 10]);
  });

  it('says of a 401 for a bad credential something else than of the first', () => {
    const [first, refused] = ['no-credentials', 'expired'].map((cause) => {
      const model = draw([turnAnswer('alice', 'Allocate', 401), authenticationRefused(cause)]);
      return meaningOf(model.arrows.at(-1)!, model);
    });
    expect(first).toMatch(/step 9: .*realm and nonce/);
    expect(refused).toMatch(/step 10: .*does not accept/);
  });

  it('says what stands beside the figure, and nothing of what it does not know', () => {
    const of = (way: string) => {
      const model = draw([message(way, 'alice')]);
      return meaningOf(model.arrows.at(-1)!, model);
    };
    expect(of('wic edge BYE')).toBe('Beside the figures: the call ends.');
    expect(of('wic edge PUBLISH')).toBe('');
  });
});
