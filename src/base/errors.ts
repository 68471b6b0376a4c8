/** Every code an error of this package can carry. docs/reference/errors.md says what to do about each. */
export const ERROR_CODES = [
  'ERR_CONFIG_INVALID',
  'ERR_CONFIG_UNREADABLE',
  'ERR_CERTIFICATE_UNREADABLE',
  'ERR_STATE_DIR_UNUSABLE',
  'ERR_ADDRESS_IN_USE',
  'ERR_ADDRESS_UNAVAILABLE',
  'ERR_PERMISSION_DENIED',
  'ERR_LISTEN_FAILED',
  'ERR_INVALID_ARGUMENT',
  'ERR_INVALID_STATE',
] as const;

export type ErrorCode = (typeof ERROR_CODES)[number];

/** The one error class this package throws: at start-up and for a caller's own mistakes, never for remote input. */
export class EpcscfTurnError extends Error {
  override readonly name = 'EpcscfTurnError';
  readonly code: ErrorCode;
  /** One sentence for each thing that is wrong, such as each key of a configuration. `message` has them as lines. */
  readonly problems: readonly string[];

  constructor(code: ErrorCode, problems: string | readonly string[], options?: ErrorOptions) {
    const all = typeof problems === 'string' ? [problems] : problems;
    super(all.join('\n'), options);
    this.code = code;
    this.problems = all;
  }
}
