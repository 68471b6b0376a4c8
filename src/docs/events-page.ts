import { z } from 'zod';
import { EVENT_SCHEMAS } from '../lab/control/event-schemas.ts';
import { type LabEventName, type OwnLabEvents } from '../lab/lab-events.ts';
import { type EdgeEvents } from '../edge/edge-events.ts';
import { type TurnEvents } from '../turn/engine/turn-events.ts';
import {
  CORE_DOWN_WORDS,
  CREDENTIAL_WORDS,
  DIGEST_WORDS,
  FLOW_CLOSE_WORDS,
  FLOW_REFUSAL_WORDS,
  LIMIT_WORDS,
} from '../admin/demo-page/explain/edge-words.ts';
import {
  ALLOCATION_END_WORDS,
  AUTHENTICATION_WORDS,
  PEER_WORDS,
  REFUSAL_WORDS,
} from '../admin/demo-page/explain/turn-words.ts';
import { fieldsOfSchema } from './fields.ts';
import { code, page, table } from './markdown.ts';

interface EventWords {
  readonly what: string;
  /** What each `cause` means. */
  readonly causes?: Readonly<Record<string, string>>;
}

const EDGE: Readonly<Record<keyof EdgeEvents, EventWords>> = {
  'flow-opened': { what: 'A WebSocket has opened.' },
  'flow-closed': {
    what: 'A WebSocket has closed.',
    causes: {
      ...FLOW_CLOSE_WORDS,
      client: 'The client closed it.',
      stopped: 'The server stopped, or drained.',
    },
  },
  'flow-refused': { what: 'The edge refused to open a WebSocket.', causes: FLOW_REFUSAL_WORDS },
  'register-challenged': { what: 'The edge or the core answered a REGISTER with a challenge (401).' },
  'authentication-failed': { what: 'A client failed to log in.', causes: DIGEST_WORDS },
  registered: { what: 'A REGISTER was answered with 200: a new registration, or a refresh of one.' },
  unregistered: {
    what: 'A registration has ended.',
    causes: {
      requested: 'The client ended it (Expires 0).',
      expired: 'Its time ran out without a refresh.',
      'flow-closed': 'Its WebSocket closed.',
      replaced: 'The same device registered over another WebSocket.',
      removed: 'The core no longer lists the Contact.',
    },
  },
  'credential-issued': { what: 'An answer carried a TURN credential.' },
  'credential-refused': {
    what: 'A client asked for a TURN credential and got none.',
    causes: CREDENTIAL_WORDS,
  },
  limited: { what: 'A limit of `edge.limits` was reached.', causes: LIMIT_WORDS },
  'core-up': { what: 'An address of the external core answers: for the first time, or again after it was down.' },
  'core-down': { what: 'An address of the external core counts as down.', causes: CORE_DOWN_WORDS },
  message: { what: 'A SIP message passed between two parties.' },
};

const TURN: Readonly<Record<keyof TurnEvents, EventWords>> = {
  'turn-message': { what: 'A STUN request came, or its answer left.' },
  'allocation-created': { what: 'A client has a new allocation.' },
  'allocation-refreshed': { what: 'A client refreshed its allocation. `counters` say what was relayed so far.' },
  'allocation-ended': {
    what: 'An allocation has ended. `counters` say what was relayed over all of its relayed addresses.',
    causes: {
      ...ALLOCATION_END_WORDS,
      'deleted-by-client': 'The client deleted it (Refresh with lifetime 0).',
      'client-closed': 'The TCP or TLS connection of the client closed.',
      stopped: 'The server stopped.',
    },
  },
  'relay-ended': {
    what: 'One of two relayed addresses of an allocation ended. The allocation goes on with the other.',
    causes: { expired: 'Its lifetime ran out.', 'deleted-by-client': 'The client deleted it.' },
  },
  'allocation-moved': {
    what: 'The client of an allocation uses another address or connection from here on (RFC 8016).',
  },
  'peer-connected': { what: 'A TCP relay and a peer have a connection, which the client may bind (RFC 6062).' },
  'peer-closed': { what: 'The connection between a TCP relay and a peer has ended.' },
  'permission-created': { what: 'An allocation has a permission for a new address. Refreshing one is no event.' },
  'channel-bound': { what: 'An allocation has a new channel. Refreshing one is no event.' },
  'authentication-refused': {
    what: 'The TURN server refused a request that did not prove who sent it.',
    causes: AUTHENTICATION_WORDS,
  },
  'request-refused': {
    what: 'The TURN server refused a request whose sender was proved.',
    causes: REFUSAL_WORDS,
  },
  'peer-denied': {
    what: 'The peer policy keeps an address out. CreatePermission and ChannelBind give an event each; data gives one for each permission.',
    causes: PEER_WORDS,
  },
};

