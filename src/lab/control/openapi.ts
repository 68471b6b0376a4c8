import { z } from 'zod';
import { ANSWER_SCHEMAS, REQUEST_SCHEMAS, type AnswerName, type RequestName } from './answer-schemas.ts';
import { CONTROL_STATUS, type ControlErrorCode } from './control-error.ts';
import { EVENT_SCHEMAS } from './event-schemas.ts';
import { type OtherAnswer, type Route } from './route.ts';

type Json = Readonly<Record<string, unknown>>;
type Schemas = Record<string, Json>;

const PLACE = '#/components/schemas/';
/** Every route can answer these. */
const EVERYWHERE: readonly ControlErrorCode[] = ['ERR_UNAUTHORIZED', 'ERR_FORBIDDEN', 'ERR_INTERNAL'];

interface Described {
  readonly version: string;
  /** Path of the routes on the server. */
  readonly path: string;
  /** Whether a token is asked for. */
  readonly hasToken: boolean;
}

/** OpenAPI 3.1 of the routes, from the very schemas that check what comes in. */
export function describeApi(routes: readonly Route[], { version, path, hasToken }: Described): Json {
  const byPath = groupBy(routes, ({ path: below }) => path + below);
  return {
    openapi: '3.1.0',
    info: {
      title: 'epcscf-turn lab control',
      version,
      description:
        'Events, credentials and faults of a running eP-CSCF edge and TURN server, for tests in any language.',
    },
    servers: [{ url: '/' }],
    paths: Object.fromEntries(
      [...byPath].map(([where, ofPath]) => [
        where,
        Object.fromEntries(ofPath.map((one) => [one.method, operation(one)])),
      ]),
    ),
    components: {
      schemas: componentSchemas(),
      securitySchemes: { token: { type: 'http', scheme: 'bearer' } },
    },
    security: hasToken ? [{ token: [] }] : [],
  };
}

function operation(one: Route): Json {
  const { operationId, summary, body } = one;
  return {
    operationId,
    summary,
    parameters: [...pathParameters(one), ...queryParameters(one)],
    ...(body && { requestBody: { required: true, content: jsonOf(body) } }),
    responses: responses(one),
  };
}

function pathParameters({ params = {} }: Route): Json[] {
  return Object.entries(params).map(([name, description]) => {
    return { name, in: 'path', required: true, description, schema: { type: 'string', minLength: 1 } };
  });
}

function queryParameters({ query, otherQuery }: Route): Json[] {
  const named = Object.entries(query?.shape ?? {}).map(([name, schema]) => {
    const { description, ...rest } = inline(schema as z.ZodType);
    const isList = rest.type === 'array' && { style: 'form', explode: false };
    const required = !(schema as z.ZodType).safeParse(undefined).success;
    return { name, in: 'query', required, ...(description !== undefined && { description }), ...isList, schema: rest };
  });
  if (otherQuery === undefined) return named;
  const schema = { type: 'object', additionalProperties: { type: 'string' } };
  return [...named, { name: 'fields', in: 'query', description: otherQuery, style: 'form', explode: true, schema }];
}

function responses({ answer: [status, carried], errors, query, body }: Route): Json {
  const wrongRequest: ControlErrorCode[] = (query ?? body) ? ['ERR_INVALID_ARGUMENT'] : [];
  const wrongBody: ControlErrorCode[] = body ? ['ERR_TOO_LARGE'] : [];
  const failures = groupBy([...wrongRequest, ...wrongBody, ...errors, ...EVERYWHERE], (code) => CONTROL_STATUS[code]);
  return {
    [status]: success(carried),
    ...Object.fromEntries(
      [...failures].map(([failed, codes]) => [failed, { description: codes.join(', '), content: jsonOf('Problem') }]),
    ),
  };
}

function success(carried: AnswerName | OtherAnswer | undefined): Json {
  if (carried === undefined) return { description: 'Done.' };
  if (typeof carried === 'string') return { description: carried, content: jsonOf(carried) };
  const { contentType, description } = carried;
  return { description, content: { [contentType]: { schema: { type: 'string' } } } };
}

function jsonOf(name: AnswerName | RequestName): Json {
  return { 'application/json': { schema: { $ref: PLACE + name } } };
}

/** `flow-opened` → `FlowOpenedEvent` */
function componentOf(event: string): string {
  return `${event
    .split('-')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('')}Event`;
}

function componentSchemas(): Schemas {
  const answers = z.registry<{ id: string }>();
  for (const [name, schema] of Object.entries(ANSWER_SCHEMAS)) answers.add(schema, { id: name });
  for (const [name, schema] of EVENT_SCHEMAS) answers.add(schema, { id: componentOf(name) });
  const requests = z.registry<{ id: string }>();
  for (const [name, schema] of Object.entries(REQUEST_SCHEMAS)) requests.add(schema, { id: name });
  const schemas = { ...toSchemas(requests, 'input'), ...toSchemas(answers, 'output') };
  const mapping = Object.fromEntries(EVENT_SCHEMAS.map(([name]) => [name, PLACE + componentOf(name)]));
  return { ...schemas, LabEvent: { ...schemas.LabEvent, discriminator: { propertyName: 'type', mapping } } };
}

function toSchemas(registry: z.core.$ZodRegistry<{ id: string }>, io: 'input' | 'output'): Schemas {
  const { schemas } = z.toJSONSchema(registry, { io, uri: (id) => PLACE + id });
  return Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, plain(schema)]));
}

function inline(schema: z.ZodType): Json {
  return plain(z.toJSONSchema(schema, { io: 'output' }));
}

/** Groups values by key, like `Map.groupBy` of Node 21. */
function groupBy<T, Key>(values: readonly T[], keyOf: (value: T) => Key): Map<Key, T[]> {
  const groups = new Map<Key, T[]>();
  for (const value of values) {
    const key = keyOf(value);
    groups.set(key, [...(groups.get(key) ?? []), value]);
  }
  return groups;
}

/** In a document of its own a schema says what it is and where; here the document does. */
function plain(schema: object): Json {
  return Object.fromEntries(Object.entries(schema).filter(([key]) => key !== '$schema' && key !== '$id'));
}
