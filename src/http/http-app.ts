import { Hono } from 'hono';
import { isLoopbackHost } from '../base/loopback-host.ts';
import { type Secret } from '../base/secret.ts';
import { isAdmitted, strangeness } from './visitor.ts';
import { inPieces, type PageAsset } from './page-assets.ts';
import { securityHeaders } from './security-headers.ts';

/** Adds the routes of one part of the server. */
export type MountRoutes = (app: Hono) => void;

/** Where the page signs a user in, and fetches registration tokens. `guest`: absent where there are no guests. */
export interface WebSignInPaths {
  readonly login: string;
  readonly session: string;
  readonly logout: string;
  readonly token: string;
  readonly guest?: string;
}

export interface HttpAppOptions {
  /** SIP home domain, for the page. */
  readonly domain: string;
  /** Path of the WebSocket. */
  readonly webSocketPath: string;
  /** Absent: no page is served. */
  readonly page: ReadonlyMap<string, PageAsset> | undefined;
  /**
   * Users whose passwords the page may fill in. Given only for lab users of a server that listens on loopback: who can reach it sits at this
   * machine, or says by the header that somebody else is behind it. Empty otherwise.
   */
  readonly labUsers: ReadonlyMap<string, Secret>;
  /** False while the server starts or stops. */
  readonly isReady: () => boolean;
  /** False while no address of a core outside answers. */
  readonly isCoreThere: () => boolean;
  /** Path of the lab's control interface, for the page; absent: there is none. */
  readonly labPath?: string | undefined;
  /** What has to be shown there, and to learn of the lab users; absent: it is for this machine only. */
  readonly labToken?: Secret | undefined;
  /** Paths of the web server that signs users in, for the page; absent: there is none. */
  readonly webSignIn?: WebSignInPaths | undefined;
  /** Adds routes of others, before the page's. */
  readonly mountRoutes?: MountRoutes | undefined;
  /** Hears of an error that a route threw; the client is only told 500. */
  readonly reportError: (error: unknown) => void;
}

/** The plain HTTP side of the edge's listener: health and the demo page. */
export function createHttpApp(options: HttpAppOptions): Hono {
  const { domain, webSocketPath, page, labUsers, isReady, isCoreThere, labPath, labToken, mountRoutes } = options;
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
      const told = isAdmitted(headers, strangeness(headers) !== undefined, labToken) ? [...labUsers] : [];
      const users = told.map(([name, password]) => ({ name, password: password.revealText() }));
      return context.json({
        domain,
        path: webSocketPath,
        ...(users.length > 0 && { users }),
        ...(options.webSignIn && { webSignIn: options.webSignIn }),
        // From elsewhere it takes a token, which a page does not have.
        ...(labPath !== undefined && isLoopbackHost(context.req.header('host')) && { lab: labPath }),
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
