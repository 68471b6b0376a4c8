import { ApiError } from './api-error.ts';

/** How many requests of one kind, such as waits or streams, are served at once. */
export class ConcurrencyLimit {
  readonly #what: string;
  readonly #limit: number;
  #taken = 0;

  /** `what` names the requests in the error: `streams`. */
  constructor(what: string, limit: number) {
    this.#what = what;
    this.#limit = limit;
  }

  /** Throws ERR_TOO_MANY when `limit` requests are being served. The function it returns ends one request; further calls do nothing. */
  take(): () => void {
    if (this.#taken >= this.#limit) {
      throw new ApiError('ERR_TOO_MANY', `${this.#what}: ${this.#limit} at once are the limit`);
    }
    this.#taken += 1;
    let held = true;
    return () => {
      if (held) this.#taken -= 1;
      held = false;
    };
  }
}
