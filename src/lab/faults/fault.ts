import { z } from 'zod';

const milliseconds = z.int().min(0).max(600_000);
const ratio = z.number().gt(0).max(1);
const direction = z.enum(['to-peer', 'to-client', 'both']).default('both');
const printable = z.string().regex(/^[\x20-\x7e]{1,127}$/, 'expected 1 to 127 printable ASCII characters');
const sipStatus = z.int().min(300).max(699);
/** RFC 6455 §7.4: 1004 to 1006 and 1015 are never sent, and those below 3000 that nobody has defined are refused. */
const closeCode = z
  .int()
  .refine((code) => (code >= 1000 && code <= 1014 && (code < 1004 || code > 1006)) || (code >= 3000 && code <= 4999), {
    error: 'expected a close code that can be sent: 1000-1003, 1007-1014 or 3000-4999',
  });
const turnCode = z.int().min(300).max(699);

/** Whom and how often a fault hits; everything, for as long as the lab runs, unless said. */
const aim = {
  user: z.string().min(1).max(64).optional().describe('Lab user whom it hits; everybody when absent.'),
  times: z.int().min(1).max(1_000_000).optional().describe('Ends after so many hits.'),
  forMs: z.int().min(1).max(86_400_000).optional().describe('Ends after so many milliseconds.'),
};
const sipMethod = z
  .string()
  .regex(/^[A-Z]{1,32}$/)
  .optional()
  .describe('SIP method it hits; all of them when absent.');
const turnMethod = z
  .enum(['Allocate', 'Refresh', 'CreatePermission', 'ChannelBind'])
  .optional()
  .describe('TURN method it hits; all of them when absent.');

function fault<Kind extends string, Shape extends z.ZodRawShape>(kind: Kind, shape: Shape) {
  return z.strictObject({ kind: z.literal(kind), ...shape, ...aim });
}

/** One fault as it is asked for, over HTTP too. */
export const faultSchema = z.discriminatedUnion('kind', [
  fault('credential-ttl', { ttlSec: z.int().min(1).max(86_400) }),
  fault('credential-missing', {}),
  fault('credential-malformed', {}),
  fault('credential-error', {
    error: z.enum(['denied', 'quota', 'insecure', 'unsupported', 'unavailable']),
    retryAfterSec: z.int().min(1).max(86_400).optional(),
  }),
  fault('credential-wrong-password', {}),
  fault('clock-skew', {
    seconds: z.int().min(-315_360_000).max(315_360_000).describe('How far its clock is ahead; behind when negative.'),
    of: z.enum(['turn', 'edge']).default('turn'),
  }),
  fault('sip-answer', {
    status: sipStatus,
    retryAfterSec: z.int().min(0).max(86_400).optional(),
    method: sipMethod,
  }),
  fault('sip-stale-nonce', {}),
  fault('sip-wrong-realm', { realm: printable.default('wrong.invalid') }),
  fault('answer-delayed', { delayMs: milliseconds, method: sipMethod }),
  fault('answer-doubled', { method: sipMethod }),
  fault('answer-lost', { method: sipMethod }),
  fault('flow-closed', { code: closeCode.default(1012), method: sipMethod }),
  fault('flow-cut', { method: sipMethod }),
  fault('server-restart', { downMs: milliseconds.default(0) }),
  fault('turn-answer', { code: turnCode, method: turnMethod }),
  fault('turn-no-answer', { method: turnMethod }),
  fault('allocation-ended', {}),
  fault('relay-loss', { ratio, direction }),
  fault('relay-delay', { delayMs: milliseconds, jitterMs: milliseconds.default(0), direction }),
  fault('relay-reorder', { ratio, delayMs: z.int().min(1).max(10_000).default(50), direction }),
  fault('relay-bandwidth', { bitsPerSec: z.int().min(1000).max(10_000_000_000), direction }),
]);

/** What to pass in: only `kind` and what has no default need be said. */
export type FaultRequest = z.input<typeof faultSchema>;
export type FaultKind = FaultRequest['kind'];
/** With every default filled in. */
export type FaultSpec<Kind extends FaultKind = FaultKind> = Extract<z.output<typeof faultSchema>, { kind: Kind }>;
