import * as z from 'zod';
import { API_STATUS, type StatusTable } from './api-error.ts';

type SchemasByName = Readonly<Record<string, z.ZodType>>;

/** What an API takes and answers, each schema by the name that it has in the OpenAPI document. */
export interface ApiSchemas {
  readonly requests: SchemasByName;
  /** `Problem` is the answer to a request that failed. */
  readonly answers: SchemasByName & { readonly Problem: z.ZodType };
  /** Schemas that occur only within answers and have a name of their own. */
  readonly parts?: SchemasByName;
  /** Codes that the API has beside `API_STATUS`. */
  readonly ownStatus: StatusTable;
}

/** The schema of the answer to a request that failed; see `ApiError`. `message` describes its text for people. */
export function problemSchema(message: string, ownStatus: StatusTable) {
  const codes = Object.keys({ ...API_STATUS, ...ownStatus });
  return z.looseObject({ error: z.looseObject({ code: z.enum(codes), message: z.string().describe(message) }) });
}
