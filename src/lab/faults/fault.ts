import * as z from 'zod';
import { ISSUE_FAILURES } from '../../base/issue-failure.ts';
import { type LookupFailure } from '../../credentials/credential.ts';
import { type TokenDefect } from '../../edge/web-identity/token-defect.ts';

const milliseconds = z.int().min(0).max(600_000);
const ratio = z.number().gt(0).max(1).describe('The share of packets: 0.1 is one in ten.');
const direction = z
  .enum(['to-peer', 'to-client', 'both'])
  .default('both')
  .describe('Which of the relayed packets it hits.');
const printable = z.string().regex(/^[\x20-\x7e]{1,127}$/, 'expected 1 to 127 printable ASCII characters');
const sipStatus = z.int().min(300).max(699);
/** RFC 6455 §7.4: 1004 to 1006 and 1015 are never sent, and those below 3000 that nobody has defined are refused. */
const closeCode = z
  .int()
  .refine((code) => (code >= 1000 && code <= 1014 && (code < 1004 || code > 1006)) || (code >= 3000 && code <= 4999), {
    error: 'expected a close code that can be sent: 1000-1003, 1007-1014 or 3000-4999',
  });
const turnCode = z.int().min(300).max(699);

/** Defects of a token that was good a moment ago. A fault can refuse a token for one of them; malformed tokens need no fault. */
const TOKEN_CAUSES = [
  'token-expired',
  'token-audience',
  'token-key',
  'token-inactive',
  'issuer-unavailable',
] as const satisfies readonly TokenDefect[];
/**
 * Causes for which a fault can refuse a TURN credential that was good a moment ago. `unavailable`: what the TURN server asks about credentials
 * does not answer, so the client gets 500.
 */
const LOOKUP_CAUSES = [
  'revoked',
  'expired',
  'unknown-user',
  'wrong-realm',
  'unavailable',
] as const satisfies readonly LookupFailure[];

/** Causes for which a fault can refuse an access token: what a client or its authorization server can get wrong. */
const ACCESS_TOKEN_CAUSES = [
  'unknown-kid',
  'forged-token',
  'expired',
  'not-yet-valid',
] as const satisfies readonly LookupFailure[];

/** Whom and how often a fault hits; everything, for as long as the lab runs, unless said. */
const aim = {
  user: z.string().min(1).max(64).optional().describe('The lab user whom it hits; everybody when absent.'),
  times: z.int().min(1).max(1_000_000).optional().describe('The fault ends after so many hits.'),
  forMs: z.int().min(1).max(86_400_000).optional().describe('The fault ends after so many milliseconds.'),
};
const sipMethod = z
  .string()
  .regex(/^[A-Z]{1,32}$/)
  .optional()
  .describe('The SIP method that it hits; every method when absent.');
const turnMethod = z
  .enum(['Allocate', 'Refresh', 'CreatePermission', 'ChannelBind'])
  .optional()
  .describe('The TURN method that it hits; every method when absent.');

function fault<Kind extends string, Shape extends z.ZodRawShape>(kind: Kind, effect: string, shape: Shape) {
  return z.strictObject({ kind: z.literal(kind), ...shape, ...aim }).describe(effect);
}

