import * as z from 'zod';
import { CREDENTIAL_STORES } from '../../credentials/delivered/delivery-words.ts';
import { CREDENTIAL_KINDS } from '../../edge/edge-words.ts';
import { GRANTS, OAUTH_ERRORS, SCOPES, SIGN_IN_WAYS, WEB_EXCHANGES } from '../../oauth/oauth-words.ts';
import { TURN_FORMS } from '../../oauth/wwsf/turn-forms.ts';
import { FAULT_KINDS } from '../faults/parse-fault.ts';
import { LAB_EVENT_CAUSES, type LabEvent, type LabEventName } from '../lab-events.ts';
import { address, clientTransport, count, relayCounters, turnName, unixMs, unixSec, user } from './common-schemas.ts';

/** What every event has, `type` aside. */
const common = {
  seq: z.int().min(1).describe('1, 2, 3 …: the position of the event among all events of the lab.'),
  atUnixMs: unixMs,
  user: user.describe('The lab user whom the event concerns, as far as known.'),
  turnName: turnName.optional(),
};

const flowId = z.string().describe('Identifies one WebSocket.');
const sipMethod = z.string().describe('SIP method; in a response, the method of its CSeq.');
const stunMethod = z.int().min(0).max(0xfff).describe('STUN method number: 3 is Allocate.');
const party = z.enum(['wic', 'edge', 'core']);
const webParty = z.enum(['wic', 'wwsf', 'waf']);
const signInAt = z.enum(['wwsf', 'waf']).describe('Where: at the web server or at the authorization server.');
const via = z.enum(['REGISTER', 'OPTIONS']).describe('The request by which the client asked.');
const direction = z.enum(['in', 'out']).describe('Into the server, or out of it.');
const remoteAddress = z.string().describe('IP address of the client.');
const core = z.string().describe('One address of the core, as a SIP URI.');
const origin = z.string().optional().describe('Origin that the client sent.');
const downMs = z.number().describe('Milliseconds for which it was down.');

const registration = {
  flowId,
  aor: z.string().describe('Address-of-record: sip:user@domain.'),
  registrationId: z.string().describe('Identifies a registration: the same for a user and device.'),
};
const client = {
  transport: clientTransport,
  client: address.describe('IP address and port of the client.'),
};
const allocation = {
  ...client,
  allocationId: z.string().describe('Identifies one allocation.'),
  keyId: z.string().describe('Label of the key that verified the credential.'),
  realm: z.string().describe('Realm of the user.'),
  relayed: address.describe('Relayed address; the first of relayedAll.'),
  relayedAll: z.array(address).describe('All relayed addresses: one, or IPv4 and then IPv6.'),
  family: z.union([z.literal(4), z.literal(6)]).describe('Address family of relayed.'),
};
const lifetimeSec = z.int().min(0).describe('Seconds until the allocation ends without a further Refresh.');
const peer = address.describe('IP address and port of the peer.');
const impi = z.string().describe('Private identity of the user.');
const endOfCredential = unixSec.describe('End of the credential in UNIX seconds.');
const delivered = {
  registrationId: registration.registrationId.describe(
    'For which registration. That of a session of the web server begins with `wwsf `.',
  ),
  name: turnName,
  store: wordOf(CREDENTIAL_STORES).describe('What it is delivered to: memory of the process, or redis.'),
};
const fault = {
  faultId: z.string().describe('Identifies one fault.'),
  kind: z.enum(FAULT_KINDS).describe('Kind of the fault.'),
};
const peerCall = {
  peer: z.string().describe('User part of the peer that was called: echo.'),
  from: z.string().describe('URI of the caller.'),
  callId: z.string().describe('Call-ID of the call.'),
};

/** One of the words of a closed union. */
function wordOf(words: Readonly<Record<string, string>>) {
  return z.enum(Object.keys(words) as [string, ...string[]]);
}

/** `cause` of an event: one of those that the table of causes has. */
function causeOf(name: keyof typeof LAB_EVENT_CAUSES) {
  return wordOf(LAB_EVENT_CAUSES[name]);
}

/** Fields that are an event's own. Whether none is missing, the compiler knows. */
type Fields<Name extends LabEventName> = Readonly<
  Record<Exclude<keyof LabEvent<Name>, 'type' | keyof typeof common>, z.ZodType>
