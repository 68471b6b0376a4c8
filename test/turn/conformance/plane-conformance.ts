import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type TransportAddress } from '../../../src/base/transport-address.ts';
import { type DataPlane } from '../../../src/turn/contract/data-plane.ts';
import { type RelayHandle } from '../../../src/turn/contract/relay-handle.ts';
import { openAnywhere } from './open-anywhere.ts';
import {
  channelData,
  hearingSink,
  stunMessage,
  type HeardEvents,
  type OpenPlaneWorld,
  type PlaneWorld,
  type WorldClient,
  type WorldPeer,
} from './plane-world.ts';

const CHANNEL = 0x4000;
const LATER_MS = 60_000;
const NO_OPTIONS = { dontFragment: false };

/** What every data plane does with what it is told, whichever way it moves packets. */
export function conformsToContract(name: string, open: OpenPlaneWorld): void {
  describe(`the data plane ${name}`, () => {
    let world: PlaneWorld;
    let plane: DataPlane;
    let heard: HeardEvents;
    let client: WorldClient;
    let peer: WorldPeer;
    let relay: RelayHandle;
    let laterMs: number;
    let overMs: number;

    beforeEach(async () => {
      const hearing = hearingSink();
      ({ heard } = hearing);
      world = await open(heard, hearing.sink);
      ({ plane } = world);
      client = await world.client();
      peer = await world.peer();
      laterMs = world.nowMs() + LATER_MS;
      overMs = world.nowMs() - 1;
      relay = openAnywhere((port) => plane.openRelay(client.path, 4, port, laterMs, 'udp'));
    });

    afterEach(async () => {
      await world.close();
    });

    function bind(to: TransportAddress = peer.address, channel = CHANNEL, at = relay): void {
      plane.setPermission(at, to.address, laterMs);
      plane.setChannel(at, { channel, peer: to, expiresAtMs: laterMs });
    }

    /** Counters of a relay, by their order in the contract. */
    function countersOf(handle = relay): number[] {
      return [...plane.readCounters([handle])];
    }

    /** Waits until a datagram was dropped at the relay. */
    async function dropped(count = 1, handle = relay): Promise<void> {
      await until(() => countersOf(handle)[4] === count);
    }

    /** Waits until another datagram of the client has reached the peer: what it sent before has been dealt with. */
    async function marked(data: string): Promise<void> {
      client.send(channelData(CHANNEL, data));
      await until(() => peer.received.some((one) => one.data === data));
    }

    describe('relayed transport addresses', () => {
      it('has the port that was asked for, once', () => {
        const again = plane.openRelay(client.path, 4, relay.relayed.port, laterMs, 'udp');
        expect(again).toMatchObject({ ok: false, reason: 'in-use' });
      });

      it('tells once that a port is free, which then opens again, with counters at zero', async () => {
        bind();
        await marked('counted');
        plane.closeRelay(relay);
        await until(() => heard.closed.length === 1);
        expect(heard.closed).toEqual([relay]);
        let again = plane.openRelay(client.path, 4, relay.relayed.port, laterMs, 'udp');
        // A call of another thread that is under way keeps the port until it returns.
        await until(() => again.ok || (again = plane.openRelay(client.path, 4, relay.relayed.port, laterMs, 'udp')).ok);
        expect(again.ok && countersOf(again.value)).toEqual([0, 0, 0, 0, 0]);
      });

      it('ends what it permitted and bound with it', async () => {
        bind();
        plane.closeRelay(relay);
        client.send(channelData(CHANNEL, 'late'));
        await until(() => heard.messages.length === 1);
        expect(peer.received).toEqual([]);
      });

      it('is nobody’s while it is reserved: what comes is dropped until it is claimed', async () => {
        const reserved = openAnywhere((port) => plane.reserveRelay(4, port));
        peer.send('early', reserved.relayed);
        await dropped(1, reserved);
        plane.claimRelay(reserved, client.path, laterMs);
        bind(peer.address, CHANNEL, reserved);
        peer.send('now', reserved.relayed);
        await until(() => client.received.length === 1);
        expect(client.received).toEqual([channelData(CHANNEL, 'now')]);
      });

      it('has one set of channel numbers with the others of its client', async () => {
        const second = openAnywhere((port) => plane.openRelay(client.path, 4, port, laterMs, 'udp'));
        const other = await world.peer();
        bind();
        bind(other.address, CHANNEL + 1, second);
        client.send(channelData(CHANNEL, 'one'));
        client.send(channelData(CHANNEL + 1, 'two'));
        await until(() => peer.received.length + other.received.length === 2);
        expect(peer.received).toEqual([{ data: 'one', from: relay.relayed }]);
        expect(other.received).toEqual([{ data: 'two', from: second.relayed }]);
      });
    });

    describe('from client to peer', () => {
      it('relays a bound channel, from the relayed address, without padding, and counts it', async () => {
        bind();
        client.send(Buffer.concat([channelData(CHANNEL, 'hello'), Buffer.alloc(3)]));
        await until(() => peer.received.length === 1);
        expect(peer.received).toEqual([{ data: 'hello', from: relay.relayed }]);
        expect(countersOf()).toEqual([1, 5, 0, 0, 0]);
      });

      it('tells of all else that a client sends, with its 5-tuple', async () => {
        bind();
        const unbound = channelData(CHANNEL + 1, 'x');
        client.send(unbound);
        client.send(stunMessage(7));
        await until(() => heard.messages.length === 2);
        expect(heard.messages.map(({ bytes }) => bytes)).toEqual([unbound, stunMessage(7)]);
        expect(heard.messages.map(({ client: from }) => from)).toEqual([client.path, client.path]);
      });

      it('drops a message whose header promises more than came', async () => {
        bind();
        client.send(channelData(CHANNEL, 'short').subarray(0, 6));
        await dropped();
      });

      it('drops once the channel has ended, and relays again once it is refreshed', async () => {
        bind();
        plane.setChannel(relay, { channel: CHANNEL, peer: peer.address, expiresAtMs: overMs });
        client.send(channelData(CHANNEL, 'late'));
        await dropped();
        bind();
        await marked('refreshed');
        expect(peer.received).toHaveLength(1);
      });

      it('drops once the allocation has ended', async () => {
        bind();
        plane.setRelayExpiry(relay, overMs);
        client.send(channelData(CHANNEL, 'late'));
        await dropped();
        expect(peer.received).toEqual([]);
      });

      it('relays on a channel although the permission has ended (RFC 8656 §12.6)', async () => {
        bind();
        plane.setPermission(relay, peer.address.address, overMs);
        await marked('on its way');
      });

      it('forgets a channel that is removed, and moves a number to its new peer', async () => {
        bind();
        plane.removeChannel(relay, CHANNEL);
        client.send(channelData(CHANNEL, 'unbound'));
        await until(() => heard.messages.length === 1);
        const other = await world.peer();
        bind(other.address);
        client.send(channelData(CHANNEL, 'new peer'));
        await until(() => other.received.length === 1);
        expect(peer.received).toEqual([]);
      });

      it('sends what the engine sends, from the relayed address', async () => {
        plane.sendToPeer(relay, peer.address, Buffer.from('sent'), NO_OPTIONS);
        await until(() => peer.received.length === 1);
        expect(peer.received).toEqual([{ data: 'sent', from: relay.relayed }]);
        expect(countersOf()).toEqual([1, 4, 0, 0, 0]);
      });
    });

    describe('from peer to client', () => {
      it('hands data of a bound peer over as ChannelData, and counts it', async () => {
        bind();
        peer.send('hi', relay.relayed);
        await until(() => client.received.length === 1);
        expect(client.received).toEqual([channelData(CHANNEL, 'hi')]);
        expect(countersOf()).toEqual([0, 0, 1, 2, 0]);
      });

      it('tells of data of a permitted peer without a channel, whatever its port', async () => {
        bind();
        const other = await world.peer();
        other.send('from another port', relay.relayed);
        await until(() => heard.peerData.length === 1);
        expect(heard.peerData).toEqual([{ relay, peer: other.address, data: 'from another port' }]);
        expect(client.received).toEqual([]);
      });

      it('tells of data once the channel has ended, while the permission lasts', async () => {
        bind();
        plane.setChannel(relay, { channel: CHANNEL, peer: peer.address, expiresAtMs: overMs });
        peer.send('no channel now', relay.relayed);
        await until(() => heard.peerData.length === 1);
      });

      it.each([
        ['there is no permission', () => undefined],
        [
          'the permission has ended',
          () => {
            bind();
            plane.setPermission(relay, peer.address.address, overMs);
          },
        ],
        [
          'the permission was removed',
          () => {
            bind();
            plane.removePermission(relay, peer.address.address);
          },
        ],
        [
          'the allocation has ended',
          () => {
            bind();
            plane.setRelayExpiry(relay, overMs);
          },
        ],
      ])('drops data where %s', async (_what, arrange) => {
        arrange();
        peer.send('dropped', relay.relayed);
        await dropped();
        expect(client.received).toEqual([]);
        expect(heard.peerData).toEqual([]);
      });

      it('hands a client what the engine sends it', async () => {
        plane.sendToClient(client.path, stunMessage(9));
        await until(() => client.received.length === 1);
        expect(client.received).toEqual([stunMessage(9)]);
      });
    });

    describe('a client that moves', () => {
      it('has its channels on the new path and none on the old one, and what it brought along passes', async () => {
        bind();
        const moved = await world.client();
        plane.moveClient(relay, moved.path, channelData(CHANNEL, 'brought'));
        await until(() => peer.received.length === 1);
        moved.send(channelData(CHANNEL, 'there'));
        await until(() => peer.received.length === 2);
        peer.send('back', relay.relayed);
        await until(() => moved.received.length === 1);
        client.send(channelData(CHANNEL, 'old path'));
        await until(() => heard.messages.length === 1);
        expect(client.received).toEqual([]);
        expect(peer.received.map(({ data }) => data)).toEqual(['brought', 'there']);
      });
    });

    describe('between two clients of one server', () => {
      it('takes the permissions and channels of both, and counts at both', async () => {
        const other = await world.client();
        const otherRelay = openAnywhere((port) => plane.openRelay(other.path, 4, port, laterMs, 'udp'));
        bind(otherRelay.relayed);
        client.send(channelData(CHANNEL, 'not permitted'));
        await dropped(1, otherRelay);
        plane.setPermission(otherRelay, relay.relayed.address, laterMs);
        client.send(channelData(CHANNEL, 'permitted'));
        await until(() => heard.peerData.length === 1);
        expect(heard.peerData).toEqual([{ relay: otherRelay, peer: relay.relayed, data: 'permitted' }]);
        bind(relay.relayed, CHANNEL + 5, otherRelay);
        client.send(channelData(CHANNEL, 'bound'));
        await until(() => other.received.length === 1);
        expect(other.received).toEqual([channelData(CHANNEL + 5, 'bound')]);
        expect(countersOf()[0]).toBe(3);
        expect(countersOf(otherRelay)[2]).toBe(2);
      });
    });

    describe('bandwidth', () => {
      it('is that of a bucket, which relays that name it share', async () => {
        const second = openAnywhere((port) => plane.openRelay(client.path, 4, port, laterMs, 'udp'));
        const user = { name: 'alice', bytesPerSec: 4 };
        plane.setBandwidth(relay, { allocation: { name: 'one', bytesPerSec: 1000 }, user });
        plane.setBandwidth(second, { allocation: { name: 'two', bytesPerSec: 1000 }, user });
        const other = await world.peer();
        bind();
        bind(other.address, CHANNEL + 1, second);
        client.send(channelData(CHANNEL, 'all four'));
        await until(() => peer.received.length === 1);
        client.send(channelData(CHANNEL + 1, 'over'));
        await dropped(1, second);
        other.send('the other way', second.relayed);
        await until(() => client.received.length === 1);
        expect(other.received).toEqual([]);
      });
    });
  });
}

function until(condition: () => boolean): Promise<boolean> {
  return vi.waitUntil(condition, { timeout: 5_000, interval: 2 });
}
