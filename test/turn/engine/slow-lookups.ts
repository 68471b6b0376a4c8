import { type Now } from '../../../src/base/clock.ts';
import { fail, type Result } from '../../../src/base/result.ts';
import { type KnownUser, type LookupFailure, type LookupRequest } from '../../../src/credentials/credential.ts';
import { type World } from './world.ts';

type Found = Result<KnownUser, LookupFailure>;

/** Makes the verifier of a world one that answers when it is told to. */
export class SlowLookups {
  /** Those that were begun. */
  readonly asked: LookupRequest[] = [];
  readonly #answers: ((failure: LookupFailure | undefined) => void)[] = [];

  constructor(world: World) {
    const lookup = world.verifier.lookup.bind(world.verifier);
    Object.assign(world.verifier, {
      lookup: (request: LookupRequest, now: Now) => ({
        later: (settle: (found: Found) => void) => {
          this.asked.push(request);
          this.#answers.push((failure) => {
            settle(failure === undefined ? lookup(request, now) : fail(failure));
          });
        },
      }),
    });
  }

  /** Answers all that wait, as the verifier would have or with a failure; once more, too. */
  answer(failure?: LookupFailure): void {
    for (const answer of this.#answers) answer(failure);
  }

  /** Answers one by its place, from 0. */
  answerOne(index: number): void {
    this.#answers[index]?.(undefined);
  }
}
