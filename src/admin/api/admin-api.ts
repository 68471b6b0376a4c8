import { type Context, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { z } from 'zod';
import { EpcscfTurnError } from '../../base/errors.ts';
import { Secret } from '../../base/secret.ts';
import { describeAdminApi } from './openapi.ts';
import { type AdminErrorCode, ADMIN_STATUS, revocationRequest, type RevocationAnswer } from './schemas.ts';

export const ADMIN_PATH = '/admin';

const MAX_BODY_BYTES = 4096;
/** Names of one answer to GET. */
const MAX_LISTED = 1000;

interface Revoked {
  readonly name: string;
  readonly untilSec: number;
  readonly allocations: number;
}

/** What the operator can do to a server. */
export interface AdminPorts {
  /** Throws ERR_INVALID_STATE where nobody can tell what a user holds. */
  revokeUser(
    user: string,
    options: { readonly endRegistrations: boolean },
  ): { readonly credentials: readonly Revoked[]; readonly registrationsEnded: number };
  revokeName(name: string): Revoked;
  revokedNames(): readonly { readonly user: string; readonly untilSec: number }[];
}

export interface AdminApiOptions {
  readonly token: Secret;
  readonly ports: AdminPorts;
  /** Hears of an error of which the client is only told 500. */
  readonly reportError: (error: unknown) => void;
}

/** The routes below `/admin`, for whoever shows the token of the operator (RFC 6750 §2.1). */
export function createAdminApi({ token, ports, reportError }: AdminApiOptions): Hono {
  const app = new Hono();
  const refuse = (context: Context, code: AdminErrorCode, message: string): Response => {
    context.header('Cache-Control', 'no-store');
    return context.json({ error: { code, message } }, ADMIN_STATUS[code]);
  };
  app.onError((error, context) => {
    if (error instanceof EpcscfTurnError && error.code === 'ERR_INVALID_STATE') {
      return refuse(context, error.code, error.message);
    }
    reportError(error);
    return refuse(context, 'ERR_INTERNAL', 'the server failed to answer');
  });
  app.use(async (context, next) => {
    if (!isOperator(context.req.header('authorization'), token)) {
      context.header('WWW-Authenticate', 'Bearer realm="epcscf-turn admin"');
      return refuse(context, 'ERR_UNAUTHORIZED', 'expected Authorization: Bearer with the token of admin.tokenFile');
    }
    context.header('Cache-Control', 'no-store');
    await next();
    return undefined;
  });
  app.use(
    bodyLimit({
      maxSize: MAX_BODY_BYTES,
      onError: (context) => refuse(context, 'ERR_TOO_LARGE', `body: expected at most ${MAX_BODY_BYTES} bytes`),
    }),
  );
  app.get('/openapi.json', (context) => context.json(describeAdminApi(ADMIN_PATH)));
  app.get('/revocations', (context) => {
    const names = ports.revokedNames();
    const latest = names.slice(-MAX_LISTED).map(({ user, untilSec }) => ({ turnName: user, untilSec }));
    return context.json({ total: names.length, revocations: latest });
  });
  app.post('/revocations', async (context) => {
    const parsed = revocationRequest.safeParse(parseJson(await context.req.text()));
    if (!parsed.success) return refuse(context, 'ERR_INVALID_ARGUMENT', `body: ${z.prettifyError(parsed.error)}`);
    return context.json(revoke(ports, parsed.data));
  });
  app.all('*', (context) => refuse(context, 'ERR_NOT_FOUND', 'no such route; openapi.json lists them'));
  return app;
}

function revoke(ports: AdminPorts, request: z.output<typeof revocationRequest>): RevocationAnswer {
  if ('turnName' in request) {
    return { credentials: [shown(ports.revokeName(request.turnName))], registrationsEnded: 0 };
  }
  const { user, endRegistrations = false } = request;
  const { credentials, registrationsEnded } = ports.revokeUser(user, { endRegistrations });
  return { credentials: credentials.map(shown), registrationsEnded };
}

function shown({ name, untilSec, allocations }: Revoked): RevocationAnswer['credentials'][number] {
  return { turnName: name, untilSec, allocations };
}

function isOperator(authorization: string | undefined, token: Secret): boolean {
  const [, given] = /^Bearer +([\x21-\x7e]+) *$/i.exec(authorization ?? '') ?? [];
  return given !== undefined && new Secret(given).equals(token);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
