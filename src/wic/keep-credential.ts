import { followCall, type FollowedCall, type HeldCredential } from './follow-call.ts';
import { type IceServer, type TurnCredentialOptions, type TurnCredentials } from './options.ts';
import { headerValues, parseTurnCredential, type HeaderSource } from './parse-turn-credential.ts';
import { describeWithRelay, type PeerConnection } from './peer-connection.ts';

/** What came of a REGISTER or OPTIONS: whether it was a 2xx, and its header fields unless nothing came. */
export type Answered = (accepted: boolean, headers?: HeaderSource | null) => void;

/** A call is established. One whose connection has none of our credentials is left alone. */
export type Follow = (
  connection: PeerConnection,
  incoming: boolean,
  isOver: () => boolean,
  reoffer: () => unknown,
) => void;

/** Timers stand still while a page or its machine sleeps, so a long wait is cut, and the wall clock decides. */
const LONGEST_SLEEP_MS = 30_000;
const BUSY_SLEEP_MS = 1000;
/** SIP gives a request up after 32 s (RFC 3261 §17.1.2.2, timer F). */
const ANSWER_PATIENCE_MS = 40_000;
/** Asking again on the same registration would bring the same. */
const FINAL_ERRORS = /^(denied|insecure|unsupported|none)$/;
/** How many credentials back a call may have begun. */
const REMEMBERED = 16;

/**
 * Holds the present credential and sees to the next. The adaptation to a user agent gives and gets a handful of functions.
 *
 * @param isReady connected and registered
 * @param ask sends an OPTIONS to the home domain with this header field
 * @param release takes every hook off
 */
export function keepCredential(
  options: TurnCredentialOptions,
  isReady: () => boolean,
  ask: (header: string, answered: Answered) => void,
  release: () => void,
): [credentials: TurnCredentials, header: string, answered: Answered, follow: Follow] {
  const { ttlSec, refreshAt = 0.75, jitter = 0.1, firstRetryMs = 2000, longestRetryMs = 120_000 } = options;
  const header = `TURN-Cred-Req: turn${ttlSec ? `;ttl=${ttlSec}` : ''}`;
  const calls = new Map<FollowedCall, [isOver: () => boolean, release: () => void]>();
  const waiting: [resolve: (servers: IceServer[]) => void, reject: (error: Error) => void][] = [];
  /** Newest first. */
  let held: HeldCredential[] = [];
  let dueAtMs = Infinity;
  let failures = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let attached = true;

  function iceServers(): IceServer[] {
    const [current] = held;
    return current && current[2] > Date.now() ? [structuredClone(current[0])] : [];
  }

  function tick(force = false): void {
    if (!attached) return;
    const nowMs = Date.now();
    const ready = nowMs >= dueAtMs && isReady();
    if (nowMs >= dueAtMs) {
      // Also for the answer that never comes. Without a registration, the next REGISTER brings one sooner than this does.
      dueAtMs = nowMs + (ready ? ANSWER_PATIENCE_MS : firstRetryMs);
    }
    let sleepMs = LONGEST_SLEEP_MS;
    const [current] = held;
    for (const [call, [isOver, restore]] of calls) {
      if (isOver()) {
        restore();
        calls.delete(call);
      } else if (current && call(current, nowMs, force)) sleepMs = BUSY_SLEEP_MS;
    }
    clearTimeout(timer);
    timer = setTimeout(tick, Math.min(Math.max(dueAtMs - nowMs, 0), sleepMs));
    // Last, since the answer may be here before this returns.
    if (ready) ask(header, answered);
  }

  function answered(accepted: boolean, headers?: HeaderSource | null): void {
    if (!attached) return;
    const received = headers ? parseTurnCredential(headers) : undefined;
    const nowMs = Date.now();
    if (accepted && received?.kind === 'credential') {
      const { uris: urls, username, password: credential, ttlSec: leftSec, expiresAtSec } = received;
      // By `ttl` the client's clock need not be right. Without it, what seems over means a wrong clock: the relay has its own.
      const lifeMs = leftSec === undefined ? Math.max(expiresAtSec * 1000 - nowMs, longestRetryMs) : leftSec * 1000;
      dueAtMs = nowMs + Math.max(lifeMs * refreshAt * (1 - jitter * Math.random()), firstRetryMs);
      held = [[{ urls, username, credential }, dueAtMs, nowMs + lifeMs] as const, ...held].slice(0, REMEMBERED);
      failures = 0;
      if (lifeMs > 0) for (const [resolve] of waiting.splice(0)) resolve(iceServers());
      options.onChange?.(iceServers());
    } else {
      const { error = accepted ? (received?.kind ?? 'none') : 'failed', retryAfterSec = 0 } =
        received?.kind === 'error' ? received : {};
      const fieldSec = parseInt((headers && headerValues(headers, 'Retry-After')[0]) ?? '', 10) || 0;
      const backOffMs = Math.min(firstRetryMs * 2 ** failures++, longestRetryMs) * (1 - Math.random() / 2);
      // A REGISTER may bring none while the credential in hand is fresh.
      dueAtMs = Math.max(nowMs + Math.max(backOffMs, retryAfterSec * 1000, fieldSec * 1000), held[0]?.[1] ?? 0);
      const retryInMs = dueAtMs - nowMs;
      if (FINAL_ERRORS.test(error)) dueAtMs = Infinity;
      options.onFailure?.(dueAtMs < Infinity ? { error, retryInMs } : { error });
    }
    tick();
  }

  const credentials: TurnCredentials = {
    iceServers,
    ready: () =>
      new Promise((resolve, reject) => {
        if (iceServers().length > 0) resolve(iceServers());
        else if (attached) waiting.push([resolve, reject]);
        else reject(new Error('detached'));
        // After a sleep the next question may be long due.
        tick();
      }),
    refresh() {
      dueAtMs = 0;
      tick();
    },
    moveCalls() {
      tick(true);
    },
    detach() {
      attached = false;
      clearTimeout(timer);
      release();
      for (const [, restore] of calls.values()) restore();
      for (const [, reject] of waiting.splice(0)) reject(new Error('detached'));
    },
  };
  const follow: Follow = (connection, incoming, isOver, reoffer) => {
    if (!attached || options.moveCalls === false) return;
    const servers = connection.getConfiguration().iceServers ?? [];
    const began = held.find(([{ username }]) => servers.some((server) => server.username === username));
    if (!began) return;
    calls.set(followCall(connection, began, incoming, isOver, reoffer), [isOver, describeWithRelay(connection)]);
    tick();
  };
  return [credentials, header, answered, follow];
}
