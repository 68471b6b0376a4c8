import * as z from 'zod';
import { ApiError } from '../../../http/api-error.ts';
import { eventStream } from '../../../http/event-stream.ts';
import { type Route } from '../../../http/route.ts';
import { LAB_EVENT_NAMES, type LabEvent, type LabEventName } from '../../lab-events.ts';
import { type LabEventLog } from '../../lab-event-log.ts';
import { fieldsOf } from '../event-schemas.ts';
import { route, type ControlRoom } from '../route.ts';

const MAX_EVENTS = 10_000;
const MAX_WAIT_MS = 600_000;

const eventName = z.enum(LAB_EVENT_NAMES);
const user = z.string().max(64).describe('Only what concerns this lab user.').optional();
const since = integer(0, Number.MAX_SAFE_INTEGER)
  .describe('Only events with a higher seq; everything that is kept when absent.')
  .optional();

/** What a query narrows events down to. */
const filter = {
  type: z
    .preprocess(listOf, z.array(eventName))
    .describe('Names of events, separated by commas; all when absent.')
    .optional(),
  user,
};

export const eventRoutes: readonly Route<ControlRoom>[] = [
  route(
    {
      method: 'get',
      path: '/events',
      operationId: 'listEvents',
      summary: 'What has happened, oldest first',
      query: z.strictObject({ ...filter, since, limit: integer(1, MAX_EVENTS).default(1000) }),
      answer: [200, 'LabEvents'],
      errors: [],
    },
    ({ room: { log }, context, query }) => {
      const all = log.events(cursorOf(query.since, log));
      const events = all.filter(acceptsOf(query)).slice(0, query.limit);
      // Less than the limit: everything there is has been looked at.
      const next = events.length < query.limit ? log.lastSeq : events.at(-1)?.seq;
      return context.json({ events, next });
    },
  ),
  route(
    {
      method: 'get',
      path: '/events/stream',
      operationId: 'streamEvents',
      summary: 'What has happened and what happens, as server-sent events; honours Last-Event-ID',
      query: z.strictObject({ ...filter, since }),
      answer: [
        200,
        {
          contentType: 'text/event-stream',
          description: 'For each event its seq as id and a LabEvent as data. A comment fills silence.',
        },
      ],
      errors: ['ERR_TOO_MANY'],
    },
    ({ room: { log, streams, stream }, context, query }) => {
      const leave = streams.take();
      const letGo = context.env.holdConnection();
      const body = eventStream(log, {
        ...stream,
        since: cursorOf(lastEventId(context.req.header('last-event-id')) ?? query.since, log),
        accepts: acceptsOf(query),
        onEnd: () => {
          leave();
          letGo();
        },
        onStall: () => {
          context.env.incoming.socket.destroy();
        },
      });
      return context.body(body, 200, { 'Content-Type': 'text/event-stream' });
    },
  ),
  route(
    {
      method: 'get',
      path: '/wait',
      operationId: 'waitForEvent',
      summary: 'The first event that matches; without since, each that has happened is given to one wait only',
      query: z
        .object({ type: eventName, user, since, timeoutMs: integer(0, MAX_WAIT_MS).default(5000) })
        .catchall(z.string()),
      otherQuery: 'Any field of the event and its value, as in cause=expired or relayed.port=50000.',
      answer: [200, 'LabEvent'],
      errors: ['ERR_LAB_TIMEOUT', 'ERR_TOO_MANY', 'ERR_LAB_STOPPED'],
    },
    async ({ room: { log, waits }, context, query }) => {
      const { type, user: whom, since: from, timeoutMs, ...fields } = query;
      const conditions = conditionsOf(type, { ...fields, ...(whom !== undefined && { user: whom }) });
      const leave = waits.take();
      const letGo = context.env.holdConnection();
      try {
        const { signal } = context.req.raw;
        const options = { timeoutMs, signal, ...(from !== undefined && { since: cursorOf(from, log) }) };
        return context.json(await log.waitFor(type, (event) => conditions.every((meets) => meets(event)), options));
      } finally {
        leave();
        letGo();
      }
    },
  ),
];

function integer(min: number, max: number) {
  return z.preprocess(
    (text) => (typeof text === 'string' && /^\d{1,16}$/.test(text) ? Number(text) : text),
    z.int().min(min).max(max),
  );
}

function listOf(text: unknown): unknown {
  return typeof text === 'string' ? text.split(',') : text;
}

/** A number that has not been reached is from an earlier run of the server: all of this one is news. */
function cursorOf(seq: number | undefined, { lastSeq }: LabEventLog): number {
  return seq === undefined || seq > lastSeq ? 0 : seq;
}

function lastEventId(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

function acceptsOf({ type, user: whom }: { type?: LabEventName[] | undefined; user?: string | undefined }) {
  return (event: LabEvent): boolean =>
    (type === undefined || type.includes(event.type)) && (whom === undefined || event.user === whom);
}

/** Throws ERR_INVALID_ARGUMENT for a field that this event never has: a slip would wait in vain. */
function conditionsOf(type: LabEventName, fields: Readonly<Record<string, unknown>>): ((event: LabEvent) => boolean)[] {
  const known = fieldsOf(type);
  return Object.entries(fields).map(([path, value]) => {
    const keys = path.split('.');
    if (!known.includes(keys[0] ?? '')) {
      throw new ApiError('ERR_INVALID_ARGUMENT', `query.${path.slice(0, 64)}: ${type} has ${known.join(', ')}`);
    }
    return (event) => shown(keys.reduce<unknown>(member, event)) === value;
  });
}

function member(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key) ? Reflect.get(value, key) : undefined;
}

function shown(value: unknown): string | undefined {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? String(value)
    : undefined;
}
