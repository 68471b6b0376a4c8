import { randomBytes } from 'node:crypto';
import { type ConfigInput } from '../config/schema/tree.ts';
import { type Secret } from '../base/secret.ts';

const IPV4 = '127.0.0.1';
const IPV6 = '::1';

/**
 * What a lab is unless its configuration says otherwise: loopback, ports of the system's choice, and peers on loopback permitted, since that
 * is where the other side of a test runs. All clients share an address there, and a suite is in more of a hurry than a person: limits on
 * either are out of reach.
 */
export function labConfig(
  overrides: ConfigInput,
  users: ReadonlyMap<string, Secret>,
  { tokens = false }: { readonly tokens?: boolean } = {},
): ConfigInput {
  const transports = ['udp', 'tcp', 'tls'] as const;
  const defaults: ConfigInput = {
    edge: {
      listen: { addresses: [IPV4, IPV6], port: 0 },
      limits: { connectionsPerAddress: 10_000 },
      credential: { burst: 1_000_000 },
    },
    turn: {
      listeners: [IPV4, IPV6].flatMap((address) => transports.map((transport) => ({ transport, address, port: 0 }))),
      relay: { addresses: [IPV4, IPV6] },
      peers: { allowPrivate: true },
    },
  };
  const merged = merge(tokens ? { ...defaults, oauth: tokenDefaults() } : defaults, overrides);
  const labUsers = [...users].map(([name, password]) => ({ name, password }));
  return merge(merged, { edge: { core: { users: [...labUsers, ...(overrides.edge?.core?.users ?? [])] } } });
}

/** Users can sign in by tokens, guests too, and the TURN server takes access tokens. */
function tokenDefaults(): ConfigInput['oauth'] {
  const secret = randomBytes(24).toString('base64url');
  return {
    authorizationServer: { enabled: true },
    wwsf: { enabled: true, guests: true },
    clients: [{ id: 'wwsf', secret, namesUsers: true, pool: ['guest{1-100}'] }],
    keys: [{ kid: 'lab', key: randomBytes(32).toString('base64') }],
  };
}

/** Mappings are merged key by key; everything else, lists too, is replaced. */
function merge<T>(base: T, over: unknown): T;
function merge(base: unknown, over: unknown): unknown {
  if (over === undefined) return base;
  if (!isPlain(base) || !isPlain(over)) return over;
  const merged = new Map(Object.entries(base));
  for (const [key, value] of Object.entries(over)) merged.set(key, merge(merged.get(key), value));
  return Object.fromEntries(merged);
}

function isPlain(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
