/** A token that lets a client register (TS 24.371 §7.2.1), as the web server gives it that has signed the user in. */
export interface WebToken {
  /** Without the word `Bearer`. */
  readonly token: string;
  /** Seconds from now until it ends. */
  readonly expiresInSec: number;
}

export interface WebTokenOptions {
  /** Part of a token's life, 0 to 1, after which the next one is fetched. Default: 0.75. */
  readonly refreshAt?: number;
  /** Milliseconds to wait after the first failure to fetch a next token. Each further failure doubles the wait. Default: 2000. */
  readonly firstRetryMs?: number;
  /** Longest wait after a failure, in milliseconds. Default: 60 000. */
  readonly longestRetryMs?: number;
  /** Called each time that no next token could be fetched, with what was thrown. The present one is used to its end. */
  readonly onFailure?: (error: unknown) => void;
}

/** What `attachWebToken` gives. */
export interface WebTokens {
  /** Resolves when there is a token: start the user agent then. Rejects with what the first fetch threw; calling it again fetches again. */
  ready(): Promise<void>;
  /** Takes every hook off the user agent and ends the timer. */
  detach(): void;
}

/** setTimeout holds a signed 32-bit number of milliseconds. */
const LONGEST_TIMEOUT_MS = 0x7fff_ffff;

/**
 * Fetches a token before the one in hand ends.
 *
 * @param use puts a token into every request from now on
 * @param release takes every hook off
 */
export function keepWebToken(
  supply: () => Promise<WebToken>,
  { refreshAt = 0.75, firstRetryMs = 2000, longestRetryMs = 60_000, onFailure }: WebTokenOptions,
  use: (token: string) => void,
  release: () => void,
): [tokens: WebTokens, refused: (again: () => void) => void] {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let fetching: Promise<void> | undefined;
  let failures = 0;
  let attached = true;
  let has = false;
  /** Whether the token in hand was refused: so might be the next, which is then not fetched at once. */
  let wasRefused = false;

  function fetchLater(ms: number): void {
    clearTimeout(timer);
    if (attached) timer = setTimeout(renew, Math.min(ms, LONGEST_TIMEOUT_MS));
  }

  async function fetchNow(): Promise<void> {
    const { token, expiresInSec } = await supply();
    if (!attached) return;
    has = true;
    failures = 0;
    use(token);
    fetchLater(Math.max(expiresInSec * 1000 * refreshAt, firstRetryMs));
  }

  function fetchOnce(): Promise<void> {
    fetching ??= fetchNow().finally(() => {
      fetching = undefined;
    });
    return fetching;
  }

  function renew(): void {
    fetchOnce().then(
      () => {
        wasRefused = false;
      },
      (error: unknown) => {
        if (!attached) return;
        fetchLater(Math.min(firstRetryMs * 2 ** failures++, longestRetryMs));
        onFailure?.(error);
      },
    );
  }

  return [
    {
      ready: () => (has ? Promise.resolve() : fetchOnce()),
      detach() {
        attached = false;
        clearTimeout(timer);
        release();
      },
    },
    (again) => {
      if (wasRefused || !attached) return;
      wasRefused = true;
      fetchOnce().then(again, (error: unknown) => {
        onFailure?.(error);
      });
    },
  ];
}
