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

function fault<Kind extends string, Shape extends z.ZodRawShape>(kind: Kind, effect: string, shape: Shape) {
  return z.strictObject({ kind: z.literal(kind), ...shape, ...aim }).describe(effect);
}

/** One fault as it is asked for, over HTTP too. */
export const faultSchema = z.discriminatedUnion('kind', [
  fault('credential-ttl', 'The edge issues credentials that end after so many seconds.', {
    ttlSec: z.int().min(1).max(86_400),
  }),
  fault('credential-missing', 'The 200 has no credential field.', {}),
  fault('credential-malformed', 'The 200 has credential fields that a parser must refuse.', {}),
  fault('credential-error', 'The 200 says error= in place of a credential.', {
    error: z.enum(['denied', 'quota', 'insecure', 'unsupported', 'unavailable']),
    retryAfterSec: z.int().min(1).max(86_400).optional(),
  }),
  fault('credential-wrong-password', 'The edge issues a password that the TURN server refuses.', {}),
  fault('clock-skew', 'The clock that the TURN server checks credentials by, or the edge issues them by, is wrong.', {
    seconds: z.int().min(-315_360_000).max(315_360_000).describe('How far its clock is ahead; behind when negative.'),
    of: z.enum(['turn', 'edge']).default('turn'),
  }),
  fault('sip-answer', 'The edge answers a request so in place of serving it; a 423 asks for a minute more.', {
    status: sipStatus,
    retryAfterSec: z.int().min(0).max(86_400).optional(),
    method: sipMethod,
  }),
  fault('sip-stale-nonce', 'A digest answer is challenged anew with stale=true.', {}),
  fault('sip-wrong-realm', 'A digest challenge names another realm.', { realm: printable.default('wrong.invalid') }),
  fault('answer-delayed', 'A final response to a client comes late.', { delayMs: milliseconds, method: sipMethod }),
  fault('answer-doubled', 'A final response to a client comes twice.', { method: sipMethod }),
  fault('answer-lost', 'A final response to a client does not come.', { method: sipMethod }),
  fault('flow-closed', 'The WebSocket closes with a code: at once, or when a request of the method comes.', {
    code: closeCode.default(1012),
    method: sipMethod,
  }),
  fault('flow-cut', 'The WebSocket ends without a close frame: at once, or when a request of the method comes.', {
    method: sipMethod,
  }),
  fault(
    'server-restart',
    'Edge and TURN server stop, and come back on the same ports without registrations and allocations.',
    { downMs: milliseconds.default(0) },
  ),
  fault('turn-answer', 'The TURN server answers a request with this error.', { code: turnCode, method: turnMethod }),
  fault('turn-no-answer', 'The TURN server does not answer a request.', { method: turnMethod }),
  fault('allocation-ended', 'Allocations end at once; what they relayed is lost, and a Refresh gets 437.', {}),
  fault('relay-loss', 'A share of relayed packets is lost.', { ratio, direction }),
  fault('relay-delay', 'Relayed packets come late, give or take the jitter.', {
    delayMs: milliseconds,
    jitterMs: milliseconds.default(0),
    direction,
  }),
  fault('relay-reorder', 'A share of relayed packets comes after later ones.', {
    ratio,
    delayMs: z.int().min(1).max(10_000).default(50),
    direction,
  }),
  fault('relay-bandwidth', 'A relay passes no more bits than this.', {
    bitsPerSec: z.int().min(1000).max(10_000_000_000),
    direction,
  }),
]);

/** What to pass in: only `kind` and what has no default need be said. */
export type FaultRequest = z.input<typeof faultSchema>;
export type FaultKind = FaultRequest['kind'];
/** With every default filled in. */
export type FaultSpec<Kind extends FaultKind = FaultKind> = Extract<z.output<typeof faultSchema>, { kind: Kind }>;
