import { ok } from '../../../base/result.ts';
import { type RelayNotOpened } from '../../contract/relay-handle.ts';
import { type OwnAddress } from './relay-directory.ts';
import { type RelaySocket } from './relay-socket.ts';

type BoundRelay =
  { readonly ok: true; readonly value: { readonly own: OwnAddress; readonly socket: RelaySocket } } | RelayNotOpened;

/**
 * Binds the port on the first of a family's addresses that has it free; the search for both ports of an EVEN-PORT pair begins at the same
 * address. `open` throws the system error.
 */
export function bindRelaySocket(
  addresses: readonly OwnAddress[],
  port: number,
  open: (own: OwnAddress) => RelaySocket,
): BoundRelay {
  let failure: RelayNotOpened | undefined;
  for (let i = 0; i < addresses.length; i++) {
    const own = addresses[((port >> 1) + i) % addresses.length];
    if (!own) continue;
    const opened = openAt(own, open);
    if (opened.ok) return opened;
    failure = opened;
  }
  return failure ?? { ok: false, reason: 'unavailable', detail: 'no relay address of the family' };
}

function openAt(own: OwnAddress, open: (own: OwnAddress) => RelaySocket): BoundRelay {
  try {
    return ok({ own, socket: open(own) });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return { ok: false, reason: code === 'EADDRINUSE' ? 'in-use' : 'unavailable', detail: message };
  }
}
