import { type Secret } from '../../base/secret.ts';
import { type AccessWords, checkAccess } from '../../http/access.ts';
import { createApi } from '../../http/api.ts';
import { ConcurrencyLimit } from '../../http/concurrency-limit.ts';
import { type ApiDescription, describeApi, OPENAPI_ROUTE } from '../../http/openapi.ts';
import { type Route } from '../../http/route.ts';
import { type LabControl } from '../create-lab.ts';
import { LAB_SCHEMAS } from './answer-schemas.ts';
import { labErrorOf } from './lab-errors.ts';
import { route, type ControlRoom } from './route.ts';
import { eventRoutes } from './routes/event-routes.ts';
import { faultRoutes } from './routes/fault-routes.ts';
import { labRoutes } from './routes/lab-routes.ts';

/** Where the routes are on the server. */
export const LAB_PATH = '/lab';

const MAX_STREAMS = 64;
const MAX_WAITS = 64;
const KEEPALIVE_MS = 15_000;
const STALL_MS = 10_000;

const ACCESS_WORDS: AccessWords = {
  elsewhere: 'lab control is for this machine only; start it with --lab-token-file to let others in',
  proxy: 'lab control is not for clients of a proxy',
  token: 'expected Authorization: Bearer with the token of --lab-token-file',
};

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
  // The limits hold for the whole life of the lab, also when a restart of its server mounts the routes again.
  const shared = {
    version,
    path: LAB_PATH,
    stream: { keepaliveMs, stallMs },
    streams: new ConcurrencyLimit('streams', maxStreams),
    waits: new ConcurrencyLimit('waits', maxWaits),
  };
  return {
    path: LAB_PATH,
    ...(token && { token }),
    mount: (app, { lab, log, reportError }) => {
      const api = createApi({
        routes,
        room: { ...shared, lab, log },
        admit: (visitor) => {
          checkAccess(visitor, token, ACCESS_WORDS);
        },
        realm: 'epcscf-turn lab',
        errorOf: labErrorOf,
        reportError,
      });
      app.route(LAB_PATH, api);
    },
  };
}

export function labControlRoutes(hasToken: boolean): readonly Route<ControlRoom>[] {
  const routes: Route<ControlRoom>[] = [...labRoutes, ...eventRoutes, ...faultRoutes];
  let document: object | undefined;
  routes.push(
    route(OPENAPI_ROUTE, ({ room: { version, path }, context }) => {
      document ??= describeApi(routes, labApi({ version, path, hasToken }));
      return context.json(document);
    }),
  );
  return routes;
}

/** What the OpenAPI document says of the lab as a whole. */
export function labApi(facts: Pick<ApiDescription, 'version' | 'path' | 'hasToken'>): ApiDescription {
  return {
    ...facts,
    title: 'epcscf-turn lab control',
    description: 'Events, credentials and faults of a running eP-CSCF edge and TURN server, for tests in any language.',
    schemas: LAB_SCHEMAS,
  };
}
