import { EpcscfTurnError } from '../../base/errors.ts';
import { type FaultRegistry } from './fault-registry.ts';

/** Milliseconds in which the answer to an HTTP request can leave before its connection closes. */
const ANSWER_FIRST_MS = 20;

/** Causes `server-restart`. */
export function causeRestarts(
  faults: FaultRegistry,
  restart: (options: { readonly downMs: number }) => Promise<void>,
): void {
  faults.actAtOnce('server-restart', (fault) => {
    const { user, downMs } = fault.spec;
    fault.fire({ user }, { downMs });
    setTimeout(() => {
      restart({ downMs }).catch(report);
    }, ANSWER_FIRST_MS).unref();
  });
}

/** No caller waits for this restart, and nothing works after one that failed. A lab that is stopped meanwhile is no failure. */
function report(error: unknown): void {
  if (error instanceof EpcscfTurnError && error.code === 'ERR_INVALID_STATE') return;
  process.emitWarning(error instanceof Error ? error : String(error));
}
