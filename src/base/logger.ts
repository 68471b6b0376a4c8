export type LogFields = Readonly<Record<string, unknown>>;

/** The logger of every room. A pino logger fits, and so does `silentLogger`. */
export interface Logger {
  trace(fields: LogFields, message: string): void;
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
}

function drop(): void {
  // A silent logger keeps nothing.
}

export const silentLogger: Logger = { trace: drop, debug: drop, info: drop, warn: drop, error: drop };
