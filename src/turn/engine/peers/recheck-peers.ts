import { type AddressFamily } from '../../../base/ip.ts';
import { type TransportAddress } from '../../../base/transport-address.ts';
import { armAllocation } from '../allocation/allocation-lifecycle.ts';
import { type Allocation } from '../allocation/allocation.ts';
import { type EngineState } from '../engine-state.ts';
import { reportPeerDenied } from '../observe/report.ts';
import { endTcpConnection } from '../tcp/tcp-lifecycle.ts';

/**
 * Ends what clients hold towards peers that are none any longer: this machine has a new address, or the core moved. Looks at every permission,
 * channel and connection, which is for a change and not for a packet; judges only those of addresses whose word may change.
 */
export function recheckPeers(engine: EngineState, nowMs: number): void {
  for (const allocation of engine.allocations.all()) {
    recheckPermissions(engine, allocation, nowMs);
    recheckChannels(engine, allocation, nowMs);
    recheckConnections(engine, allocation, nowMs);
    armAllocation(engine, allocation);
  }
}

function recheckPermissions(engine: EngineState, allocation: Allocation, nowMs: number): void {
  const { policy, plane } = engine;
  for (const { address, permission } of allocation.permissions()) {
    if (!policy.mayChange(address)) continue;
    permission.rule = policy.addressRule(address);
    const family: AddressFamily = address.includes(':') ? 6 : 4;
    const to = allocation.relayTo(family);
    if (typeof permission.rule !== 'object') {
      if (to) plane.setPermission(to.relay, address, permission.expiresAtMs, permission.rule === 'open');
      continue;
    }
    allocation.removePermission(address);
    if (to) plane.removePermission(to.relay, address);
    reportPeerDenied(engine, allocation, { family, address, port: 0 }, permission.rule.denied, nowMs);
  }
}

function recheckChannels(engine: EngineState, allocation: Allocation, nowMs: number): void {
  const { policy, plane, ownRelayChannels } = engine;
  for (const { channel, peer } of allocation.channels()) {
    if (!policy.mayChange(peer.address)) continue;
    const rule = policy.addressRule(peer.address);
    const denial = policy.peerDenial(peer, rule);
    ownRelayChannels.unbound(peer, allocation);
    if (!denial) {
      if (rule !== 'open') ownRelayChannels.bound(peer, allocation);
      continue;
    }
    const to = allocation.relayTo(peer.family);
    allocation.removeChannelTo(peer);
    if (to) plane.removeChannel(to.relay, channel);
    reportPeerDenied(engine, allocation, peer, denial, nowMs);
  }
}

function recheckConnections(engine: EngineState, allocation: Allocation, nowMs: number): void {
  if (allocation.protocol !== 'tcp') return;
  const { policy, tcpConnections } = engine;
  for (const connection of tcpConnections.of(allocation)) {
    const peer: TransportAddress = connection.peer;
    const denial = policy.mayChange(peer.address) ? policy.peerDenial(peer, undefined, 'tcp') : undefined;
    if (!denial) continue;
    endTcpConnection(engine, connection);
    reportPeerDenied(engine, allocation, peer, denial, nowMs);
  }
}
