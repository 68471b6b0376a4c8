import { formatIp } from '../../../src/base/ip.ts';
import { formatTransportAddress, type TransportAddress } from '../../../src/base/transport-address.ts';
import { type FakeRelay } from '../engine/fake-plane.ts';
import { type RawAttribute, type RawMessage } from './hostile-message.ts';

const MAGIC = Buffer.from('2112a442', 'hex');
const XOR_PEER_ADDRESS = 0x0012;
const CHANNEL_NUMBER = 0x000c;

interface Grants {
  readonly permissions: Map<string, number>;
  readonly channels: Map<number, { readonly peer: string; readonly endMs: number }>;
}

/** What clients were told that they have, read from the wire alone: the server may hold no more than this, and let no more pass. */
export class Granted {
  readonly #byRelay = new WeakMap<FakeRelay, Grants>();

  /** A CreatePermission that succeeded. */
  permissions(relays: readonly FakeRelay[], request: RawMessage, nowMs: number): void {
    for (const peer of peersOf(request)) this.#permit(relays, peer, nowMs);
  }

  /** A ChannelBind that succeeded: of what comes twice, the first counts (RFC 8489 §14). */
  channel(relays: readonly FakeRelay[], request: RawMessage, nowMs: number): void {
    const [peer] = peersOf(request);
    const number = request.attributes.find(({ type }) => type === CHANNEL_NUMBER);
    if (!peer || !number) throw new Error('a ChannelBind without peer or number succeeded');
    this.#permit(relays, peer, nowMs);
    const relay = relays.find(({ relayed }) => relayed.family === peer.family);
    if (!relay) throw new Error('a channel without a relay');
    const channel = Buffer.from(number.value).readUInt16BE(0);
    this.#of(relay).channels.set(channel, { peer: formatTransportAddress(peer), endMs: nowMs + 600_000 });
  }

  permits(relay: FakeRelay, peer: TransportAddress, nowMs: number): boolean {
    return (this.#of(relay).permissions.get(peer.address) ?? 0) > nowMs && !isClosed(peer);
  }

  /** Throws where the plane holds what nobody was granted. */
  check(relay: FakeRelay, nowMs: number): void {
    const { permissions, channels } = this.#of(relay);
    for (const [address, endMs] of relay.permissions) {
      if (endMs > nowMs && endMs > (permissions.get(address) ?? 0)) throw new Error(`${address} is permitted too far`);
    }
    for (const [channel, entry] of relay.channels) {
      const own = channels.get(channel);
      if (entry.expiresAtMs <= nowMs) continue;
      if (own?.peer !== formatTransportAddress(entry.peer) || entry.expiresAtMs > own.endMs || isClosed(entry.peer)) {
        throw new Error(`channel ${channel} to ${formatTransportAddress(entry.peer)} was not granted`);
      }
    }
  }

  #permit(relays: readonly FakeRelay[], peer: TransportAddress, nowMs: number): void {
    if (isClosed({ ...peer, port: 1 })) throw new Error(`${peer.address} was permitted`);
    const relay = relays.find(({ relayed }) => relayed.family === peer.family);
    if (!relay) throw new Error(`a permission for ${peer.address} without a relay`);
    this.#of(relay).permissions.set(peer.address, nowMs + 300_000);
  }

  #of(relay: FakeRelay): Grants {
    const grants = this.#byRelay.get(relay) ?? { permissions: new Map(), channels: new Map() };
    this.#byRelay.set(relay, grants);
    return grants;
  }
}

/** RFC 8489 §14.2, read without the server's codec. */
function peersOf({ transactionId, attributes }: RawMessage): TransportAddress[] {
  const mask = Buffer.concat([MAGIC, transactionId]);
  return attributes
    .filter(({ type }) => type === XOR_PEER_ADDRESS)
    .map(({ value }) => {
      const plain = Buffer.from(value.subarray(4)).map((byte, at) => byte ^ (mask[at] ?? 0));
      const port = Buffer.from(value).readUInt16BE(2) ^ 0x2112;
      return { family: value[1] === 1 ? 4 : 6, address: formatIp(plain), port };
    });
}

export function peerAttribute(peer: Uint8Array, port: number, transactionId: Uint8Array): RawAttribute {
  const mask = Buffer.concat([MAGIC, transactionId]);
  const head = Buffer.from([0, peer.length === 4 ? 1 : 2, 0, 0]);
  head.writeUInt16BE(port ^ 0x2112, 2);
  return {
    type: XOR_PEER_ADDRESS,
    value: Buffer.concat([head, Buffer.from(peer).map((byte, at) => byte ^ (mask[at] ?? 0))]),
  };
}

/** Addresses that no client may reach with the options of the fuzz world: less than the policy knows, and written down apart from it. */
export function isClosed({ family, address, port }: TransportAddress): boolean {
  if (port === 0) return true;
  if (['8.8.4.1', '2a00:1450::1'].includes(address) && port === 3478) return true;
  if (family === 4) {
    const [a = 0, b = 0] = address.split('.').map(Number);
    if (a === 0 || a === 10 || a === 127 || a >= 224) return true;
    return (a === 169 && b === 254) || (a === 192 && b === 168) || (a === 172 && b >= 16 && b < 32);
  }
  const [first = 0, second = 0] = address.split(':').map((group) => parseInt(group || '0', 16));
  const isGlobal = first >= 0x2000 && first < 0x4000;
  return !isGlobal || first === 0x2002 || (first === 0x2001 && second === 0) || /:[02]*00?:?5efe:/.test(address);
}
