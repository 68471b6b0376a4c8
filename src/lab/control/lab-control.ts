import { getConnInfo } from '@hono/node-server/conninfo';
import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { type Secret } from '../../base/secret.ts';
import { type HttpEnv } from '../../server/http-env.ts';
import { type LabControl } from '../create-lab.ts';
import { checkAccess } from './access.ts';
import { CONTROL_STATUS, ControlError, controlErrorOf } from './control-error.ts';
import { describeApi } from './openapi.ts';
import { Places } from './places.ts';
import { mountRoute, route, type ControlRoom, type Route } from './route.ts';
import { eventRoutes } from './routes/event-routes.ts';
import { faultRoutes } from './routes/fault-routes.ts';
import { labRoutes } from './routes/lab-routes.ts';

/** Where the routes are on the server. */
export const LAB_PATH = '/lab';

const MAX_BODY_BYTES = 65_536;
const MAX_STREAMS = 64;
const MAX_WAITS = 64;
const KEEPALIVE_MS = 15_000;
const STALL_MS = 10_000;

export interface LabControlOptions {
  readonly version: string;
  /** Absent: programs and pages of this machine only. */
  readonly token?: Secret;
  readonly maxStreams?: number;
  readonly maxWaits?: number;
  /** How often a comment goes out on a silent stream; 15 s when absent. */
  readonly keepaliveMs?: number;
  /** How long the reader of a stream may take nothing; 10 s when absent. */
  readonly stallMs?: number;
}

/** A lab over HTTP: what `Lab` can do, for other languages and the page. */
export function createLabControl(options: LabControlOptions): LabControl {
  const { version, token, maxStreams = MAX_STREAMS, maxWaits = MAX_WAITS } = options;
  const { keepaliveMs = KEEPALIVE_MS, stallMs = STALL_MS } = options;
  const routes = labControlRoutes(token !== undefined);
  // Of the lab, not of one start of its server.
  const shared = { version, path: LAB_PATH, stream: { keepaliveMs, stallMs } };
  const places = { streams: new Places('streams', maxStreams), waits: new Places('waits', maxWaits) };
  return {
    path: LAB_PATH,
    ...(token && { token }),
    mount: (app, { lab, log, reportError }) => {
      app.route(LAB_PATH, createApp(routes, { ...shared, ...places, lab, log }, { token, reportError }));
    },
  };
}

export function labControlRoutes(hasToken: boolean): readonly Route[] {
  const routes: Route[] = [...labRoutes, ...eventRoutes, ...faultRoutes];
  let document: object | undefined;
  routes.push(
    route(
      {
        method: 'get',
        path: '/openapi.json',
        operationId: 'getOpenApi',
        summary: 'This document',
        answer: [200, { contentType: 'application/json', description: 'OpenAPI 3.1' }],
        errors: [],
      },
      ({ room: { version, path }, context }) => {
        document ??= describeApi(routes, { version, path, hasToken });
        return context.json(document);
      },
    ),
  );
  return routes;
}

interface AppMeans {
  readonly token: Secret | undefined;
  readonly reportError: (error: unknown) => void;
}

function createApp(routes: readonly Route[], room: ControlRoom, { token, reportError }: AppMeans): Hono<HttpEnv> {
  const app = new Hono<HttpEnv>();
  app.onError((error, context) => {
    const { code, message } = controlErrorOf(error);
    if (code === 'ERR_INTERNAL') reportError(error);
    context.header('Cache-Control', 'no-store');
    if (code === 'ERR_UNAUTHORIZED') context.header('WWW-Authenticate', 'Bearer realm="epcscf-turn lab"');
    return context.json({ error: { code, message } }, CONTROL_STATUS[code]);
  });
  app.use(async (context, next) => {
    const { address } = getConnInfo(context).remote;
    checkAccess({ peer: address, headers: context.req.raw.headers }, token);
    context.header('Cache-Control', 'no-store');
    await next();
  });
  app.use(
    bodyLimit({
      maxSize: MAX_BODY_BYTES,
      onError: () => {
        throw new ControlError('ERR_TOO_LARGE', `body: expected at most ${MAX_BODY_BYTES} bytes`);
      },
    }),
  );
  for (const one of routes) mountRoute(app, one, room);
  // A CORS preflight ends here too: no page of another origin gets leave.
  app.all('*', ({ req }) => {
    throw new ControlError('ERR_NOT_FOUND', `${req.method} ${req.path}: no such route; openapi.json lists them`);
  });
  return app;
}
