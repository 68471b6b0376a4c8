import { type Context, type Hono } from 'hono';
import type * as z from 'zod';
import { ApiError, type ApiErrorCode } from './api-error.ts';
import { type ApiSchemas } from './api-schemas.ts';
import { type HttpEnv } from './http-env.ts';

/** An answer that is not JSON, such as an event stream. */
export interface OtherAnswer {
  readonly contentType: string;
  readonly description: string;
}

/** What the handler of a route is given. */
interface RouteRequest<Room, Query, Body> {
  /** What the routes of the API work on. */
  readonly room: Room;
  readonly context: Context<HttpEnv>;
  readonly query: Query;
  readonly body: Body;
  /** The part of the path that stands in braces by this name; never empty. */
  readonly param: (name: string) => string;
}

/** What the OpenAPI document says of a route. Schemas of bodies go by their names there. */
interface RouteFacts<Request extends string, Answer extends string, Code extends string> {
  readonly method: 'get' | 'post' | 'put' | 'delete';
  /** Below the path of the API, as OpenAPI writes it: `/faults/{id}`. */
  readonly path: string;
  readonly operationId: string;
  readonly summary: string;
  /** What each part of the path in braces is, by its name. */
  readonly params?: Readonly<Record<string, string>>;
  /** What fields of the query mean that `query` does not name. */
  readonly otherQuery?: string;
  /** The body, as JSON. */
  readonly body?: Request;
  /** True: the body is only known to be JSON, and the handler checks it. */
  readonly checksBody?: boolean;
  /** Status of the answer, and what it carries; `undefined`: nothing. */
  readonly answer: readonly [status: number, Answer | OtherAnswer | undefined];
  /** Errors of this route, beside those of every route. */
  readonly errors: readonly Code[];
}

/** A route that works on a `Room`. */
export interface Route<Room> extends RouteFacts<string, string, string> {
  readonly query?: z.ZodObject;
  readonly handle: (room: Room, context: Context<HttpEnv>) => Promise<Response>;
}

/** Makes a route of what the OpenAPI document says of it and what it does, so that both stand in one place. */
export type DefineRoute<Room, Schemas extends ApiSchemas> = <
  Query extends z.ZodObject = z.ZodObject,
  const Name extends keyof Schemas['requests'] & string = never,
>(
  facts: RouteFacts<Name, keyof Schemas['answers'] & string, ApiErrorCode | (keyof Schemas['ownStatus'] & string)> & {
    readonly query?: Query;
  },
  serve: (
    request: RouteRequest<Room, z.output<Query>, z.input<Schemas['requests'][Name]>>,
  ) => Response | Promise<Response>,
) => Route<Room>;

/** The maker of the routes of an API. `Room` is what the routes work on. */
export function routesOf<Room, Schemas extends ApiSchemas>(schemas: Schemas): DefineRoute<Room, Schemas> {
  return (facts, serve) => {
    const bodySchema = facts.body === undefined ? undefined : schemas.requests[facts.body];
    return {
      ...facts,
      handle: async (room, context) => {
        const query = facts.query && check('query', facts.query, context.req.query());
        const body = bodySchema && (await readBody(bodySchema, context, facts.checksBody === true));
        const param = (name: string): string => context.req.param(name) ?? '';
        return serve({ room, context, query, body, param } as Parameters<typeof serve>[0]);
      },
    };
  };
}

/** Adds a route to the application of its API. */
export function mountRoute<Room>(app: Hono<HttpEnv>, { method, path, handle }: Route<Room>, room: Room): void {
  const pattern = path.replaceAll(/\{(\w+)\}/g, ':$1');
  app.on(method.toUpperCase(), pattern, (context) => handle(room, context));
}

/** Reads the body as JSON, whatever its Content-Type: curl sends another one unless told. */
async function readBody(schema: z.ZodType, context: Context<HttpEnv>, isCheckedLater: boolean): Promise<unknown> {
  let body: unknown;
  try {
    body = JSON.parse(await context.req.text());
  } catch (error) {
    if (error instanceof ApiError) throw error;
    throw new ApiError('ERR_INVALID_ARGUMENT', 'body: expected JSON');
  }
  return isCheckedLater ? body : check('body', schema, body);
}

function check(where: string, schema: z.ZodType, value: unknown): unknown {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path, message }) => `${[where, ...path].join('.')}: ${message}`);
  throw new ApiError('ERR_INVALID_ARGUMENT', problems.join('; ').slice(0, 1000));
}
