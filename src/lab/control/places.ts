import { ControlError } from './control-error.ts';

/** So many at once, and no more. */
export class Places {
  readonly #what: string;
  readonly #limit: number;
  #taken = 0;

  constructor(what: string, limit: number) {
    this.#what = what;
    this.#limit = limit;
  }

  get taken(): number {
    return this.#taken;
  }

  /** Throws ERR_TOO_MANY. The function it returns gives the place back, once. */
  take(): () => void {
    if (this.#taken >= this.#limit) {
      throw new ControlError('ERR_TOO_MANY', `${this.#what}: ${this.#limit} at once are the limit`);
    }
    this.#taken += 1;
    let held = true;
    return () => {
      if (held) this.#taken -= 1;
      held = false;
    };
  }
}
