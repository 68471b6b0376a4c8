import { z } from 'zod';
import { FAULT_KINDS } from '../faults/parse-fault.ts';
import { type LabEvent, type LabEventName } from '../lab-events.ts';
import { address, clientTransport, count, relayCounters, turnName, unixMs, unixSec, user } from './common-schemas.ts';
import * as causes from './event-causes.ts';

/** What every event has, `type` aside. */
const common = {
  seq: z.int().min(1).describe('1, 2, 3 …: the place of the event among all of its lab.'),
  atUnixMs: unixMs,
  user: user.describe('Lab user whom it concerns, as far as known.'),
  turnName: turnName.optional(),
};

const flowId = z.string().describe('Names one WebSocket.');
const sipMethod = z.string().describe('SIP method, of the CSeq in a response.');
const stunMethod = z.int().min(0).max(0xfff).describe('STUN method number: 3 is Allocate.');
const via = z.enum(['REGISTER', 'OPTIONS']);
const remoteAddress = z.string();
const core = z.string().describe('One address of the core, as a SIP URI.');
const origin = z.string().optional();

const registration = {
  flowId,
  aor: z.string().describe('Address-of-record: sip:user@domain.'),
  registrationId: z.string().describe('Stable per user and device.'),
};
const client = { transport: clientTransport, client: address };
const allocation = {
  ...client,
  allocationId: z.string(),
  keyId: z.string().describe('Label of the key that verified the credential.'),
  relayed: address.describe('The first of relayedAll.'),
  relayedAll: z.array(address).describe('One, or IPv4 and then IPv6.'),
  family: z.union([z.literal(4), z.literal(6)]),
};
const lifetimeSec = z.int().min(0);
const faultKind = z.enum(FAULT_KINDS);
const fault = { faultId: z.string(), kind: faultKind };
const peerCall = {
  peer: z.string().describe('User part of the peer: echo.'),
  from: z.string().describe('URI of the caller.'),
  callId: z.string(),
};

/** Fields that are an event's own. Whether none is missing, the compiler knows. */
type Fields<Name extends LabEventName> = Readonly<
  Record<Exclude<keyof LabEvent<Name>, 'type' | keyof typeof common>, z.ZodType>
>;

const FIELDS = {
  stopped: {},
  draining: { connections: count, allocations: count },
  'server-restarted': { downMs: count },
  'flow-opened': { flowId, remoteAddress, origin },
  'flow-closed': { flowId, cause: causes.flowCloseCause, code: z.int().describe('WebSocket close code.') },
  'flow-refused': { remoteAddress, origin, cause: causes.flowRefusal },
  'register-challenged': { flowId, aor: registration.aor, stale: z.boolean() },
  'authentication-failed': { flowId, aor: registration.aor, cause: causes.authenticationFailure },
  registered: { ...registration, expiresSec: count, refresh: z.boolean() },
  unregistered: { ...registration, cause: causes.unregisteredCause },
  'credential-issued': { ...registration, name: turnName, expiresAtSec: unixSec, via },
  'credential-refused': { flowId, cause: causes.credentialRefusal, via },
  limited: { flowId: flowId.optional(), cause: causes.limitCause },
  'core-up': { core, downMs: z.number().describe('Absent when it was not down before.').optional() },
  'core-down': { core, cause: causes.coreDownCause },
  message: {
    direction: z.enum(['in', 'out']),
    from: z.enum(['wic', 'edge', 'core']),
    to: z.enum(['wic', 'edge', 'core']),
    method: sipMethod,
    status: z.int().min(100).max(699).describe('Of a response.').optional(),
    callId: z.string(),
    flowId,
    at: unixMs,
    text: z.string().describe('The whole message, secrets masked. Of the oldest it is forgotten.').optional(),
  },
  'turn-message': {
    ...client,
    direction: z.enum(['in', 'out']),
    at: unixMs,
    method: z.string().describe('STUN method by its name: Allocate.'),
    class: z.enum(['request', 'indication', 'success', 'error']),
    code: z.int().min(300).max(699).describe('Of an error.').optional(),
    text: z.string().describe('A line for each attribute, secrets left out. Of the oldest it is forgotten.').optional(),
  },
  'allocation-created': { ...allocation, lifetimeSec },
  'allocation-refreshed': { ...allocation, lifetimeSec, counters: relayCounters },
  'allocation-ended': { ...allocation, cause: causes.allocationEndCause, counters: relayCounters },
  'relay-ended': { ...allocation, ended: address, cause: causes.relayEndCause },
  'allocation-moved': { ...allocation, from: z.object(client) },
  'peer-connected': { ...allocation, peer: address, by: z.enum(['client', 'peer']) },
  'peer-closed': { ...allocation, peer: address, bound: z.boolean() },
  'permission-created': { ...allocation, peerAddress: z.string() },
  'channel-bound': { ...allocation, channel: z.int(), peer: address },
  'authentication-refused': {
    ...client,
    method: stunMethod,
    cause: causes.authenticationCause,
    username: z.string().describe('USERNAME as received.').optional(),
  },
  'request-refused': { ...client, method: stunMethod, code: z.int(), cause: causes.refusalCause },
  'peer-denied': { ...allocation, peer: address, cause: causes.peerDenial },
  'fault-fired': {
    ...fault,
    method: z.string().describe('Of SIP or TURN.').optional(),
    detail: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).describe('What the hit did.'),
  },
  'fault-ended': { ...fault, cause: causes.faultEndCause },
  'peer-call-started': peerCall,
  'peer-call-ended': {
    ...peerCall,
    cause: causes.peerCallEnd,
    status: z.int().min(300).max(699).describe('Of a call that was refused.').optional(),
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
