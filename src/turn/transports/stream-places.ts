import { sourceKey } from '../../base/address-key.ts';
import { type Arrival } from '../../base/arrivals.ts';
import { ConnectionLimits, type ConnectionLimitOptions } from '../../base/connection-limits.ts';
import { SpareConnections } from '../../base/spare-connections.ts';
import { formatTransportAddress } from '../../base/transport-address.ts';
import { Drop } from '../dataplane/shared/drop-counters.ts';
import { type ListenerPorts } from './listener.ts';

/** What holds a place. `end` cuts the connection and gives the place back at once. */
export type Occupant = Pick<Arrival, 'remote' | 'via' | 'end'>;

/** The places of all TCP and TLS clients of a server. Where there is none left, a client without an allocation makes room for a newcomer. */
export class StreamPlaces {
  readonly limits: ConnectionLimits;
  readonly #strangers = new SpareConnections<Occupant>();

  constructor(options: ConnectionLimitOptions, { drops, logger }: Pick<ListenerPorts, 'drops' | 'logger'>) {
    this.limits = new ConnectionLimits(options, (source) => {
      const stranger = this.#strangers.first(source);
      if (!stranger) return false;
      this.keep(stranger);
      drops.add(Drop.ConnectionLimit);
      logger.debug({ client: formatTransportAddress(stranger.remote) }, 'connection ended to make room');
      stranger.end();
      return true;
    });
  }

  /** The client has no allocation. */
  spare(occupant: Occupant): void {
    this.#strangers.add(sourceKey(occupant.remote), occupant);
  }

  /** The client has an allocation, or has gone. */
  keep(occupant: Occupant): void {
    this.#strangers.delete(sourceKey(occupant.remote), occupant);
  }
}
