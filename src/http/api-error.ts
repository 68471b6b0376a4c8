import { type ContentfulStatusCode } from 'hono/utils/http-status';
import { EpcscfTurnError } from '../base/errors.ts';

/** HTTP status of an answer, by the code of the error that it tells. */
export type StatusTable<Code extends string = string> = Readonly<Record<Code, ContentfulStatusCode>>;

/** Codes that any API may answer with, `error.code` of the answer, and the HTTP status of each. An API may have codes of its own beside these. */
export const API_STATUS = {
  ERR_INVALID_ARGUMENT: 400,
  ERR_UNAUTHORIZED: 401,
  ERR_FORBIDDEN: 403,
  ERR_NOT_FOUND: 404,
  ERR_INVALID_STATE: 409,
  ERR_TOO_LARGE: 413,
  ERR_TOO_MANY: 429,
  ERR_INTERNAL: 500,
  ERR_NO_ANSWER: 504,
} as const satisfies StatusTable;

export type ApiErrorCode = keyof typeof API_STATUS;

/** An error that is told to the client of an API, as `{ "error": { "code", "message" } }`. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly code: string;
  readonly status: ContentfulStatusCode;

  /** `status` is for a code that an API has of its own. */
  constructor(code: ApiErrorCode, message: string);
  constructor(code: string, message: string, status: ContentfulStatusCode);
  constructor(code: string, message: string, status: ContentfulStatusCode = API_STATUS[code as ApiErrorCode]) {
    super(message);
    this.code = code;
    this.status = status;
  }
}

/** What a client is told of an error that a route threw: the whole of an error that was made for clients, nothing of any other. */
export function apiErrorOf(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  if (error instanceof EpcscfTurnError) {
    const { code, message } = error;
    if (code === 'ERR_INVALID_ARGUMENT' || code === 'ERR_INVALID_STATE') return new ApiError(code, message);
  }
  return new ApiError('ERR_INTERNAL', 'the server failed to answer');
}
