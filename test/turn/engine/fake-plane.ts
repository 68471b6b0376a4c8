import { type AddressFamily } from '../../../src/base/ip.ts';
import { formatTransportAddress, type TransportAddress } from '../../../src/base/transport-address.ts';
import { type ClientPath } from '../../../src/turn/contract/client-path.ts';
import { COUNTERS_PER_RELAY } from '../../../src/turn/contract/counters.ts';
import { type ChannelEntry, type DataPlane, type SendOptions } from '../../../src/turn/contract/data-plane.ts';
import { type RelayHandle, type RelayNotOpened, type RelayOpening } from '../../../src/turn/contract/relay-handle.ts';
import { type RelayBandwidth } from '../../../src/turn/contract/bandwidth.ts';
import { type RelayProtocol } from '../../../src/turn/contract/relay-handle.ts';
import { type DataPlaneSink } from '../../../src/turn/contract/data-plane-sink.ts';
import { FakeTcp } from './fake-tcp.ts';

export interface FakeRelay extends RelayHandle {
  client: ClientPath | undefined;
  expiresAtMs: number;
  readonly protocol: RelayProtocol;
  readonly permissions: Map<string, number>;
  /** Permitted addresses each port of which is a peer, but for the guarded ones. */
  readonly openTo: Set<string>;
  readonly channels: Map<number, ChannelEntry>;
  bandwidth?: RelayBandwidth;
}

interface SentToPeer extends SendOptions {
  readonly from: string;
  readonly to: string;
  readonly data: string;
}

/** A plane that remembers what it was told and fails a test that tells it nonsense. */
export class FakePlane implements DataPlane {
  readonly kind = 'node';
  readonly setsDontFragment = true;
  tcp: FakeTcp | undefined = new FakeTcp((client) => this.answered.get(client.socket) ?? 0);
  readonly open = new Map<string, FakeRelay>();
  readonly sent: SentToPeer[] = [];
  /** How many messages each client was sent, by socket. */
  readonly answered = new Map<number, number>();
  /** Told of each message to a client. */
  onMessage: (client: ClientPath, data: Buffer) => void = () => undefined;
  /** Hears that ports are free. */
  sink: Pick<DataPlaneSink, 'onRelayClosed'> | undefined;
  /** Clients of whom a request was authenticated, by socket. */
  readonly authenticated: number[] = [];
  /** `hold` and `release`, as it was told. */
  readonly holding: string[] = [];
  /** Ports that other programs of the host hold. */
  readonly busy = new Set<number>();
  /** Families of which no relay opens. */
  readonly broken = new Set<AddressFamily>();
  /** Opens the second port of a pair on another address than the first. */
  splitsPairs = false;
  binds = 0;
  /** ChannelData that came with a client that moved. */
  readonly passedOn: Buffer[] = [];
  failWith: RelayNotOpened | Error | undefined;
  /** Relayed addresses by family. Where to begin depends on the port alone, the same for both of an EVEN-PORT pair. */
  readonly addresses: Record<AddressFamily, string[]>;
  readonly counters = new Map<number, number[]>();
  guardedPorts: readonly number[] = [];

  constructor(addresses: Record<AddressFamily, string[]>) {
    this.addresses = addresses;
  }

  openRelay(
    client: ClientPath,
    family: AddressFamily,
    port: number,
    expiresAtMs: number,
    protocol: RelayProtocol,
  ): RelayOpening {
    return this.#bind(family, port, client, expiresAtMs, 0, protocol);
  }

  reserveRelay(family: AddressFamily, port: number): RelayOpening {
    return this.#bind(family, port, undefined, 0, this.splitsPairs ? 1 : 0);
  }

  claimRelay(relay: RelayHandle, client: ClientPath, expiresAtMs: number): void {
    const own = this.#own(relay);
    if (own.client) throw new Error('claimed a relay that has a client');
    own.client = client;
    own.expiresAtMs = expiresAtMs;
  }

  moveClient(relay: RelayHandle, client: ClientPath, frame?: Uint8Array): void {
    // By its socket too, not by its key alone: a connection that has gone may have had the 5-tuple of another.
    const from = this.#own(relay).client;
    for (const one of this.open.values()) {
      if (one.client?.socket === from?.socket && one.client?.key === from?.key) one.client = client;
    }
    if (frame) this.passedOn.push(Buffer.from(frame));
  }

  setRelayExpiry(relay: RelayHandle, expiresAtMs: number): void {
    this.#own(relay).expiresAtMs = expiresAtMs;
  }

  closeRelay(relay: RelayHandle): void {
    const { slot, relayed, protocol } = this.#own(relay);
    this.open.delete(openKey(relayed, protocol));
    this.sink?.onRelayClosed({ slot, relayed });
  }

