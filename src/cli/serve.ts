import { createServer, type Server } from '../server.ts';
import { formatBanner, formatReadyLine } from './banner.ts';
import { configFrom, type ConfigFlags } from './config-options.ts';
import { EXIT, reportFailure } from './exit.ts';
import { packageVersion } from './version.ts';

/** Clients that do not let go are left behind after this. */
const STOP_TIMEOUT_MS = 10_000;

export async function serve(flags: ConfigFlags & { readonly json?: boolean }): Promise<void> {
  const config = configFrom(flags);
  const server = await createServer(config);
  stopOnSignals(server);
  const addresses = await server.start();
  const format = flags.json ? formatReadyLine : formatBanner;
  console.log(format(packageVersion(), addresses, server.facts));
}

/** npm passes on a Ctrl-C that the terminal has sent us as well: that is one wish, not two. */
const SAME_WISH_MS = 500;

/** The first signal stops in order, the second at once. */
function stopOnSignals(server: Server): void {
  let stoppingSinceMs: number | undefined;
  for (const [signal, number] of [
    ['SIGINT', 2],
    ['SIGTERM', 15],
  ] as const) {
    process.on(signal, () => {
      const nowMs = performance.now();
      if (stoppingSinceMs === undefined) {
        stoppingSinceMs = nowMs;
        void stop(server);
      } else if (nowMs - stoppingSinceMs > SAME_WISH_MS) process.exit(128 + number);
    });
  }
}

async function stop(server: Server): Promise<void> {
  setTimeout(() => process.exit(EXIT.failed), STOP_TIMEOUT_MS).unref();
  try {
    await server.stop();
    process.exit(EXIT.ok);
  } catch (error) {
    process.exit(reportFailure(error));
  }
}
