import * as z from 'zod';
import { API_STATUS } from './api-error.ts';
import { type ApiSchemas } from './api-schemas.ts';
import { type OtherAnswer, type Route } from './route.ts';

type Json = Readonly<Record<string, unknown>>;
type Schemas = Record<string, Json>;

const COMPONENTS = '#/components/schemas/';
/** Errors that every route can answer with. */
const EVERYWHERE = ['ERR_UNAUTHORIZED', 'ERR_FORBIDDEN', 'ERR_INTERNAL'];

/** The route of the document itself, for the table of any API. */
export const OPENAPI_ROUTE = {
  method: 'get',
  path: '/openapi.json',
  operationId: 'getOpenApi',
  summary: 'This document',
  answer: [200, { contentType: 'application/json', description: 'OpenAPI 3.1' }],
  errors: [],
} as const;

/** What the OpenAPI document says of an API beside its routes. */
export interface ApiDescription {
  readonly title: string;
  readonly description: string;
  readonly version: string;
  /** Path of the routes on the server. */
  readonly path: string;
  /** Whether clients must show a bearer token. */
  readonly hasToken: boolean;
  readonly schemas: ApiSchemas;
}

/** A route of any API: the document does not call its handler. */
type DescribedRoute = Omit<Route<never>, 'handle'>;

/** OpenAPI 3.1 of the routes, from the schemas that check what comes in. */
export function describeApi(routes: readonly DescribedRoute[], api: ApiDescription): Json {
  const { title, description, version, path, hasToken, schemas } = api;
  const statusOf = new Map<string, number>(Object.entries({ ...API_STATUS, ...schemas.ownStatus }));
  const byPath = groupBy(routes, ({ path: below }) => path + below);
  return {
    openapi: '3.1.0',
    info: { title, version, description },
    servers: [{ url: '/' }],
    paths: Object.fromEntries(
      [...byPath].map(([where, ofPath]) => [
        where,
        Object.fromEntries(ofPath.map((one) => [one.method, operation(one, statusOf)])),
      ]),
    ),
    components: {
      schemas: componentSchemas(schemas),
      securitySchemes: { token: { type: 'http', scheme: 'bearer' } },
    },
    security: hasToken ? [{ token: [] }] : [],
  };
}

function operation(one: DescribedRoute, statusOf: ReadonlyMap<string, number>): Json {
  const { operationId, summary, body } = one;
  return {
    operationId,
    summary,
    parameters: [...pathParameters(one), ...queryParameters(one)],
    ...(body && { requestBody: { required: true, content: jsonOf(body) } }),
    responses: responses(one, statusOf),
  };
}

function pathParameters({ params = {} }: DescribedRoute): Json[] {
  return Object.entries(params).map(([name, description]) => {
    return { name, in: 'path', required: true, description, schema: { type: 'string', minLength: 1 } };
  });
}

function queryParameters({ query, otherQuery }: DescribedRoute): Json[] {
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

function responses({ answer, errors, query, body }: DescribedRoute, statusOf: ReadonlyMap<string, number>): Json {
  const [status, carried] = answer;
  const wrongRequest = (query ?? body) ? ['ERR_INVALID_ARGUMENT'] : [];
  const wrongBody = body ? ['ERR_TOO_LARGE'] : [];
  const failures = groupBy(
    [...wrongRequest, ...wrongBody, ...errors, ...EVERYWHERE],
    (code) => statusOf.get(code) ?? 500,
  );
  return {
    [status]: success(carried),
    ...Object.fromEntries(
      [...failures].map(([failed, codes]) => [failed, { description: codes.join(', '), content: jsonOf('Problem') }]),
    ),
  };
}

function success(carried: string | OtherAnswer | undefined): Json {
  if (carried === undefined) return { description: 'Done.' };
  if (typeof carried === 'string') return { description: carried, content: jsonOf(carried) };
  const { contentType, description } = carried;
  return { description, content: { [contentType]: { schema: { type: 'string' } } } };
}

function jsonOf(name: string): Json {
  return { 'application/json': { schema: { $ref: COMPONENTS + name } } };
}

function componentSchemas({ requests, answers, parts = {} }: ApiSchemas): Schemas {
  const answered = Object.entries({ ...answers, ...parts });
  const schemas = { ...toSchemas(Object.entries(requests), 'input'), ...toSchemas(answered, 'output') };
  const nameOf = new Map(answered.map(([name, schema]) => [schema, name]));
  for (const [name, schema] of answered) {
    const discriminator = discriminatorOf(schema, nameOf);
    if (discriminator) schemas[name] = { ...schemas[name], discriminator };
  }
  return schemas;
}

/** Tells programs which member of a union they have, where each member has a name in the document (OpenAPI 3.1 §4.8.25). */
function discriminatorOf(schema: z.ZodType, nameOf: ReadonlyMap<z.ZodType, string>): Json | undefined {
  if (!(schema instanceof z.ZodDiscriminatedUnion)) return undefined;
  const propertyName = schema.def.discriminator;
  const mapping: Record<string, string> = {};
  for (const option of schema.options) {
    const name = nameOf.get(option as z.ZodType);
    const value = option instanceof z.ZodObject ? (option.shape as z.ZodRawShape)[propertyName] : undefined;
    if (name === undefined || !(value instanceof z.ZodLiteral)) return undefined;
    mapping[String(value.value)] = COMPONENTS + name;
  }
  return { propertyName, mapping };
}

function toSchemas(named: readonly (readonly [string, z.ZodType])[], io: 'input' | 'output'): Schemas {
  const registry = z.registry<{ id: string }>();
  for (const [name, schema] of named) registry.add(schema, { id: name });
  const { schemas } = z.toJSONSchema(registry, { io, uri: (id) => COMPONENTS + id });
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
