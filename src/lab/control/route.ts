import { type Context, type Hono } from 'hono';
import { type z } from 'zod';
import { type LabEventLog } from '../lab-event-log.ts';
import { type Lab } from '../lab.ts';
import { type HttpEnv } from '../../server/http-env.ts';
import { REQUEST_SCHEMAS, type AnswerName, type RequestName } from './answer-schemas.ts';
import { ControlError, type ControlErrorCode } from './control-error.ts';
import { type Places } from './places.ts';

/** What the routes work on. */
export interface ControlRoom {
  readonly lab: Lab;
  readonly log: LabEventLog;
  readonly version: string;
  /** Path of the routes on the server. */
  readonly path: string;
  readonly streams: Places;
  readonly waits: Places;
  readonly stream: { readonly keepaliveMs: number; readonly stallMs: number };
}

/** An answer other than JSON, which is given whole. */
export interface OtherAnswer {
  readonly contentType: string;
  readonly description: string;
}

interface Request<Query, Body> {
  readonly room: ControlRoom;
  readonly context: Context<HttpEnv>;
  readonly query: Query;
  readonly body: Body;
  /** A part of the path, by its name; not empty. */
  readonly param: (name: string) => string;
}

interface RouteFacts {
  readonly method: 'get' | 'post' | 'delete';
  /** Below the lab's path, as OpenAPI writes it: `/faults/{id}`. */
  readonly path: string;
  readonly operationId: string;
  readonly summary: string;
  /** What each part of the path is. */
  readonly params?: Readonly<Record<string, string>>;
  /** Fields of the query that have no name of their own: what they are. */
  readonly otherQuery?: string;
  readonly body?: RequestName;
  /** Status and what it carries; `undefined`: nothing. */
  readonly answer: readonly [status: number, AnswerName | OtherAnswer | undefined];
  readonly errors: readonly ControlErrorCode[];
}

export interface Route extends RouteFacts {
  readonly query?: z.ZodObject;
  readonly handle: (room: ControlRoom, context: Context<HttpEnv>) => Promise<Response>;
}

/** One route: what the document says of it and what it does, in one place. */
export function route<Query extends z.ZodObject = z.ZodObject, const Name extends RequestName = never>(
  facts: RouteFacts & { readonly query?: Query; readonly body?: Name },
  serve: (request: Request<z.output<Query>, z.input<(typeof REQUEST_SCHEMAS)[Name]>>) => Response | Promise<Response>,
): Route {
  return {
    ...facts,
    handle: async (room, context) => {
      const query = parse('query', facts.query, context.req.query()) as z.output<Query>;
      const body = (facts.body && (await readBody(facts.body, context))) as z.input<(typeof REQUEST_SCHEMAS)[Name]>;
      const param = (name: string): string => context.req.param(name) ?? '';
      return serve({ room, context, query, body, param });
    },
  };
}

export function mountRoute(app: Hono<HttpEnv>, { method, path, handle }: Route, room: ControlRoom): void {
  const pattern = path.replaceAll(/\{(\w+)\}/g, ':$1');
  app.on(method.toUpperCase(), pattern, (context) => handle(room, context));
}

/** What comes as JSON, whatever its Content-Type: curl says another unless told. Whether it is a fault, the faults say. */
async function readBody(name: RequestName, context: Context<HttpEnv>): Promise<unknown> {
  let body: unknown;
  try {
    body = JSON.parse(await context.req.text());
  } catch (error) {
    if (error instanceof ControlError) throw error;
    throw new ControlError('ERR_INVALID_ARGUMENT', 'body: expected JSON');
  }
  return name === 'FaultRequest' ? body : parse('body', REQUEST_SCHEMAS[name], body);
}

function parse(where: string, schema: z.ZodType | undefined, value: unknown): unknown {
  if (!schema) return undefined;
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path, message }) => `${[where, ...path].join('.')}: ${message}`);
  throw new ControlError('ERR_INVALID_ARGUMENT', problems.join('; ').slice(0, 1000));
}