const LAB: Readonly<Record<keyof OwnLabEvents, EventWords>> = {
  'fault-fired': { what: 'A fault has hit.' },
  'fault-ended': {
    what: 'A fault has ended.',
    causes: {
      times: 'It has hit as often as it was asked to, or all there was to hit.',
      time: 'Its milliseconds are over.',
      cleared: 'Somebody cleared it.',
    },
  },
  'server-restarted': { what: 'The server is back on its ports, without WebSockets, registrations and allocations.' },
  'peer-call-started': { what: 'A peer of the lab was called.' },
  'peer-call-ended': {
    what: 'A call to a peer of the lab has ended.',
    causes: {
      'hung-up': 'One side hung up.',
      cancelled: 'The caller cancelled it.',
      refused: 'The peer refused it with `status`.',
      'not-acknowledged': 'No ACK came.',
      'session-expired': 'No refresh of the session came (RFC 4028).',
      'media-lost': 'ICE or DTLS failed, and nothing restored it.',
      'too-long': 'The call was longer than a peer allows.',
      stopped: 'The lab stopped.',
    },
  },
};

type OtherEvent = Exclude<LabEventName, keyof EdgeEvents | keyof TurnEvents | keyof OwnLabEvents>;
const SERVER: Readonly<Record<OtherEvent, EventWords>> = {
  stopped: { what: 'The server has stopped.' },
  draining: { what: 'A drain has begun, or another second of it has passed. The fields say what is left.' },
};

const SCHEMAS = new Map(EVENT_SCHEMAS.map(([name, schema]) => [name, schema]));

/** Every event with its fields and causes, from the schemas of lab control. */
export function eventsPage(): string {
  return page('Events', [
    `A lab tells these events by \`lab.waitFor(type, …)\`, \`lab.events()\` and [\`/lab/events\`](../guide/lab-http.md). A server without a lab tells those of server, edge and TURN server by
\`server.on(type, listener)\` ([library](library.md)). No event holds a password.`,
    '## Fields of every event',
    'These are the fields in a lab. `server.on` names the event and passes its own fields alone; `user` is then u, the pseudonymous TURN name, and `turn-message` has the message as `bytes` in place of `text`.',
    fieldTable(commonFields()),
    '## Of the server',
    ...eventParts(SERVER),
    '## Of the edge',
    ...eventParts(EDGE),
    '## Of the TURN server',
    ...eventParts(TURN),
    '## Of a lab only',
    ...eventParts(LAB),
  ]);
}

type Fields = ReturnType<typeof fieldsOfSchema>;

function commonFields(): Fields {
  const schema = SCHEMAS.get('stopped');
  if (!schema) throw new Error('there is no event "stopped"');
  return fieldsOfSchema(schema).map((field) =>
    field.name === 'type' ? { ...field, value: 'text', description: 'Name of the event.' } : field,
  );
}

function eventParts(group: Readonly<Record<string, EventWords>>): string[] {
  const common = new Set(commonFields().map(({ name }) => name));
  return Object.entries(group).map(([type, { what, causes }]) => {
    const schema = SCHEMAS.get(type);
    if (!schema) throw new Error(`${type}: there is no schema`);
    const fields = fieldsOfSchema(schema).filter(({ name }) => !common.has(name));
    const parts = [`### ${code(type)}`, what];
    const shown = causes ? fields.filter(({ name }) => name !== 'cause') : fields;
    if (shown.length > 0) parts.push(fieldTable(shown));
    if (causes) parts.push(causeTable(type, schema.shape, causes));
    return parts.join('\n\n');
  });
}

function fieldTable(fields: Fields): string {
  const rows = fields.map(({ name, value, absent, description }) => [
    code(name),
    absent === 'optional' ? `${value}; may be absent` : value,
    description,
  ]);
  return table(['Field', 'Value', 'What it means'], rows);
}

/** The causes of the schema, in its order: every one has a meaning here. */
function causeTable(type: string, shape: z.ZodRawShape, causes: Readonly<Record<string, string>>): string {
  const meanings = new Map(Object.entries(causes));
  const names = shape.cause instanceof z.ZodEnum ? shape.cause.options.map(String) : [];
  const rows = names.map((name) => {
    const meaning = meanings.get(name);
    if (meaning === undefined) throw new Error(`${type}: the cause ${name} has no meaning`);
    return [code(name), meaning];
  });
  return table(['`cause`', 'What it means'], rows);
}
