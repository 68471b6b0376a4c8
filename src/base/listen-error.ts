import { EpcscfTurnError, type ErrorCode } from './errors.ts';
import { type TransportAddress } from './transport-address.ts';

/** The address that could not be opened, and the configuration keys that name it. */
export interface ListenTarget extends Pick<TransportAddress, 'address' | 'port'> {
  /** How the error begins, such as `TURN udp listener 192.0.2.1:3478`. */
  readonly where: string;
  readonly portKey: string;
  readonly addressKey: string;
}

/** An error with one line that says what could not be opened and what to do about it. */
export function listenError(target: ListenTarget, cause: unknown): EpcscfTurnError {
  const systemCode = (cause as NodeJS.ErrnoException).code ?? 'unknown error';
  const { code, text } = explain(systemCode, target);
  return new EpcscfTurnError(code, `${target.where}: ${text} (${systemCode})`, { cause });
}

function explain(
  systemCode: string,
  { address, port, portKey, addressKey }: ListenTarget,
): { code: ErrorCode; text: string } {
  switch (systemCode) {
    case 'EADDRINUSE':
      return {
        code: 'ERR_ADDRESS_IN_USE',
        text: `port ${port} is in use; stop the program that holds it or choose another port in ${portKey}`,
      };
    case 'EADDRNOTAVAIL':
    case 'EINVAL':
    case 'EAFNOSUPPORT':
      return {
        code: 'ERR_ADDRESS_UNAVAILABLE',
        text: `${address} is no address of this host; name one of its own in ${addressKey}`,
      };
    case 'EACCES':
    case 'EPERM':
      return {
        code: 'ERR_PERMISSION_DENIED',
        text: `no permission to bind port ${port}; choose one above 1023 in ${portKey} or grant CAP_NET_BIND_SERVICE`,
      };
    default:
      return { code: 'ERR_LISTEN_FAILED', text: `${address} could not be opened` };
  }
}
