import { type Config } from '../config/schema/tree.ts';
import { type Clock } from '../base/clock.ts';
import { EpcscfTurnError } from '../base/errors.ts';
import { type Logger } from '../base/logger.ts';
import { type Edge } from '../edge/edge.ts';
import { type TurnServer } from '../turn/turn-server.ts';

/** Times of a drain. Defaults: `edge.drain` and `turn.drainSec` of the configuration. */
export interface DrainOptions {
  readonly noticeSec?: number;
  readonly windowSec?: number;
  readonly transactionSec?: number;
  readonly callSec?: number;
  /** Seconds that allocations are waited for once the WebSockets are closed. */
  readonly turnSec?: number;
}

/** What a drain still waits for. */
export interface DrainProgress {
  /** How many WebSockets are open. */
  readonly connections: number;
  readonly allocations: number;
}

interface DrainContext {
  readonly edge: Edge | undefined;
  readonly turn: TurnServer | undefined;
  readonly times: Required<DrainOptions>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly tell: (progress: DrainProgress) => void;
  /** Ends the drain early. */
  readonly signal: AbortSignal;
}

const PROGRESS_MS = 1000;
const LOOK_MS = 50;
const MAX_SEC = 86_400;

/** The times of a drain, checked. Throws ERR_INVALID_ARGUMENT. */
export function drainTimes({ edge, turn }: Config, options: DrainOptions): Required<DrainOptions> {
  const { noticeSec, windowSec, transactionSec, callSec } = edge.drain;
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  for (const [name, value] of given as [string, number][]) {
    if (!(value >= 0 && value <= MAX_SEC)) {
      throw new EpcscfTurnError('ERR_INVALID_ARGUMENT', `drain: expected ${name} 0-${MAX_SEC}, got ${value}`);
    }
  }
  const configured = { noticeSec, windowSec, transactionSec, callSec, turnSec: turn.drainSec };
  return { ...configured, ...(Object.fromEntries(given) as DrainOptions) };
}

/** Lets WebSockets and then allocations go; resolves when none is left, their time is up, or it is told so. Closes no port. */
export async function drainParts(context: DrainContext): Promise<void> {
  const { edge, turn, times, clock, signal } = context;
  const stopReporting = reportProgress(context);
  try {
    const [noticeMs, windowMs] = [times.noticeSec * 1000, times.windowSec * 1000];
    await edge?.drain({ noticeMs, windowMs, transactionMs: times.transactionSec * 1000, callMs: times.callSec * 1000 });
    if (!turn || signal.aborted) return;
    turn.drain();
    const isSettled = (): boolean => turn.stats()?.allocations === 0;
    await settled(isSettled, { limitMs: times.turnSec * 1000, clock, signal });
  } finally {
    stopReporting();
  }
}

/** Reports the progress at once and then every second. Returns a function that stops that. */
function reportProgress({ edge, turn, logger, tell }: DrainContext): () => void {
  const look = (): void => {
    const progress = { connections: edge?.connections ?? 0, allocations: turn?.stats()?.allocations ?? 0 };
    logger.info(progress, 'draining');
    tell(progress);
  };
  look();
  const timer = setInterval(look, PROGRESS_MS);
  return () => {
    clearInterval(timer);
  };
}

/** Resolves when the condition holds, after `limitMs`, or with the signal. */
function settled(
  isSettled: () => boolean,
  { limitMs, clock, signal }: { limitMs: number; clock: Clock; signal: AbortSignal },
): Promise<void> {
  const endMs = clock.now().monotonicMs + limitMs;
  return new Promise((resolve) => {
    const look = (): void => {
      if (!isSettled() && clock.now().monotonicMs < endMs && !signal.aborted) return;
      clearInterval(timer);
      signal.removeEventListener('abort', look);
      resolve();
    };
    const timer = setInterval(look, LOOK_MS);
    signal.addEventListener('abort', look);
    look();
  });
}
