import { ApiError, apiErrorOf, type StatusTable } from '../../http/api-error.ts';
import { LabWaitError } from '../lab-wait-error.ts';

/** Codes that only the lab answers with, and the HTTP status of each. */
export const LAB_STATUS = {
  ERR_LAB_TIMEOUT: 408,
  ERR_LAB_STOPPED: 503,
} as const satisfies StatusTable<LabWaitError['code']>;

/** What a client is told of an error: of a wait that failed, what happened instead. */
export function labErrorOf(error: unknown): ApiError {
  if (error instanceof LabWaitError) return new ApiError(error.code, error.message, LAB_STATUS[error.code]);
  return apiErrorOf(error);
}
