import * as z from 'zod';
import { problemSchema } from '../../http/api-schemas.ts';
import { faultSchema } from '../faults/fault.ts';
import { CREDENTIAL_VIAS } from '../lab-credentials.ts';
import { address, clientTransport, count, relayCounters, turnName, unixMs, unixSec, user } from './common-schemas.ts';
import { EVENT_SCHEMAS } from './event-schemas.ts';
import { LAB_STATUS } from './lab-errors.ts';

/*
 * What the lab takes and answers over HTTP, each by the name it has in the OpenAPI document. Answers are open objects: a client must bear
 * fields that it does not know yet.
 */

const name = z.string().min(1).max(64);
const uris = z.array(z.string()).describe('turn: and turns: URIs, as the edge hands them out.');
const listener = z.looseObject({ ...address.shape, transport: clientTransport });

const lab = z.looseObject({
  version: z.string(),
  domain: z.string().describe('SIP home domain.'),
  realm: z.string().describe('TURN realm.'),
  webSocket: z.string().describe('wss: URL of the edge.').optional(),
  page: z.string().describe('https: URL of the demo page.').optional(),
  https: z.array(address),
  turn: z.array(listener),
  turnUris: uris,
  users: z.array(z.looseObject({ name, password: z.string(), uri: z.string().describe('sip:alice@localhost') })),
  ca: z.string().describe('PEM of the certificate to trust.'),
  spkiHash: z.string().describe("For Chromium's --ignore-certificate-errors-spki-list."),
  openapi: z.string().describe('Path of this document.'),
});

const credential = z.looseObject({
  user: name,
  turnName,
  username: z.string().describe('What goes into USERNAME: u and t.'),
  password: z.string(),
  token: z
    .string()
    .describe('Of an access token: the token in base64. username is then its kid, and password its session key.')
    .optional(),
  realm: z.string(),
  expiresAtSec: unixSec,
  iceServer: z
    .looseObject({ urls: uris, username: z.string(), credential: z.string() })
    .describe('As RTCPeerConnection takes it.'),
});
const issuedCredential = credential.extend({
  via: z.enum(CREDENTIAL_VIAS).describe('The request by which it was asked for; GET: of a page, at /turn-credentials.'),
});

const event = z.discriminatedUnion('type', EVENT_SCHEMAS.map(([, schema]) => schema) as [EventSchema]);
type EventSchema = (typeof EVENT_SCHEMAS)[number][1];

const snapshot = z.looseObject({
  flows: z.array(
    z.looseObject({
      id: z.string(),
      remoteAddress: z.string(),
      origin: z.string().optional(),
      secure: z.boolean(),
      user,
    }),
  ),
  registrations: z.array(
    z.looseObject({
      registrationId: z.string(),
      aor: z.string(),
      contactUri: z.string(),
      flowId: z.string(),
      expiresSec: z.number().describe('Seconds left.'),
      user,
    }),
  ),
  allocations: z.array(
    z.looseObject({
      allocationId: z.string(),
      user,
      turnName,
      keyId: z.string(),
      transport: clientTransport,
      client: address,
      relayed: address,
      relayedAll: z.array(address).describe('One, or IPv4 and then IPv6.'),
      createdAtUnixMs: unixMs,
      expiresInSec: z.number(),
      credentialExpiresAtSec: unixSec.optional(),
      permissions: count,
      channels: count,
      counters: relayCounters,
    }),
  ),
  credentials: z.array(issuedCredential).describe('All that the edge has issued, oldest first, with passwords.'),
  stats: z.looseObject({ turn: z.looseObject({}).optional(), edge: z.looseObject({}).optional() }),
});

const status = { id: z.string(), fired: count.describe('How often it has hit.'), active: z.boolean() };
const faultStatus = z
  .union(faultSchema.options.map((option) => z.looseObject({ ...option.shape, ...status })))
  .describe('A fault with its defaults filled in.');

const problem = problemSchema(
  'For a person: what was expected. After a wait that failed: what happened instead.',
  LAB_STATUS,
);

const mintRequest = z.strictObject({
  user: name,
  ttlSec: z.int().min(1).max(315_360_000).describe('Seconds from now; 3600 when absent.').optional(),
  expired: z.boolean().describe('Makes one that ended a minute ago.').optional(),
});

const tokenWish = {
  ttlSec: z.int().min(1).max(315_360_000).describe('Seconds from now; 3600 when absent.').optional(),
  expired: z.boolean().describe('Makes one that ended a minute ago.').optional(),
  audience: z.string().min(1).max(255).describe('Whom the token is for; without it, whom it should be for.').optional(),
  unknownKid: z.boolean().describe('Makes it with a key that nobody here knows.').optional(),
};
const mintTokenRequest = z.strictObject({ user: name, ...tokenWish });
const webTokenRequest = z.strictObject({
  user: name.describe('A lab user, a user of the web or a guest; without it the next guest of the pool.').optional(),
  ...tokenWish,
});
const webToken = z.looseObject({
  user: name.describe('Whom it lets register.'),
  uri: z.string().describe('Public identity to register: sip:guest1@localhost.'),
  impi: z.string().describe('Private identity.'),
  token: z.string().describe('A signed JWT, for Authorization: Bearer.'),
  expiresInSec: z.int().describe('Seconds until it ends; below 0 of one that has ended.'),
  expiresAtSec: unixSec,
});

const base64 = z.string().min(1).max(2048);
const kid = z.string().min(1).max(508);
const allocateRequest = z
  .union([
    z.looseObject({
      username: kid,
      password: z.string().max(1024),
      token: base64.describe('Of an access token: username is then its kid, and password its session key.').optional(),
    }),
    z.looseObject({ kid, key: base64.describe('Session key.'), token: base64 }),
  ])
  .describe('A credential as it was handed out, or an access token (RFC 7635); other fields are ignored.');

const REQUEST_SCHEMAS = {
  FaultRequest: faultSchema,
  MintRequest: mintRequest,
  MintTokenRequest: mintTokenRequest,
  WebTokenRequest: webTokenRequest,
  AllocateRequest: allocateRequest,
} as const;

export const ANSWER_SCHEMAS = {
  Lab: lab,
  LabEvent: event,
  LabEvents: z.looseObject({
    events: z.array(event),
    next: count.describe('`since` of the next request.'),
  }),
  Snapshot: snapshot,
  Credential: credential,
  IssuedCredential: issuedCredential,
  WebToken: webToken,
  AllocateOutcome: z.union([
    z.looseObject({ granted: z.literal(true), relayed: address }),
    z.looseObject({ granted: z.literal(false), code: z.int(), reason: z.string() }),
  ]),
  FaultStatus: faultStatus,
  FaultList: z.looseObject({ faults: z.array(faultStatus) }),
  Problem: problem,
} as const;

export type AnswerName = keyof typeof ANSWER_SCHEMAS;

export const LAB_SCHEMAS = {
  requests: REQUEST_SCHEMAS,
  answers: ANSWER_SCHEMAS,
  parts: Object.fromEntries(EVENT_SCHEMAS.map(([of, schema]) => [componentOf(of), schema])),
  ownStatus: LAB_STATUS,
} as const;

/** `flow-opened` → `FlowOpenedEvent` */
function componentOf(eventName: string): string {
  const words = eventName.split('-').map((word) => word.charAt(0).toUpperCase() + word.slice(1));
  return `${words.join('')}Event`;
}
