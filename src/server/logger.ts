import { pino } from 'pino';
import { type Config } from '../config/schema/tree.ts';
import { type Logger } from '../base/logger.ts';
import { escapeControls, showControls } from './log-text.ts';

const STANDARD_ERROR = 2;

/** Logs to standard error: standard output is for the lines of JSON that a command prints. */
export async function createLogger({ log }: Config): Promise<Logger> {
  const options = { level: log.level, base: null };
  const pretty = log.format === 'pretty' || (log.format === 'auto' && process.stderr.isTTY);
  let logger: Logger;
  if (pretty) {
    // Loaded only for people: it costs more start-up time than everything else here.
    const { default: prettyStream } = await import('pino-pretty');
    const terminal = prettyStream({ destination: STANDARD_ERROR, sync: true });
    logger = pino(options, { write: (line) => terminal.write(showControls(line)) });
  } else {
    const file = pino.destination({ dest: STANDARD_ERROR, sync: true });
    logger = pino(options, { write: (line) => file.write(escapeControls(line)) });
  }
  return logger;
}
