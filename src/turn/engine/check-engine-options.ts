import { EpcscfTurnError } from '../../base/errors.ts';
import { familyOf, parseIp, type AddressFamily } from '../../base/ip.ts';
import { type TurnEngineOptions } from './engine-options.ts';

/** RFC 8656 §7.2: no relayed transport address has a well-known port. */
const LOWEST_RELAY_PORT = 1024;

/** What the schema cannot see of one key alone, and what a caller without a schema may get wrong. Lists of peers are read by `PeerPolicy`. */
export function checkEngineOptions({ realm, relay, allocation }: TurnEngineOptions): void {
  const realmBytes = Buffer.byteLength(realm);
  if (realmBytes === 0 || realmBytes > 508) throw invalid('turn.realm', 'text of 1 to 508 bytes', realm);
  if (relay.addresses.length === 0) throw invalid('turn.relay.addresses', 'at least one IP address', relay.addresses);
  for (const address of relay.addresses) {
    if (!parseIp(address)) throw invalid('turn.relay.addresses', 'an IP address', address);
  }
  const { min, max } = relay.ports;
  if (!isPort(min)) throw invalid('turn.relay.ports.min', 'a port of 1024-65535', min);
  if (!isPort(max)) throw invalid('turn.relay.ports.max', 'a port of 1024-65535', max);
  if (max < min) throw invalid('turn.relay.ports.max', `a port of ${min}-65535, not below min`, max);
  if (allocation.maxLifetimeSec < allocation.defaultLifetimeSec) {
    throw invalid(
      'turn.allocation.maxLifetimeSec',
      `at least defaultLifetimeSec (${allocation.defaultLifetimeSec})`,
      allocation.maxLifetimeSec,
    );
  }
}

/** One entry for each relayed address. */
export function familiesOf(addresses: readonly string[]): readonly AddressFamily[] {
  return addresses.flatMap((address) => {
    const bytes = parseIp(address);
    return bytes ? [familyOf(bytes)] : [];
  });
}

function isPort(value: number): boolean {
  return Number.isInteger(value) && value >= LOWEST_RELAY_PORT && value <= 65_535;
}

function invalid(path: string, expected: string, got: unknown): EpcscfTurnError {
  return new EpcscfTurnError('ERR_CONFIG_INVALID', `${path}: expected ${expected}, got ${JSON.stringify(got)}`);
}
