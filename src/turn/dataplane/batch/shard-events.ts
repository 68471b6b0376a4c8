import { type TransportAddress } from '../../../base/transport-address.ts';
import { readSockaddr } from '../../kernel/sockaddr.ts';
import { type BatchPlanePorts } from './batch-plane-options.ts';
import { type BatchRelay } from './batch-relay.ts';
import { type ForeignRelays } from './foreign-relays.ts';
import { type Legs } from './legs.ts';
import { type Listeners } from './listeners.ts';
import { type MailboxReader } from './mailbox.ts';
import { type ShardCounters } from './shard-counters.ts';
import { ShardEvent } from './shard-words.ts';

/** What the main thread knows by the numbers in events. */
interface Known {
  readonly listeners: Listeners;
  readonly legs: Legs;
  readonly foreign: ForeignRelays;
  readonly relays: readonly (BatchRelay | undefined)[];
  readonly ports: BatchPlanePorts;
}

/** Hands an event of a shard to whom it is for; `counters` are those of the main thread. */
export function readShardEvent(event: MailboxReader, counters: ShardCounters, known: Known): void {
  if ((event.kind as ShardEvent) === ShardEvent.ClientMessage) {
    const client = known.listeners.at(event.first)?.clientAt(event.words, event.addressAt);
    if (client) known.ports.sink.onClientMessage(client, event.data);
  } else if ((event.kind as ShardEvent) === ShardEvent.LegData) legData(event, counters, known);
  else {
    const peer = readSockaddr(event.words, event.addressAt);
    if (peer) ofPeer(event, peer, known);
  }
}

function ofPeer(event: MailboxReader, peer: TransportAddress, { relays, foreign, ports: { sink } }: Known): void {
  const { first, second, third } = event;
  if ((event.kind as ShardEvent) === ShardEvent.OwnRelayData) {
    foreign.receive(first, peer, event.copyData());
    return;
  }
  const relay = relays[first];
  if (!relay) return;
  if ((event.kind as ShardEvent) === ShardEvent.PeerData) sink.onPeerData(relay.handle, peer, event.copyData());
  else sink.onPeerError(relay.handle, { peer, type: second & 0xff, code: second >> 8, data: third });
}

function legData(event: MailboxReader, counters: ShardCounters, { relays, legs, ports }: Known): void {
  const relay = relays[event.first];
  const leg = legs.at(event.third);
  if (!relay || !leg) return;
  const { length } = event;
  if (ports.sendOnMain(leg.client, event.second, event.copyData())) counters.toClient(relay.number, 1, length);
  else counters.countDropped(relay.number);
}
