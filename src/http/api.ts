import { getConnInfo } from '@hono/node-server/conninfo';
import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { type Visitor } from './access.ts';
import { ApiError, apiErrorOf } from './api-error.ts';
import { type HttpEnv } from './http-env.ts';
import { mountRoute, type Route } from './route.ts';

const MAX_BODY_BYTES = 65_536;

export interface ApiOptions<Room> {
  readonly routes: readonly Route<Room>[];
  readonly room: Room;
  /** Throws an `ApiError` to refuse a request; see `checkAccess`. */
  readonly admit: (visitor: Visitor) => void;
  /** Realm of the bearer token, in the challenge of a 401 (RFC 6750 §3). */
  readonly realm: string;
  /** What a client is told of an error; `apiErrorOf` when absent. */
  readonly errorOf?: (error: unknown) => ApiError;
  /** Hears of an error of which the client is only told ERR_INTERNAL. */
  readonly reportError: (error: unknown) => void;
}

/** The routes of an API behind its access check. Answers are never cached, and errors are JSON. */
export function createApi<Room>({ routes, room, admit, realm, errorOf = apiErrorOf, reportError }: ApiOptions<Room>) {
  const app = new Hono<HttpEnv>();
  app.onError((error, context) => {
    const { code, message, status } = errorOf(error);
    if (code === 'ERR_INTERNAL') reportError(error);
    context.header('Cache-Control', 'no-store');
    if (status === 401) context.header('WWW-Authenticate', `Bearer realm="${realm}"`);
    return context.json({ error: { code, message } }, status);
  });
  app.use(async (context, next) => {
    const { address } = getConnInfo(context).remote;
    admit({ peer: address, headers: context.req.raw.headers });
    context.header('Cache-Control', 'no-store');
    await next();
  });
  app.use(
    bodyLimit({
      maxSize: MAX_BODY_BYTES,
      onError: () => {
        throw new ApiError('ERR_TOO_LARGE', `body: expected at most ${MAX_BODY_BYTES} bytes`);
      },
    }),
  );
  for (const one of routes) mountRoute(app, one, room);
  // A CORS preflight ends here too, so that pages of other origins may not read or change anything.
  app.all('*', ({ req }) => {
    throw new ApiError('ERR_NOT_FOUND', `${req.method} ${req.path}: no such route; openapi.json lists them`);
  });
  return app;
}
