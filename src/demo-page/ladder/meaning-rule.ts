import { type Approach } from './arrow.ts';
import { type FigureName } from './figure.ts';

/** What an arrow is about. The first rule that fits counts. */
export interface Rule {
  /** `wic edge REGISTER`: from, to, label. */
  readonly arrow: RegExp;
  /** What the title must hold. */
  readonly title?: RegExp;
  /** By which credential it must be; absent where that makes no difference. */
  readonly by?: Approach | 'token';
  /** Number of the step in each figure that draws it. */
  readonly steps?: Readonly<Partial<Record<FigureName, number>>>;
  readonly words: string;
}
