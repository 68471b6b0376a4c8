import { z } from 'zod';
import {
  ADMIN_STATUS,
  type AdminErrorCode,
  problem,
  revocationAnswer,
  revocationList,
  revocationRequest,
} from './schemas.ts';

type Json = Readonly<Record<string, unknown>>;

/** OpenAPI 3.1 of the routes, from the schemas that check what comes in. */
export function describeAdminApi(path: string): Json {
  return {
    openapi: '3.1.0',
    info: { title: 'epcscf-turn admin', version: '1', description: 'What the operator may do over HTTPS.' },
    paths: {
      [`${path}/revocations`]: {
        get: {
          operationId: 'listRevocations',
          summary: 'The TURN names that are denied',
          responses: responses(revocationList, []),
        },
        post: {
          operationId: 'revoke',
          summary: 'Revokes what a user holds, or one TURN name, and tells what ended',
          requestBody: { required: true, content: jsonOf(revocationRequest, 'input') },
          responses: responses(revocationAnswer, ['ERR_INVALID_ARGUMENT', 'ERR_INVALID_STATE', 'ERR_TOO_LARGE']),
        },
      },
    },
    components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
    security: [{ token: [] }],
  };
}

function responses(answer: z.ZodType, errors: readonly AdminErrorCode[]): Json {
  const failures = [...errors, 'ERR_UNAUTHORIZED' as const, 'ERR_INTERNAL' as const];
  return {
    200: { description: 'Done.', content: jsonOf(answer, 'output') },
    ...Object.fromEntries(
      failures.map((code) => [ADMIN_STATUS[code], { description: code, content: jsonOf(problem, 'output') }]),
    ),
  };
}

function jsonOf(schema: z.ZodType, io: 'input' | 'output'): Json {
  return { 'application/json': { schema: z.toJSONSchema(schema, { io }) } };
}
