import * as z from 'zod';
import { type ApiSchemas, problemSchema } from '../../http/api-schemas.ts';

const byUser = z.strictObject({
  user: z
    .string()
    .min(1)
    .max(512)
    .describe('A public or private identity, or its user part: sip:alice@example.com, alice.'),
  endRegistrations: z.boolean().optional().describe('Ends the registrations of the user too; false when absent.'),
});

const byName = z.strictObject({
  turnName: z.string().min(1).max(763).describe('u as the log of a TURN server shows it, or a whole USERNAME.'),
});

const byClient = z.strictObject({
  client: z
    .string()
    .min(1)
    .max(64)
    .describe(
      'Client of the authorization server (oauth.clients[].id): the tokens for the TURN server that it has got.',
    ),
});

const turnName = z.string();
const untilSec = z.number().describe('UNIX seconds until which the name is denied: the end of its credentials.');

const revocationAnswer = z.looseObject({
  credentials: z.array(
    z.looseObject({
      turnName,
      untilSec,
      allocations: z.int().min(0).describe('Allocations of this process that ended with it.'),
    }),
  ),
  registrationsEnded: z.int().min(0),
});

const revocationList = z.looseObject({
  total: z.int().min(0).describe('Names that are denied; the latest thousand are listed.'),
  max: z.int().min(1).describe('Names denied at most: credentials.maxRegistrations.'),
  forgotten: z
    .int()
    .min(0)
    .describe(
      'Names that were good again before their end, since the list was full. Counted since the process started.',
    ),
  revocations: z.array(z.looseObject({ turnName, untilSec })),
});

/** What the API takes and answers, by the names of the OpenAPI document. Answers are open objects: a client must bear fields that it does not know. */
export const ADMIN_SCHEMAS = {
  requests: { RevocationRequest: z.union([byUser, byName, byClient]) },
  answers: {
    RevocationAnswer: revocationAnswer,
    RevocationList: revocationList,
    Problem: problemSchema('What was expected, and what came.', {}),
  },
  ownStatus: {},
} as const satisfies ApiSchemas;
