import { type DataPlane } from '../../../src/turn/contract/data-plane.ts';
import { type RelayHandle } from '../../../src/turn/contract/relay-handle.ts';

/** Ports that the relays under test are tried on. */
const PORTS = { min: 42_000, max: 48_000 };

let next = PORTS.min + (process.pid % 500) * 10;

/** Opens a relay on a port that no other program has. */
export function openAnywhere(open: (port: number) => ReturnType<DataPlane['reserveRelay']>): RelayHandle {
  for (let i = 0; i < 200; i++) {
    next = next >= PORTS.max ? PORTS.min : next + 1;
    const opened = open(next);
    if (opened.ok) return opened.value;
  }
  throw new Error('no free port');
}
