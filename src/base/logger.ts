export type LogFields = Readonly<Record<string, unknown>>;

type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error';

/** The logger of every room. A pino logger fits, and so does `silentLogger`. */
export interface Logger {
  trace(fields: LogFields, message: string): void;
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
  /** Whether lines of a level are written, so that nothing is put together for one that is not. Where it is absent, all are. */
  isLevelEnabled?(level: LogLevel): boolean;
}

function drop(): void {
  // A silent logger keeps nothing.
}

export const silentLogger: Logger = {
  trace: drop,
  debug: drop,
  info: drop,
  warn: drop,
  error: drop,
  isLevelEnabled: () => false,
};

/** Whether a logger writes lines of a level. */
export function writes(logger: Logger, level: LogLevel): boolean {
  return logger.isLevelEnabled?.(level) ?? true;
}
