import { type Hono } from 'hono';
import { type FaultRegistry } from './fault-registry.ts';

/** Where the authorization server answers, its documents included. */
const PATHS = ['/oauth/*', '/.well-known/oauth-authorization-server'];

/** Lets the authorization server answer nothing but 503 while a fault asks for it. To be mounted before its routes. */
export function stopAuthorizationServer(app: Hono, faults: FaultRegistry): void {
  for (const path of PATHS) {
    app.use(path, async (context, next) => {
      const fault = faults.take(['authorization-server-down'], { user: undefined, method: context.req.method });
      if (!fault) return next();
      context.header('Cache-Control', 'no-store');
      context.header('Retry-After', '1');
      return context.json({ error: 'temporarily_unavailable' }, 503);
    });
  }
}
