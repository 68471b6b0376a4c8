import { Hono } from 'hono';
import { isLoopbackHost } from '../base/loopback-host.ts';
import { type Secret } from '../base/secret.ts';
import { isAdmitted, strangeness } from './visitor.ts';
import { inPieces, type PageAsset } from './page-assets.ts';
import { securityHeaders } from './security-headers.ts';

/** Adds the routes of one part of the server. */
export type MountRoutes = (app: Hono) => void;

/** Paths where the page signs a user in and fetches registration tokens. `guest` is absent where guests are not let in. */
export interface WebSignInPaths {
  readonly login: string;
  readonly session: string;
  readonly logout: string;
  readonly token: string;
  readonly guest?: string;
}

/** Where the page gets access tokens for the TURN server (RFC 7635) besides the edge. */
export interface AccessTokenPaths {
  readonly web?: string;
  /** Path of a login that leads back with the token in the fragment. */
  readonly implicit?: string;
}

export interface HttpAppOptions {
  /** SIP home domain, for the page. */
  readonly domain: string;
  /** By which approach of TR 33.872 §6.3.3 TURN credentials are made, for the page. */
  readonly approach: 'shared-key' | 'delivered';
  /** Path of the WebSocket. */
  readonly webSocketPath: string;
  /** Absent: no page is served. */
  readonly page: ReadonlyMap<string, PageAsset> | undefined;
  /**
   * Users whose passwords the page may fill in. Empty unless the server listens on loopback alone: whoever reaches it then is at this machine,
   * or a proxy says by a header that it asks for somebody elsewhere.
   */
  readonly offeredUsers: ReadonlyMap<string, Secret>;
  /** False while the server starts or stops. */
  readonly isReady: () => boolean;
  /** False while no address of a core outside answers. */
  readonly isCoreThere: () => boolean;
  /** Path of the control interface, for the page; absent: there is none. */
  readonly controlPath?: string | undefined;
  /** Bearer token of the control interface, which `offeredUsers` are told for too; absent: both are for this machine only. */
  readonly controlToken?: Secret | undefined;
  /** Paths of the web server that signs users in, for the page; absent: there is none. */
  readonly webSignIn?: WebSignInPaths | undefined;
  /** Known once the listeners are open. Absent: no access tokens are made here. */
  readonly accessTokens?: (() => AccessTokenPaths) | undefined;
  /** Adds the routes of other parts of the server. They come before the routes of the page. */
  readonly mountRoutes?: MountRoutes | undefined;
  /** Hears of an error that a route threw; the client is only told 500. */
  readonly reportError: (error: unknown) => void;
}

/** The plain HTTP side of the edge's listener: health and the demo page. */
export function createHttpApp(options: HttpAppOptions): Hono {
  const { domain, webSocketPath, page, offeredUsers, isReady, isCoreThere, controlPath, controlToken, mountRoutes } =
    options;
  const { reportError } = options;
  const app = new Hono();
  app.use(securityHeaders());

  app.get('/healthz', (context) => {
    context.header('Cache-Control', 'no-store');
    return isReady() ? context.text('ok\n') : context.text('not ready\n', 503);
  });

  // Apart from `/healthz`: who starts processes anew by that would not mend the core, and would lose its clients their calls.
  app.get('/readyz', (context) => {
    context.header('Cache-Control', 'no-store');
    if (!isReady()) return context.text('not ready\n', 503);
    return isCoreThere() ? context.text('ok\n') : context.text('no core\n', 503);
  });

  mountRoutes?.(app);

  if (page) {
    app.get('/setup.json', (context) => {
      context.header('Cache-Control', 'no-store');
      const { headers } = context.req.raw;
      const told = isAdmitted(headers, strangeness(headers) !== undefined, controlToken) ? [...offeredUsers] : [];
      const users = told.map(([name, password]) => ({ name, password: password.revealText() }));
      return context.json({
        domain,
        path: webSocketPath,
        approach: options.approach,
        ...(users.length > 0 && { users }),
        ...(options.webSignIn && { webSignIn: options.webSignIn }),
        ...(options.accessTokens && { accessTokens: options.accessTokens() }),
        // From elsewhere it takes a token, which a page does not have.
        ...(controlPath !== undefined && isLoopbackHost(context.req.header('host')) && { lab: controlPath }),
      });
    });
    for (const [path, { body, type }] of page) {
      const headers = { 'Content-Type': type, 'Cache-Control': 'no-cache', 'Content-Length': String(body.length) };
      app.get(path, (context) => context.body(inPieces(body), 200, headers));
    }
  }

  app.notFound((context) => context.text('not found\n', 404));
  app.onError((error, context) => {
    reportError(error);
    return context.text('server error\n', 500);
  });
  return app;
}
