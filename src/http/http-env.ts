import { type HttpBindings } from '@hono/node-server';

/** What a route of the HTTPS server finds in its context. */
export interface HttpEnv {
  Bindings: HttpBindings & {
    /**
     * Takes the deadline off the connection, for an answer that is long in coming or does not end; the caller must bound it. The function it returns puts
     * the deadline back.
     */
    readonly holdConnection: () => () => void;
  };
}
