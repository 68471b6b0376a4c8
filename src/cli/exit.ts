import { EpcscfTurnError } from '../base/errors.ts';
import { endLog } from '../server/log-output.ts';

/** Exit codes: 1 for a failure at run time, 2 for a mistake in arguments or configuration. */
export const EXIT = { ok: 0, failed: 1, config: 2 } as const;

/** Says on standard error what happened, in one line where that is possible, and returns the exit code. */
export function reportFailure(error: unknown): number {
  // What was logged before it stands before it.
  endLog();
  if (error instanceof EpcscfTurnError) {
    const isConfig = error.code === 'ERR_CONFIG_INVALID' || error.code === 'ERR_CONFIG_UNREADABLE';
    for (const line of error.problems) console.error(isConfig ? line : `epcscf-turn: ${line}`);
    return isConfig ? EXIT.config : EXIT.failed;
  }
  console.error('epcscf-turn: internal error, please report it:', error);
  return EXIT.failed;
}
