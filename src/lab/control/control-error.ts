import { EpcscfTurnError } from '../../base/errors.ts';
import { LabWaitError } from '../lab-wait-error.ts';

/** What went wrong, for programs: `error.code` of an answer, and its status. */
export const CONTROL_STATUS = {
  ERR_INVALID_ARGUMENT: 400,
  ERR_UNAUTHORIZED: 401,
  ERR_FORBIDDEN: 403,
  ERR_NOT_FOUND: 404,
  ERR_LAB_TIMEOUT: 408,
  ERR_INVALID_STATE: 409,
  ERR_TOO_LARGE: 413,
  ERR_TOO_MANY: 429,
  ERR_INTERNAL: 500,
  ERR_LAB_STOPPED: 503,
  ERR_NO_ANSWER: 504,
} as const;

export type ControlErrorCode = keyof typeof CONTROL_STATUS;

/** Becomes the answer. */
export class ControlError extends Error {
  override readonly name = 'ControlError';
  readonly code: ControlErrorCode;

  constructor(code: ControlErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** What an error is to a client; only what was meant for one is told. */
export function controlErrorOf(error: unknown): ControlError {
  if (error instanceof ControlError) return error;
  if (error instanceof LabWaitError) return new ControlError(error.code, error.message);
  if (error instanceof EpcscfTurnError) {
    const { code, message } = error;
    if (code === 'ERR_INVALID_ARGUMENT' || code === 'ERR_INVALID_STATE') return new ControlError(code, message);
  }
  return new ControlError('ERR_INTERNAL', 'the lab failed to answer');
}