/** One fault as it is asked for, over HTTP too. */
export const faultSchema = z.discriminatedUnion('kind', [
  fault('credential-ttl', 'The edge issues credentials that end after so many seconds.', {
    ttlSec: z.int().min(1).max(86_400).describe('Lifetime of each credential in seconds.'),
  }),
  fault('credential-missing', 'The 200 has no credential field.', {}),
  fault('credential-malformed', 'The 200 has credential fields that a parser must refuse.', {}),
  fault('credential-error', 'The 200 says error= in place of a credential.', {
    error: z.enum(ISSUE_FAILURES).describe('The reason that the 200 gives.'),
    retryAfterSec: z.int().min(1).max(86_400).optional().describe('Seconds of retry-after in the same field.'),
  }),
  fault('credential-wrong-password', 'The edge issues a password that the TURN server refuses.', {}),
  fault(
    'credential-revoked',
    'The TURN names of the user are revoked at once: allocations end, and their credentials are refused.',
    {},
  ),
  fault('credential-unusable', 'The TURN server refuses a good credential or access token.', {
    cause: z
      .enum(LOOKUP_CAUSES)
      .default('unavailable')
      .describe('Why, as the log and the event say. The client learns 401, or 500 for `unavailable`.'),
  }),
  fault(
    'access-token-refused',
    'The TURN server refuses a good access token (RFC 7635); a password is honoured as ever.',
    {
      cause: z
        .enum(ACCESS_TOKEN_CAUSES)
        .default('unknown-kid')
        .describe(
          'Why, as the log and the event say: `forged-token` is a token for another server, or by another key. The client learns 401.',
        ),
    },
  ),
  fault(
    'credential-store-down',
    'Nothing reaches the store of credentials: Redis, or in approach 2 without Redis the memory of the process. The edge answers error=unavailable with retry-after, and the TURN server serves the users whom it has met, and answers 500 to others. It takes no `user`.',
    {},
  ),
  fault('web-token-refused', 'The edge refuses a good web token that it has not seen on the connection before.', {
    cause: z
      .enum(TOKEN_CAUSES)
      .default('token-expired')
      .describe('Why. The client learns 401 with a Bearer challenge, or 503 for `issuer-unavailable`.'),
  }),
  fault(
    'authorization-server-down',
    'The authorization server of this process answers 503, and the edge can check no web token that it has not seen on the connection before.',
    {},
  ),
  fault('clock-skew', 'The clock is wrong by which the TURN server checks credentials, or the edge issues them.', {
    seconds: z
      .int()
      .min(-315_360_000)
      .max(315_360_000)
      .describe('Seconds by which the clock is ahead; behind when negative.'),
    of: z.enum(['turn', 'edge']).default('turn').describe('Whose clock is wrong.'),
  }),
  fault(
    'sip-answer',
    'The edge answers a request with this status instead of serving it. A 423 carries a Min-Expires of a minute more than was asked for.',
    {
      status: sipStatus.describe('SIP status, such as 403, 408, 423, 430, 480, 486 or 503.'),
      retryAfterSec: z.int().min(0).max(86_400).optional().describe('Seconds of Retry-After in the answer.'),
      method: sipMethod,
    },
  ),
  fault('sip-stale-nonce', 'A digest answer is challenged anew with stale=true.', {}),
  fault('sip-wrong-realm', 'A digest challenge names another realm.', {
    realm: printable.default('wrong.invalid').describe('The realm that it names.'),
  }),
  fault('answer-delayed', 'A final response to a client comes late.', {
    delayMs: milliseconds.describe('Milliseconds by which it is late.'),
    method: sipMethod,
  }),
  fault('answer-doubled', 'A final response to a client comes twice.', { method: sipMethod }),
  fault('answer-lost', 'A final response to a client does not come.', { method: sipMethod }),
  fault('flow-closed', 'The WebSocket closes with a code: at once, or when a request of the method comes.', {
    code: closeCode.default(1012).describe('WebSocket close code (RFC 6455 §7.4).'),
    method: sipMethod,
  }),
  fault('flow-cut', 'The WebSocket ends without a close frame: at once, or when a request of the method comes.', {
    method: sipMethod,
  }),
  fault(
    'server-restart',
    'Edge and TURN server stop, and come back on the same ports without registrations and allocations.',
    { downMs: milliseconds.default(0).describe('Milliseconds for which nothing answers.') },
  ),
  fault('turn-answer', 'The TURN server answers a request with this error.', {
    code: turnCode.describe('STUN error code, such as 300, 401, 437, 438, 441, 486 or 508.'),
    method: turnMethod,
  }),
  fault('turn-no-answer', 'The TURN server does not answer a request.', { method: turnMethod }),
  fault('allocation-ended', 'Allocations end at once: they relay nothing more, and a Refresh is answered 437.', {}),
  fault('relay-loss', 'A share of relayed packets is lost.', { ratio, direction }),
  fault('relay-delay', 'Relayed packets come late.', {
    delayMs: milliseconds.describe('Milliseconds by which each packet is late.'),
    jitterMs: milliseconds
      .default(0)
      .describe('Milliseconds by which the delay of a packet may be shorter or longer. Packets stay in order.'),
    direction,
  }),
  fault('relay-reorder', 'A share of relayed packets comes after later ones.', {
    ratio,
    delayMs: z.int().min(1).max(10_000).default(50).describe('Milliseconds by which a reordered packet is late.'),
    direction,
  }),
  fault(
    'relay-bandwidth',
    'A relay passes no more bits a second than this. Packets above the rate wait, and those that would wait too long are dropped.',
    {
      bitsPerSec: z.int().min(1000).max(10_000_000_000).describe('Bits a second that a relay passes.'),
      direction,
    },
  ),
]);

/** What to pass in: only `kind` and what has no default need be said. */
export type FaultRequest = z.input<typeof faultSchema>;
export type FaultKind = FaultRequest['kind'];
/** With every default filled in. */
export type FaultSpec<Kind extends FaultKind = FaultKind> = Extract<z.output<typeof faultSchema>, { kind: Kind }>;
