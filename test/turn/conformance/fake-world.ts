import { formatTransportAddress, type TransportAddress } from '../../../src/base/transport-address.ts';
import { type ClientPath } from '../../../src/turn/contract/client-path.ts';
import { COUNTERS_PER_RELAY, RELAY_COUNTERS, type RelayCounter } from '../../../src/turn/contract/counters.ts';
import { type DataPlaneSink } from '../../../src/turn/contract/data-plane-sink.ts';
import { type RelayDirection } from '../../../src/turn/contract/bandwidth.ts';
import { type RelayHandle } from '../../../src/turn/contract/relay-handle.ts';
import { plainCrossing } from '../contract/plain-crossing.ts';
import { FakePlane, type FakeRelay } from '../engine/fake-plane.ts';
import { RELAYED, type HeardEvents, type PlaneWorld, type WorldClient, type WorldPeer } from './plane-world.ts';

const NOW_MS = 1_000_000;
const LISTENER = { family: 4, address: '127.0.0.1', port: 3478 } as const;

/**
 * The fake of the engine's tests, with its packets moved in memory: what the contract means, in as few lines as say it. A second's worth
 * of bandwidth is all that there is, as no time passes.
 */
export function openFakeWorld(heard: HeardEvents, listening: DataPlaneSink): Promise<PlaneWorld> {
  const sink = plainCrossing(listening);
  const fake = new FakeNetwork(sink);
  return Promise.resolve({
    plane: plainCrossing(fake),
    heard,
    nowMs: () => NOW_MS,
    client: () => Promise.resolve(fake.addClient()),
    peer: () => Promise.resolve(fake.addPeer()),
    close: () => Promise.resolve(),
  });
}

class FakeNetwork extends FakePlane {
  readonly #sink: DataPlaneSink;
  readonly #clients = new Map<number, WorldClient>();
  readonly #peers = new Map<string, WorldPeer>();
  readonly #spent = new Map<string, number>();

  constructor(sink: DataPlaneSink) {
    super({ 4: [RELAYED[4]], 6: [RELAYED[6]] });
    this.#sink = sink;
    this.sink = sink;
    this.onMessage = ({ socket }, data) => this.#clients.get(socket)?.received.push(data);
  }

  addClient(): WorldClient {
    const socket = this.#clients.size + 1;
    const remote = { family: 4, address: '127.0.0.1', port: 50_000 + socket } as const;
    const key = `udp ${formatTransportAddress(LISTENER)} ${formatTransportAddress(remote)}`;
    const path: ClientPath = { transport: 'udp', remote, local: LISTENER, key, socket, from: remote.address };
    const send = (bytes: Buffer): void => {
      if (!this.#fromClient(path, bytes)) this.#sink.onClientMessage(path, bytes);
    };
    const client: WorldClient = { path, received: [], send };
    this.#clients.set(socket, client);
    return client;
  }

  addPeer(): WorldPeer {
    const address: TransportAddress = { family: 4, address: '127.0.0.1', port: 60_000 + this.#peers.size };
    const send = (data: string, to: TransportAddress): void => {
      const relay = this.relayAt(to, 'udp');
      if (relay) this.#fromPeer(relay, address, Buffer.from(data));
    };
    const peer: WorldPeer = { address, received: [], send };
    this.#peers.set(formatTransportAddress(address), peer);
    return peer;
  }

  override sendToPeer(handle: RelayHandle, peer: TransportAddress, data: Uint8Array): void {
    const relay = this.relayAt(handle.relayed, 'udp');
    if (relay) this.#toPeer(relay, peer, Buffer.from(data));
  }

  override moveClient(handle: RelayHandle, client: ClientPath, frame?: Uint8Array): void {
    super.moveClient(handle, client);
    if (frame) this.#fromClient(client, Buffer.from(frame));
  }

  override closeRelay(handle: RelayHandle): void {
    this.counters.delete(handle.slot);
    super.closeRelay(handle);
  }

  /** False when no channel of the client matches. */
  #fromClient(client: ClientPath, frame: Buffer): boolean {
    const own = [...this.open.values()].filter((relay) => relay.client?.key === client.key);
    const channel = frame.length >= 4 ? frame.readUInt16BE(0) : 0;
    const relay = own.find(({ channels }) => channels.has(channel));
    const entry = relay?.channels.get(channel);
    if (!relay || !entry) return false;
    const length = frame.readUInt16BE(2);
    const isOver = NOW_MS >= Math.min(entry.expiresAtMs, relay.expiresAtMs);
    if (isOver || length > frame.length - 4) this.#count(relay, 'dropped');
    else this.#toPeer(relay, entry.peer, frame.subarray(4, 4 + length));
    return true;
  }

  #toPeer(relay: FakeRelay, to: TransportAddress, data: Buffer): void {
    if (this.#isTooMuch(relay, 'to-peer', data.length)) return;
    this.#count(relay, 'packetsToPeer');
    this.#count(relay, 'bytesToPeer', data.length);
    const other = this.relayAt(to, 'udp');
    if (other) this.#fromPeer(other, relay.relayed, data);
    else {
      const peer = this.#peers.get(formatTransportAddress(to));
      peer?.received.push({ data: data.toString(), from: relay.relayed });
    }
  }

  #fromPeer(relay: FakeRelay, from: TransportAddress, data: Buffer): void {
    const { client, slot, relayed } = relay;
    const permittedUntilMs = relay.permissions.get(from.address) ?? 0;
    if (!client || NOW_MS >= Math.min(permittedUntilMs, relay.expiresAtMs)) {
      this.#count(relay, 'dropped');
      return;
    }
    if (this.#isTooMuch(relay, 'to-client', data.length)) return;
    this.#count(relay, 'packetsToClient');
    this.#count(relay, 'bytesToClient', data.length);
    const channel = [...relay.channels.values()].find(
      ({ peer, expiresAtMs }) => peer.address === from.address && peer.port === from.port && expiresAtMs > NOW_MS,
    );
    if (!channel) {
      this.#sink.onPeerData({ slot, relayed }, from, data);
      return;
    }
    const header = Buffer.alloc(4);
    header.writeUInt16BE(channel.channel, 0);
    header.writeUInt16BE(data.length, 2);
    this.#clients.get(client.socket)?.received.push(Buffer.concat([header, data]));
  }

  #isTooMuch(relay: FakeRelay, direction: RelayDirection, bytes: number): boolean {
    const buckets = Object.entries(relay.bandwidth ?? {}).map(([scope, { name, bytesPerSec }]) => ({
      key: `${scope} ${name} ${direction}`,
      bytesPerSec,
    }));
    if (buckets.some(({ key, bytesPerSec }) => (this.#spent.get(key) ?? 0) >= bytesPerSec)) {
      this.#count(relay, 'dropped');
      return true;
    }
    for (const { key } of buckets) this.#spent.set(key, (this.#spent.get(key) ?? 0) + bytes);
    return false;
  }

  #count({ slot }: FakeRelay, counter: RelayCounter, amount = 1): void {
    const values = this.counters.get(slot) ?? Array.from({ length: COUNTERS_PER_RELAY }, () => 0);
    const at = RELAY_COUNTERS.indexOf(counter);
    values[at] = (values[at] ?? 0) + amount;
    this.counters.set(slot, values);
  }
}
