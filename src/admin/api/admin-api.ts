import { type Hono } from 'hono';
import { Secret } from '../../base/secret.ts';
import { createApi } from '../../http/api.ts';
import { ApiError } from '../../http/api-error.ts';
import { type HttpEnv } from '../../http/http-env.ts';
import { describeApi, OPENAPI_ROUTE } from '../../http/openapi.ts';
import { type Route, routesOf } from '../../http/route.ts';
import { ADMIN_SCHEMAS } from './schemas.ts';

export const ADMIN_PATH = '/admin';

/** How many names one answer to GET lists at most. */
const MAX_LISTED = 1000;

interface Revoked {
  readonly name: string;
  readonly untilSec: number;
  readonly allocations: number;
}

/** What the operator can do to a server. */
export interface AdminPorts {
  /** Revokes what a user holds. Throws ERR_INVALID_STATE where neither an edge nor an authorization server knows what that is. */
  revokeUser(
    user: string,
    options: { readonly endRegistrations: boolean },
  ): { readonly credentials: readonly Revoked[]; readonly registrationsEnded: number };
  /** Revokes the tokens for the TURN server that a client of the authorization server has got. */
  revokeClient(client: string): { readonly credentials: readonly Revoked[] };
  revokeName(name: string): Revoked;
  revokedNames(): readonly { readonly user: string; readonly untilSec: number }[];
  /** How many names a full list has forgotten before their end. */
  readonly forgottenNames: number;
  /** How many names can be denied at once. */
  readonly maxNames: number;
}

export interface AdminApiOptions {
  readonly token: Secret;
  readonly ports: AdminPorts;
  /** Hears of an error of which the client is only told 500. */
  readonly reportError: (error: unknown) => void;
}

/** The routes below `/admin`, for whoever shows the token of the operator (RFC 6750 §2.1), from wherever. */
export function createAdminApi({ token, ports, reportError }: AdminApiOptions): Hono<HttpEnv> {
  return createApi({
    routes: adminRoutes,
    room: ports,
    admit: ({ headers }) => {
      if (isOperator(headers.get('authorization'), token)) return;
      throw new ApiError('ERR_UNAUTHORIZED', 'expected Authorization: Bearer with the token of admin.tokenFile');
    },
    realm: 'epcscf-turn admin',
    reportError,
  });
}

const route = routesOf<AdminPorts, typeof ADMIN_SCHEMAS>(ADMIN_SCHEMAS);

const adminRoutes: readonly Route<AdminPorts>[] = [
  route(
    {
      method: 'get',
      path: '/revocations',
      operationId: 'listRevocations',
      summary: 'The TURN names that are denied',
      answer: [200, 'RevocationList'],
      errors: [],
    },
    ({ room, context }) => {
      const names = room.revokedNames();
      const latest = names.slice(-MAX_LISTED).map(({ user, untilSec }) => ({ turnName: user, untilSec }));
      const { forgottenNames: forgotten, maxNames: max } = room;
      return context.json({ total: names.length, max, forgotten, revocations: latest });
    },
  ),
  route(
    {
      method: 'post',
      path: '/revocations',
      operationId: 'revoke',
      summary:
        'Revokes what a user holds, or a client of the authorization server, or one TURN name, and tells what ended',
      body: 'RevocationRequest',
      answer: [200, 'RevocationAnswer'],
      errors: ['ERR_INVALID_STATE'],
    },
    ({ room, context, body }) => {
      if ('turnName' in body) {
        return context.json({ credentials: [shown(room.revokeName(body.turnName))], registrationsEnded: 0 });
      }
      if ('client' in body) {
        const { credentials } = room.revokeClient(body.client);
        return context.json({ credentials: credentials.map(shown), registrationsEnded: 0 });
      }
      const { user, endRegistrations = false } = body;
      const { credentials, registrationsEnded } = room.revokeUser(user, { endRegistrations });
      return context.json({ credentials: credentials.map(shown), registrationsEnded });
    },
  ),
  route(OPENAPI_ROUTE, ({ context }) => context.json(describeApi(adminRoutes, ADMIN_API))),
];

const ADMIN_API = {
  title: 'epcscf-turn admin',
  description: 'What the operator may do over HTTPS.',
  version: '1',
  path: ADMIN_PATH,
  hasToken: true,
  schemas: ADMIN_SCHEMAS,
};

function shown({ name, untilSec, allocations }: Revoked) {
  return { turnName: name, untilSec, allocations };
}

function isOperator(authorization: string | null, token: Secret): boolean {
  const [, given] = /^Bearer +([\x21-\x7e]+) *$/i.exec(authorization ?? '') ?? [];
  return given !== undefined && new Secret(given).equals(token);
}
