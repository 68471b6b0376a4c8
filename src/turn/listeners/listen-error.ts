import { EpcscfTurnError, type ErrorCode } from '../../core/errors.ts';
import { formatTransportAddress, type TransportAddress } from '../../core/transport-address.ts';
import { type ClientTransport } from '../engine/data-plane.ts';

/** One line that says which listener could not be opened and what to do about it. */
export function listenError(transport: ClientTransport, local: TransportAddress, cause: unknown): EpcscfTurnError {
  const systemCode = (cause as NodeJS.ErrnoException).code ?? 'unknown error';
  const where = `TURN ${transport} listener ${formatTransportAddress(local)}`;
  const { code, text } = explain(systemCode, local, 'turn.listeners');
  return new EpcscfTurnError(code, `${where}: ${text} (${systemCode})`, { cause });
}

/** One line that says which relay address cannot be bound and what to do about it. */
export function relayAddressError(address: string, cause: unknown): EpcscfTurnError {
  const systemCode = (cause as NodeJS.ErrnoException).code ?? 'unknown error';
  const key = 'turn.relay.addresses';
  const { code, text } = explain(systemCode, { address, port: 0 }, key);
  return new EpcscfTurnError(code, `${key}: ${text} (${systemCode})`, { cause });
}

function explain(
  systemCode: string,
  { address, port }: Pick<TransportAddress, 'address' | 'port'>,
  key: string,
): { code: ErrorCode; text: string } {
  switch (systemCode) {
    case 'EADDRINUSE':
      return {
        code: 'ERR_ADDRESS_IN_USE',
        text: `port ${port} is in use; stop the program that holds it or choose another port in ${key}`,
      };
    case 'EADDRNOTAVAIL':
    case 'EINVAL':
    case 'EAFNOSUPPORT':
      return {
        code: 'ERR_ADDRESS_UNAVAILABLE',
        text: `${address} is no address of this host; name one of its own in ${key}`,
      };
    case 'EACCES':
    case 'EPERM':
      return {
        code: 'ERR_PERMISSION_DENIED',
        text: `no permission to bind port ${port}; choose one above 1023 in ${key} or grant CAP_NET_BIND_SERVICE`,
      };
    default:
      return { code: 'ERR_LISTEN_FAILED', text: `${address} could not be opened` };
  }
}
