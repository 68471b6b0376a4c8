import { type EpcscfTurnError } from '../../base/errors.ts';
import { listenError } from '../../base/listen-error.ts';
import { formatTransportAddress, type TransportAddress } from '../../base/transport-address.ts';
import { type ClientTransport } from '../contract/client-path.ts';

/** One line that says which listener could not be opened and what to do about it. */
export function turnListenError(transport: ClientTransport, local: TransportAddress, cause: unknown): EpcscfTurnError {
  const where = `TURN ${transport} listener ${formatTransportAddress(local)}`;
  const { address, port } = local;
  return listenError({ where, address, port, portKey: 'turn.listeners', addressKey: 'turn.listeners' }, cause);
}

/** One line that says which relay address cannot be bound and what to do about it. */
export function relayAddressError(address: string, cause: unknown): EpcscfTurnError {
  const key = 'turn.relay.addresses';
  return listenError({ where: key, address, port: 0, portKey: key, addressKey: key }, cause);
}