>;

const FIELDS = {
  stopped: {},
  draining: {
    connections: count.describe('WebSockets that are open.'),
    allocations: count.describe('Allocations that are live.'),
  },
  'server-restarted': { downMs: count.describe('Milliseconds for which nothing answered.') },
  'flow-opened': { flowId, remoteAddress, origin },
  'flow-closed': { flowId, cause: causeOf('flow-closed'), code: z.int().describe('WebSocket close code.') },
  'flow-refused': { remoteAddress, origin, cause: causeOf('flow-refused') },
  'register-challenged': {
    flowId,
    aor: registration.aor,
    stale: z.boolean().describe('Whether only the nonce was too old.'),
  },
  'authentication-failed': { flowId, aor: registration.aor, cause: causeOf('authentication-failed') },
  registered: {
    ...registration,
    expiresSec: count.describe('Seconds granted.'),
    refresh: z.boolean().describe('Whether the registration existed before.'),
  },
  unregistered: { ...registration, cause: causeOf('unregistered') },
  'registration-ended': {
    registrationId: registration.registrationId,
    impi: z.string().describe('Private user identity, where one was proven.').optional(),
    impu: z.string().describe('Public user identity: the address-of-record.'),
    webIdentity: z.boolean().describe('Whether a web token had proven it.'),
  },
  'credential-issued': {
    ...registration,
    name: turnName,
    expiresAtSec: endOfCredential,
    via,
    kind: wordOf(CREDENTIAL_KINDS).describe('What TURN-Cred-Req asked for: turn, or oauth for an access token.'),
  },
  'credential-revoked': {
    name: turnName,
    untilSec: unixSec.describe('Until when it is denied, in UNIX seconds.'),
    allocations: count.describe('Allocations that ended with it.'),
  },
  'revocations-forgotten': {
    cause: causeOf('revocations-forgotten'),
    names: count.describe('How many names since the event before.'),
  },
  'credential-refused': { flowId, cause: causeOf('credential-refused'), via },
  limited: {
    flowId: flowId.optional().describe('The WebSocket that reached a limit, if it is one.'),
    cause: causeOf('limited'),
  },
  'core-up': { core, downMs: downMs.describe('Milliseconds for which it was down; absent at first.').optional() },
  'core-down': { core, cause: causeOf('core-down') },
  'reg-event-subscribed': { aor: registration.aor, expiresSec: count.describe('Seconds granted.') },
  'reg-event-ended': {
    aor: registration.aor,
    cause: causeOf('reg-event-ended'),
    status: z.int().min(300).max(699).describe('Status of the answer that ended it.').optional(),
  },
  'reg-event-obeyed': {
    aor: registration.aor,
    registrationId: registration.registrationId,
    cause: causeOf('reg-event-obeyed'),
  },
  message: {
    direction,
    from: party.describe('Who sent it.'),
    to: party.describe('Who receives it.'),
    method: sipMethod,
    status: z.int().min(100).max(699).describe('Status of a response; absent for a request.').optional(),
    callId: z.string().describe('Call-ID of the message.'),
    flowId,
    at: unixMs,
    text: z.string().describe('The whole message, secrets masked. The oldest events lose it.').optional(),
  },
  'turn-message': {
    ...client,
    direction,
    at: unixMs,
    method: z.string().describe('STUN method by its name: Allocate.'),
    class: z.enum(['request', 'indication', 'success', 'error']).describe('STUN class.'),
    code: z.int().min(300).max(699).describe('Code of an error; absent otherwise.').optional(),
    text: z.string().describe('A line for each attribute, without secrets. The oldest events lose it.').optional(),
  },
  'allocation-created': { ...allocation, lifetimeSec },
  'allocation-refreshed': { ...allocation, lifetimeSec, counters: relayCounters },
  'allocation-ended': { ...allocation, cause: causeOf('allocation-ended'), counters: relayCounters },
  'relay-ended': {
    ...allocation,
    ended: address.describe('The relayed address that ended.'),
    cause: causeOf('relay-ended'),
  },
  'allocation-moved': { ...allocation, from: z.object(client).describe('Transport and address that it used before.') },
  'peer-connected': { ...allocation, peer, by: z.enum(['client', 'peer']).describe('Who opened the connection.') },
  'peer-closed': { ...allocation, peer, bound: z.boolean().describe('Whether the client had bound it.') },
  'permission-created': { ...allocation, peerAddress: z.string().describe('IP address of the peer.') },
  'channel-bound': { ...allocation, channel: z.int().describe('Channel number.'), peer },
  'authentication-refused': {
    ...client,
    method: stunMethod,
    cause: causeOf('authentication-refused'),
    username: z.string().describe('USERNAME as received.').optional(),
  },
  'request-refused': {
    ...client,
    method: stunMethod,
    code: z.int().describe('STUN error code of the answer.'),
    cause: causeOf('request-refused'),
  },
  'peer-denied': { ...allocation, peer, cause: causeOf('peer-denied') },
  'web-message': {
    exchange: z.string().describe('The same in a request and its answer, and in all requests of one authorization.'),
    from: webParty.describe('Who sent it.'),
    to: webParty.describe('Who receives it.'),
    what: wordOf(WEB_EXCHANGES).describe('What is asked for.'),
    grant: wordOf(GRANTS).describe('How the client wants to get a token.').optional(),
    scope: wordOf(SCOPES).describe('Which token: sip for a registration, turn for the TURN server.').optional(),
    form: wordOf(TURN_FORMS).describe('In which shape a page wants TURN credentials.').optional(),
    status: z.int().min(200).max(599).describe('HTTP status of an answer; absent for a request.').optional(),
    error: wordOf(OAUTH_ERRORS).describe('What the answer says is wrong.').optional(),
    impi: impi.optional(),
  },
  'signed-in': {
    at: signInAt,
    by: wordOf(SIGN_IN_WAYS).describe('How the user signed in.'),
    impi,
    registrationId: z.string().describe('What issuers of credentials know the session by.').optional(),
  },
  'sign-in-refused': { at: signInAt, cause: causeOf('sign-in-refused') },
  'signed-out': { impi },
  'token-issued': {
    client: z.string().describe('Client of the authorization server that asked.'),
    scope: wordOf(SCOPES).describe('sip: a registration token. turn: an access token of RFC 7635.'),
    impi: impi.optional(),
    name: turnName.describe('TURN name (u) of the holder; absent for a registration token.').optional(),
    expiresAtSec: unixSec.describe('End of the token in UNIX seconds.'),
  },
  'token-refused': {
    client: z.string().describe('Client that asked; absent if it was not believed.').optional(),
    cause: causeOf('token-refused'),
  },
  'web-credential-issued': {
    impi,
    registrationId: registration.registrationId,
    name: turnName,
    expiresAtSec: endOfCredential,
  },
  'credential-made': { registrationId: delivered.registrationId, name: turnName, expiresAtSec: endOfCredential },
  'credential-delivered': { ...delivered, expiresAtSec: endOfCredential },
  'delivery-failed': { ...delivered, cause: causeOf('delivery-failed') },
  'fault-fired': {
    ...fault,
    method: z.string().describe('Method of SIP or TURN that it hit.').optional(),
    detail: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).describe('What the hit did.'),
  },
  'fault-ended': { ...fault, cause: causeOf('fault-ended') },
  'peer-call-started': peerCall,
  'peer-call-ended': {
    ...peerCall,
    cause: causeOf('peer-call-ended'),
    status: z.int().min(300).max(699).describe('Status of a call that was refused.').optional(),
  },
} satisfies { readonly [Name in LabEventName]: Fields<Name> };

const FIELDS_BY_NAME: ReadonlyMap<string, z.ZodRawShape> = new Map(Object.entries(FIELDS));

/** Names of all fields of an event, those that every event has too. */
export function fieldsOf(name: LabEventName): string[] {
  return [...Object.keys(common), ...Object.keys(FIELDS_BY_NAME.get(name) ?? {})];
}

/** By the event's name, in the order of the table. */
export const EVENT_SCHEMAS = [...FIELDS_BY_NAME].map(([name, fields]) => {
  return [name, z.looseObject({ type: z.literal(name), ...common, ...fields })] as const;
});
