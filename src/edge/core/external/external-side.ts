import { isLater, type Later } from '../../../base/outcome.ts';
import { type EdgeLimits } from '../../edge-options.ts';
import { type CoreSide } from '../core-side.ts';
import { CoreConnection, type CoreConnectionContext } from './core-connection.ts';
import { CoreResolver } from './transport/core-resolver.ts';
import { createCoreTransports } from './transport/core-transports.ts';

export interface ExternalSideContext extends Omit<CoreConnectionContext, 'createTransports' | 'resolve' | 'closed'> {
  readonly limits: Pick<EdgeLimits, 'transactions' | 'messageBytes' | 'bufferedBytes'>;
}

/** The side of a core outside, with its sockets and its DNS. Throws ERR_CONFIG_INVALID, ERR_CERTIFICATE_UNREADABLE and ERR_INVALID_ARGUMENT. */
export function createExternalSide(context: ExternalSideContext): CoreSide {
  const { options, limits, clock, timers, logger } = context;
  const resolver = new CoreResolver({ servers: options.dnsServers, clock });
  return new CoreConnection({
    ...context,
    createTransports: (handlers) => createCoreTransports(options, limits, handlers, { clock, timers, logger }),
    resolve: (uri) => {
      const found = resolver.resolve(uri);
      return isLater(found) ? deferred(found, context.defer) : found;
    },
    closed: () => {
      resolver.close();
    },
  });
}

/** A value that comes later, so that a mistake of ours in what it brings about is survived. */
function deferred<T>({ later }: Later<T>, defer: (run: () => void) => void): Later<T> {
  return {
    later: (settle) => {
      later((value) => {
        defer(() => {
          settle(value);
        });
      });
    },
  };
}
