import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type TransportAddress } from '../../../src/base/transport-address.ts';
import { realm } from '../../../src/stun/attributes/rfc8489.ts';
import { data, dontFragment, xorPeerAddress } from '../../../src/stun/attributes/rfc8656.ts';
import { decodeMessage } from '../../../src/stun/message.ts';
import { Method } from '../../../src/stun/message-type.ts';
import { StunWriter } from '../../../src/stun/writer.ts';
import { type DataPlane } from '../../../src/turn/contract/data-plane.ts';
import { type RelayHandle } from '../../../src/turn/contract/relay-handle.ts';
import { openAnywhere } from './open-anywhere.ts';
import {
  channelData,
  hearingSink,
  type HeardEvents,
  type OpenPlaneWorld,
  type PlaneWorld,
  type WorldClient,
  type WorldPeer,
} from './plane-world.ts';

const CHANNEL = 0x4000;
const LATER_MS = 60_000;

/** What planes do that pass Send and Data indications of open addresses by themselves. */
export function passesIndications(name: string, heedsDontFragment: 'plane' | 'engine', open: OpenPlaneWorld): void {
  describe(`Send and Data indications on the data plane ${name}`, () => {
    let world: PlaneWorld;
    let plane: DataPlane;
    let heard: HeardEvents;
    let client: WorldClient;
    let peer: WorldPeer;
    let relay: RelayHandle;
    let laterMs: number;

    beforeEach(async () => {
      const hearing = hearingSink();
      ({ heard } = hearing);
      world = await open(heard, hearing.sink);
      ({ plane } = world);
      client = await world.client();
      peer = await world.peer();
      laterMs = world.nowMs() + LATER_MS;
      relay = openAnywhere((port) => plane.openRelay(client.path, 4, port, laterMs, 'udp'));
      permit();
    });

    afterEach(async () => {
      await world.close();
    });

    function permit(isOpen = true, at = relay): void {
      plane.setPermission(at, peer.address.address, laterMs, isOpen);
    }

    function countersOf(handle = relay): number[] {
      return [...plane.readCounters([handle])];
    }

    it('pass in both directions without a word to the engine, and are counted', async () => {
      client.send(send(peer.address, 'hello'));
      await until(() => peer.received.length === 1);
      expect(peer.received).toEqual([{ data: 'hello', from: relay.relayed }]);
      peer.send('and back', relay.relayed);
      await until(() => client.received.length === 1);
      expect(readData(client.received[0])).toEqual({ peer: peer.address, payload: 'and back' });
      expect(countersOf()).toEqual([1, 5, 1, 8, 0]);
      expect(heard.messages).toEqual([]);
      expect(heard.peerData).toEqual([]);
    });

    it('pass with a FINGERPRINT, and without a payload', async () => {
      client.send(
        new StunWriter(Method.Send, 'indication', Buffer.alloc(12, 1))
          .add(xorPeerAddress, peer.address)
          .add(data, Buffer.alloc(0))
          .addFingerprint()
          .finish(),
      );
      await until(() => peer.received.length === 1);
      peer.send('', relay.relayed);
      await until(() => client.received.length === 1);
      expect(peer.received[0]?.data).toBe('');
      expect(readData(client.received[0])).toEqual({ peer: peer.address, payload: '' });
    });

    it(`are for the ${heedsDontFragment} with DONT-FRAGMENT, in their place among those without`, async () => {
      client.send(send(peer.address, 'one'));
      client.send(send(peer.address, 'two', (to) => to.add(dontFragment, true)));
      client.send(send(peer.address, 'three'));
      await until(() => peer.received.length + heard.messages.length === 3);
      const passed = heedsDontFragment === 'plane' ? ['one', 'two', 'three'] : ['one', 'three'];
      expect(peer.received.map((datagram) => datagram.data)).toEqual(passed);
    });

    it('have transaction ids that differ', async () => {
      for (const one of ['a', 'b', 'c']) peer.send(one, relay.relayed);
      await until(() => client.received.length === 3);
      expect(new Set(client.received.map((bytes) => bytes.toString('hex', 8, 20))).size).toBe(3);
    });

    it.each<[string, (at: TransportAddress) => Buffer]>([
      ['an attribute that has to be understood', (at) => send(at, 'x', (to) => to.add(realm, 'example'))],
      ['a second half that is missing', (at) => send(at, 'a payload').subarray(0, -4)],
      [
        'no peer',
        () => new StunWriter(Method.Send, 'indication', Buffer.alloc(12)).add(data, Buffer.from('x')).finish(),
      ],
      ['a peer without a permission', (at) => send({ ...at, address: '127.0.0.77' }, 'x')],
      ['a peer of another family', () => send({ family: 6, address: '::1', port: 9 }, 'x')],
      ['port zero', (at) => send({ ...at, port: 0 }, 'x')],
    ])('go to the engine with %s', async (_what, made) => {
      const sent = made(peer.address);
      client.send(sent);
      await until(() => heard.messages.length === 1);
      expect(heard.messages).toEqual([{ client: client.path, bytes: sent }]);
      expect(peer.received).toEqual([]);
    });

    it.each<[string, () => void]>([
      [
        'are for an address that is not open',
        () => {
          permit(false);
        },
      ],
      [
        'are for a guarded port',
        () => {
          plane.setGuardedPorts([9, peer.address.port]);
        },
      ],
    ])('go to the engine where they %s', async (_what, arrange) => {
      arrange();
      client.send(send(peer.address, 'x'));
      peer.send('y', relay.relayed);
      await until(() => heard.messages.length + heard.peerData.length === 2);
      expect(heard.peerData).toEqual([{ relay, peer: peer.address, data: 'y' }]);
      expect([peer.received, client.received]).toEqual([[], []]);
    });

    it('go to the engine once the permission has ended, or the allocation', async () => {
      plane.setPermission(relay, peer.address.address, world.nowMs() - 1, true);
      client.send(send(peer.address, 'late'));
      await until(() => heard.messages.length === 1);
      permit();
      plane.setRelayExpiry(relay, world.nowMs() - 1);
      client.send(send(peer.address, 'later'));
      await until(() => heard.messages.length === 2);
      plane.setRelayExpiry(relay, laterMs);
      client.send(send(peer.address, 'again'));
      await until(() => peer.received.length === 1);
    });

    it('go to the engine when the relay is closed, and when the client has moved', async () => {
      const moved = await world.client();
      plane.moveClient(relay, moved.path);
      client.send(send(peer.address, 'old path'));
      await until(() => heard.messages.length === 1);
      moved.send(send(peer.address, 'new path'));
      await until(() => peer.received.length === 1);
      plane.closeRelay(relay);
      moved.send(send(peer.address, 'closed'));
      await until(() => heard.messages.length === 2);
      expect(peer.received.map(({ data: payload }) => payload)).toEqual(['new path']);
    });

    it('stand beside channels of the same client', async () => {
      const other = await world.peer();
      plane.setChannel(relay, { channel: CHANNEL, peer: other.address, expiresAtMs: laterMs });
      client.send(send(peer.address, 'indicated'));
      client.send(channelData(CHANNEL, 'on a channel'));
      client.send(send(other.address, 'although bound'));
      await until(() => peer.received.length + other.received.length === 3);
      peer.send('one', relay.relayed);
      other.send('two', relay.relayed);
      await until(() => client.received.length === 2);
      expect(client.received).toContainEqual(channelData(CHANNEL, 'two'));
      expect(countersOf()).toEqual([3, 35, 2, 6, 0]);
    });

    it('take the straight path to another client of this server', async () => {
      const other = await world.client();
      const otherRelay = openAnywhere((port) => plane.openRelay(other.path, 4, port, laterMs, 'udp'));
      permit(true, otherRelay);
      client.send(send(otherRelay.relayed, 'straight'));
      await until(() => other.received.length === 1);
      expect(readData(other.received[0])).toEqual({ peer: relay.relayed, payload: 'straight' });
      expect(countersOf()).toEqual([1, 8, 0, 0, 0]);
      expect(countersOf(otherRelay)).toEqual([0, 0, 1, 8, 0]);
    });

    it('count towards bandwidth limits', async () => {
      plane.setBandwidth(relay, { allocation: { name: 'one', bytesPerSec: 4 } });
      client.send(send(peer.address, 'all four'));
      await until(() => peer.received.length === 1);
      client.send(send(peer.address, 'over'));
      await until(() => countersOf()[4] === 1);
      expect(peer.received).toHaveLength(1);
    });
  });
}

function send(to: TransportAddress, payload: string, add = (writer: StunWriter): StunWriter => writer): Buffer {
  const writer = new StunWriter(Method.Send, 'indication', Buffer.from('transaction.'));
  return add(writer.add(xorPeerAddress, to).add(data, Buffer.from(payload))).finish();
}

/** What a Data indication says; `undefined` when it is none. */
function readData(bytes: Buffer | undefined): object | undefined {
  const decoded = decodeMessage(bytes ?? Buffer.alloc(0));
  if (!decoded.ok || decoded.value.method !== Method.Data) return undefined;
  return { peer: decoded.value.get(xorPeerAddress), payload: decoded.value.get(data)?.toString() };
}

function until(condition: () => boolean): Promise<boolean> {
  return vi.waitUntil(condition, { timeout: 5_000, interval: 2 });
}
