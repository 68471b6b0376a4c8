import { EVENT_SCHEMAS } from '../lab/control/event-schemas.ts';
import { LAB_EVENT_CAUSES, OWN_LAB_EVENTS, PASSED_ON_EVENTS } from '../lab/lab-events.ts';
import { TRANSPORT_DROP_SENTENCES } from '../turn/dataplane/shared/drop-counters.ts';
import { ENGINE_DROP_SENTENCES } from '../turn/engine/observe/drop-sentences.ts';
import { fieldsOfSchema } from './fields.ts';
import { code, page, table } from './markdown.ts';

const CAUSES: ReadonlyMap<string, Readonly<Record<string, string>>> = new Map(Object.entries(LAB_EVENT_CAUSES));
const SCHEMAS = new Map(EVENT_SCHEMAS.map(([name, schema]) => [name, schema]));

/** Every event with its fields, from the schemas of lab control, and its causes, from the tables beside each closed union. */
export function eventsPage(): string {
  return page('Events', [
    `A lab tells these events by \`lab.waitFor(type, …)\`, \`lab.events()\` and [\`/lab/events\`](../guide/lab-http.md). A server without a lab tells all of them except the last group, by
\`server.on(type, listener)\` ([library](library.md)). No event holds a password.`,
    '## Fields of every event',
    'These are the fields in a lab. `server.on` names the event and passes its own fields alone; `user` is then u, the pseudonymous TURN name, and `turn-message` has the message as `bytes` in place of `text`.',
    fieldTable(commonFields()),
    '## Of the server',
    ...eventParts(PASSED_ON_EVENTS.server),
    '## Of the edge',
    ...eventParts(PASSED_ON_EVENTS.edge),
    '## Of the TURN server',
    ...eventParts(PASSED_ON_EVENTS.turn),
    '### Packets that are dropped',
    'A server counts them by reason in `snapshot().stats.turn.drops` ([library](library.md)); those of an allocation are `dropped` in the log line and event of its end. A lab counts as `impaired` what its faults lose. On the way of packets:',
    reasonTable(TRANSPORT_DROP_SENTENCES),
    'Messages that get no answer, and data that the engine passes by itself (Send and Data indications, connections of TCP relays). A reason of the same name is counted together with the one above:',
    reasonTable(ENGINE_DROP_SENTENCES),
    '## Of web server and authorization server',
    ...eventParts(PASSED_ON_EVENTS.oauth),
    '## Of the delivery of credentials (approach 2)',
    ...eventParts(PASSED_ON_EVENTS.delivery),
    '## Of a lab only',
    ...eventParts(OWN_LAB_EVENTS),
  ]);
}

function reasonTable(sentences: Readonly<Record<string, string>>): string {
  const rows = Object.entries(sentences).map(([reason, sentence]) => [code(reason), sentence]);
  return table(['reason', 'meaning'], rows);
}

type Fields = ReturnType<typeof fieldsOfSchema>;

function commonFields(): Fields {
  const schema = SCHEMAS.get('stopped');
  if (!schema) throw new Error('there is no event "stopped"');
  return fieldsOfSchema(schema).map((field) =>
    field.name === 'type' ? { ...field, value: 'text', description: 'Name of the event.' } : field,
  );
}

function eventParts(group: Readonly<Record<string, string>>): string[] {
  const common = new Set(commonFields().map(({ name }) => name));
  return Object.entries(group).map(([type, what]) => {
    const schema = SCHEMAS.get(type);
    if (!schema) throw new Error(`${type}: there is no schema`);
    const causes = CAUSES.get(type);
    const fields = fieldsOfSchema(schema).filter(({ name }) => !common.has(name));
    const parts = [`### ${code(type)}`, what];
    const shown = causes ? fields.filter(({ name }) => name !== 'cause') : fields;
    if (shown.length > 0) parts.push(fieldTable(shown));
    if (causes) parts.push(causeTable(causes));
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

function causeTable(causes: Readonly<Record<string, string>>): string {
  const rows = Object.entries(causes).map(([name, meaning]) => [code(name), meaning]);
  return table(['`cause`', 'What it means'], rows);
}
