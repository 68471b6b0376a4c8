import { composeServer, type Server } from '../server/server.ts';
import { endLog } from '../server/log-output.ts';
import { createLogger } from '../server/logger.ts';
import { isatty } from 'node:tty';
import { type Config } from '../config/schema/tree.ts';
import { type Logger } from '../base/logger.ts';
import { type Secret } from '../base/secret.ts';
import { formatBanner, formatReadyLine } from './banner.ts';
import { configFrom, type ConfigFlags } from './config-options.ts';
import { EXIT, reportFailure } from './exit.ts';
import { checkLabControl, labToken, labTokenWarning, type LabFlags } from './lab-token.ts';
import { releaseStartMemory } from './release-memory.ts';
import { packageVersion } from './version.ts';

/** A stop waits so many milliseconds for clients that do not close their connections. */
const STOP_TIMEOUT_MS = 10_000;

/** Whom a page registers as to answer calls to `sip:echo@…` in the place of `@roamhq/wrtc`. */
const PAGE_ECHO = 'echo';

/** A server, or the lab around it: what a signal stops. */
interface Stoppable {
  stop(): Promise<void>;
}

export async function serve(flags: ConfigFlags & LabFlags & { readonly json?: boolean }): Promise<void> {
  const config = configFrom(flags);
  const token = flags.labControl ? labToken(flags, process.env) : undefined;
  checkLabControl(flags, config, token);
  const logger = await createLogger(config);
  const warning = flags.labControl ? labTokenWarning(flags) : undefined;
  if (warning !== undefined) logger.warn({}, warning);
  const { server, whole, labPath } = flags.labControl
    ? await createControlledLab(config, logger, token)
    : await createPlainServer(config, logger);
  stopOnSignals(server, whole);
  drainOnSignal(server);
  answerHangup(whole, logger);
  void server.failure.then(() => stop(whole, EXIT.failed));
  const addresses = await server.start();
  const format = flags.json ? formatReadyLine : formatBanner;
  console.log(format(packageVersion(), addresses, server, labPath));
  await releaseStartMemory();
}

interface Made {
  readonly server: Server;
  readonly whole: Stoppable;
  /** Path of lab control; absent when it is not open. */
  readonly labPath?: string;
}

async function createPlainServer(config: Config, logger: Logger): Promise<Made> {
  const server = await composeServer(config, { logger });
  return { server, whole: server };
}

/** The lab is loaded only here: a server without one neither waits for it nor has it in the process. */
async function createControlledLab(config: Config, logger: Logger, token: Secret | undefined): Promise<Made> {
  const [{ createLab }, { createLabControl }, { labPasswords }] = await Promise.all([
    import('../lab/create-lab.ts'),
    import('../lab/control/lab-control.ts'),
    import('../lab/lab-users.ts'),
  ]);
  const control = createLabControl({ version: packageVersion(), ...(token && { token }) });
  const lab = await createLab(config, { logger, control, extraUsers: labPasswords([PAGE_ECHO]) });
  return { server: lab.server, whole: lab, labPath: control.path };
}

/** Two signals within so many milliseconds are one: npm passes on a Ctrl-C that the terminal has sent to this process too. */
const SAME_WISH_MS = 500;

/**
 * SIGINT, from a person at a terminal, stops in order and soon; SIGTERM, from a service manager, drains first. A second signal leaves
 * at once.
 */
function stopOnSignals(server: Server, whole: Stoppable): void {
  let stoppingSinceMs: number | undefined;
  for (const [signal, number] of [
    ['SIGINT', 2],
    ['SIGTERM', 15],
  ] as const) {
    process.on(signal, () => {
      const nowMs = performance.now();
      if (stoppingSinceMs === undefined) {
        stoppingSinceMs = nowMs;
        void (signal === 'SIGTERM' ? drainAndStop(server, whole) : stop(whole));
      } else if (nowMs - stoppingSinceMs > SAME_WISH_MS) process.exit(128 + number);
    });
  }
}

/** The first SIGUSR2 lets no new allocation begin, so that the process can be stopped when no call is left; the next one does again. */
function drainOnSignal(server: Server): void {
  // Windows has no such signal, and says so by throwing.
  if (process.platform === 'win32') return;
  process.on('SIGUSR2', () => {
    const isDraining = server.snapshot().stats.turn?.draining ?? false;
    if (isDraining) server.resumeTurn();
    else server.drainTurn();
  });
}

/**
 * SIGHUP, by which other servers are told to read their configuration again, ends nothing. It also comes when the terminal that the server was started
 * from is closed: the server could not be stopped from there any more, so it stops in order.
 */
function answerHangup(whole: Stoppable, logger: Logger): void {
  // Windows ends the process whatever it does about this.
  if (process.platform === 'win32') return;
  const hadTerminal = isatty(0);
  const onHangup = (): void => {
    if (!hadTerminal || isatty(0)) {
      logger.warn(
        {},
        'SIGHUP: certificate files are read again when they change (tls.reloadSec), all else needs a restart',
      );
      return;
    }
    process.off('SIGHUP', onHangup);
    // By the signal itself: at process.exit() Node puts the terminal back as it was, and aborts where there is none any more.
    const end = (): void => {
      endLog();
      process.kill(process.pid, 'SIGHUP');
    };
    setTimeout(end, STOP_TIMEOUT_MS).unref();
    void whole.stop().finally(end);
  };
  process.on('SIGHUP', onHangup);
}

async function drainAndStop(server: Server, whole: Stoppable): Promise<void> {
  try {
    await server.drain();
  } catch (error) {
    process.exit(reportFailure(error));
  }
  await stop(whole);
}

async function stop(whole: Stoppable, code: number = EXIT.ok): Promise<void> {
  setTimeout(() => process.exit(EXIT.failed), STOP_TIMEOUT_MS).unref();
  try {
    await whole.stop();
    process.exit(code);
  } catch (error) {
    process.exit(reportFailure(error));
  }
}