  setPermission(relay: RelayHandle, peerAddress: string, expiresAtMs: number, isOpen = false): void {
    const { permissions, openTo } = this.#own(relay);
    permissions.set(peerAddress, expiresAtMs);
    if (isOpen) openTo.add(peerAddress);
    else openTo.delete(peerAddress);
  }

  setGuardedPorts(ports: readonly number[]): void {
    this.guardedPorts = ports;
  }

  removePermission(relay: RelayHandle, peerAddress: string): void {
    if (!this.#own(relay).permissions.delete(peerAddress)) throw new Error(`no permission for ${peerAddress}`);
  }

  setChannel(relay: RelayHandle, { channel, peer, expiresAtMs }: ChannelEntry): void {
    this.#own(relay).channels.set(channel, { channel, peer, expiresAtMs });
  }

  removeChannel(relay: RelayHandle, channel: number): void {
    if (!this.#own(relay).channels.delete(channel)) throw new Error(`no channel ${channel}`);
  }

  sendToPeer(relay: RelayHandle, peer: TransportAddress, data: Uint8Array, { dontFragment }: SendOptions): void {
    this.sent.push({
      from: formatTransportAddress(this.#own(relay).relayed),
      to: formatTransportAddress(peer),
      data: Buffer.from(data).toString(),
      dontFragment,
    });
  }

  setBandwidth(relay: RelayHandle, bandwidth: RelayBandwidth): void {
    this.#own(relay).bandwidth = bandwidth;
  }

  sendToClient(client: ClientPath, data: Uint8Array): void {
    this.answered.set(client.socket, (this.answered.get(client.socket) ?? 0) + 1);
    this.onMessage(client, Buffer.from(data));
  }

  clientAuthenticated({ socket }: ClientPath): void {
    this.authenticated.push(socket);
  }

  holdClient(): void {
    this.holding.push('hold');
  }

  releaseClient(): void {
    this.holding.push('release');
  }

  readCounters(relays: readonly RelayHandle[]): Float64Array {
    const values = new Float64Array(relays.length * COUNTERS_PER_RELAY);
    relays.forEach(({ slot }, index) => {
      values.set(this.counters.get(slot) ?? [], index * COUNTERS_PER_RELAY);
    });
    return values;
  }

  /** The one open relay of a client, or the one of a family, as the plane knows it. */
  relayOf(clientKey: string, family?: AddressFamily): FakeRelay {
    const all = [...this.open.values()].filter(({ client }) => client?.key === clientKey);
    const found = all.filter(({ relayed }) => family === undefined || relayed.family === family);
    if (found.length !== 1) throw new Error(`${clientKey} has ${found.length} relays`);
    return found[0]!;
  }

  /** By its relayed transport address, as text or not. */
  relayAt(relayed: TransportAddress | string, protocol: RelayProtocol): FakeRelay | undefined {
    return this.open.get(openKey(relayed, protocol));
  }

  #bind(
    family: AddressFamily,
    port: number,
    client: ClientPath | undefined,
    expiresAtMs: number,
    skip = 0,
    protocol: RelayProtocol = 'udp',
  ): RelayOpening {
    this.binds += 1;
    if (this.failWith instanceof Error) throw this.failWith;
    if (this.failWith) return this.failWith;
    if (this.broken.has(family)) return { ok: false, reason: 'unavailable', detail: `no IPv${family} today` };
    const all = this.addresses[family];
    const offset = (port >> 1) + skip;
    for (let i = 0; i < all.length; i++) {
      const relayed = { family, address: all[(offset + i) % all.length]!, port };
      const key = openKey(relayed, protocol);
      if (this.open.has(key) || this.busy.has(port)) continue;
      const relay = {
        slot: this.#freeSlot(),
        relayed,
        client,
        expiresAtMs,
        protocol,
        permissions: new Map(),
        openTo: new Set<string>(),
        channels: new Map(),
      };
      this.open.set(key, relay);
      return { ok: true, value: { slot: relay.slot, relayed } };
    }
    return { ok: false, reason: 'in-use', detail: `port ${port} is taken` };
  }

  #freeSlot(): number {
    const used = new Set([...this.open.values()].map(({ slot }) => slot));
    let slot = 0;
    while (used.has(slot)) slot += 1;
    return slot;
  }

  #own(relay: RelayHandle): FakeRelay {
    const own = [...this.open.values()].find(({ slot }) => slot === relay.slot);
    if (!own || formatTransportAddress(own.relayed) !== formatTransportAddress(relay.relayed))
      throw new Error(`${formatTransportAddress(relay.relayed)} is not open`);
    return own;
  }
}

/** What speaks UDP on a port says nothing of TCP on it. */
function openKey(relayed: TransportAddress | string, protocol: RelayProtocol): string {
  const text = typeof relayed === 'string' ? relayed : formatTransportAddress(relayed);
  return protocol === 'tcp' ? `tcp ${text}` : text;
}
