import { z } from 'zod';

/** HTTP status of an answer, by the code of the error that it tells. */
export const ADMIN_STATUS = {
  ERR_INVALID_ARGUMENT: 400,
  ERR_UNAUTHORIZED: 401,
  ERR_NOT_FOUND: 404,
  ERR_INVALID_STATE: 409,
  ERR_TOO_LARGE: 413,
  ERR_INTERNAL: 500,
} as const;

export type AdminErrorCode = keyof typeof ADMIN_STATUS;

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

export const revocationRequest = z.union([byUser, byName]);

const turnName = z.string();
const untilSec = z.number().describe('UNIX seconds until which the name is denied: the end of its credentials.');

export const revocationAnswer = z.looseObject({
  credentials: z.array(
    z.looseObject({
      turnName,
      untilSec,
      allocations: z.int().min(0).describe('Allocations of this process that ended with it.'),
    }),
  ),
  registrationsEnded: z.int().min(0),
});

export type RevocationAnswer = z.output<typeof revocationAnswer>;

export const revocationList = z.looseObject({
  total: z.int().min(0).describe('Names that are denied; the latest thousand are listed.'),
  revocations: z.array(z.looseObject({ turnName, untilSec })),
});

export const problem = z.looseObject({
  error: z.looseObject({
    code: z.enum(Object.keys(ADMIN_STATUS) as [AdminErrorCode, ...AdminErrorCode[]]),
    message: z.string(),
  }),
});
