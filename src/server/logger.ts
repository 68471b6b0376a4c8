import { pino } from 'pino';
import { type Config } from '../config/schema/tree.ts';
import { type Logger } from '../core/logger.ts';

const STANDARD_ERROR = 2;

/** Logs to standard error, since standard output belongs to whoever asked for a line of JSON. */
export async function createLogger({ log }: Config): Promise<Logger> {
  const options = { level: log.level, base: null };
  const pretty = log.format === 'pretty' || (log.format === 'auto' && process.stderr.isTTY);
  let logger: Logger;
  if (pretty) {
    // Loaded only for people: it costs more start-up time than everything else here.
    const { default: prettyStream } = await import('pino-pretty');
    logger = pino(options, prettyStream({ destination: STANDARD_ERROR, sync: true }));
  } else {
    logger = pino(options, pino.destination({ dest: STANDARD_ERROR, sync: true }));
  }
  return logger;
}
