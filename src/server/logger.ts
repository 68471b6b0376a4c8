import { pino } from 'pino';
import { type Config } from '../config/schema/tree.ts';
import { type Logger } from '../base/logger.ts';
import { standardError } from './log-output.ts';
import { escapeControls, showControls } from './log-text.ts';

/** Logs to standard error: standard output is for the lines of JSON that a command prints. */
export async function createLogger({ log }: Config): Promise<Logger> {
  const isPretty = log.format === 'pretty' || (log.format === 'auto' && process.stderr.isTTY);
  const format = isPretty ? await prettyFormat() : escapeControls;
  const output = standardError((lines) => {
    logger.warn({ lines }, 'lines of the log were dropped, as standard error took them too slowly or not at all');
  });
  const write = (line: string): void => {
    output.write(format(line));
  };
  const logger: Logger = pino({ level: log.level, base: null }, { write });
  return logger;
}

/** For people. Loaded only for them: it costs more start-up time than everything else here. */
async function prettyFormat(): Promise<(line: string) => string> {
  const { prettyFactory } = await import('pino-pretty');
  const format = prettyFactory({});
  return (line) => format(showControls(line));
}
