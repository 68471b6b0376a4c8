import { afterEach, describe, expect, it, vi } from 'vitest';
import { parseConfig } from '../../../../src/config/load.ts';
import { kernelUdp } from '../../../../src/turn/kernel/udp.ts';
import { CounterAt } from '../../../../src/turn/dataplane/shared/relay-counters.ts';
import { type RelayHandle } from '../../../../src/turn/contract/relay-handle.ts';
import { bindUdpSocket } from '../../../../src/turn/dataplane/node/udp-socket.ts';
import { unwrap } from '../../../support/unwrap.ts';
import { FakeClient, harness, type Harness } from './support.ts';

const kernel = kernelUdp();
const FOREVER = 1e12;
const { relayBufferBytes } = parseConfig({}).turn.sockets;
const closers: (() => void)[] = [];

afterEach(() => {
  for (const close of closers.splice(0)) close();
});

interface Opened {
  readonly h: Harness;
  readonly relay: RelayHandle;
  readonly client: FakeClient;
}

function open(socketBufferBytes: number): Opened {
  const h = harness(undefined, kernel, socketBufferBytes);
  closers.push(() => {
    h.plane.close();
  });
  const client = new FakeClient();
  const relay = unwrap(h.plane.openRelay(client, 4, 0, FOREVER));
  h.plane.setPermission(relay, '127.0.0.1', FOREVER);
  return { h, relay, client };
}

/** So many datagrams of 1,200 bytes in one turn of the event loop, in which nobody reads. */
function burst({ relay }: Opened, count: number): void {
  const socket = bindUdpSocket({ family: 4, address: '127.0.0.1', port: 0, socketBufferBytes: 0 });
  closers.push(() => socket.close());
  const { port, address } = relay.relayed;
  for (let i = 0; i < count; i++) socket.send(Buffer.alloc(1_200), port, address);
}

/** Whether this system grants what the default asks for. */
function isGranted(): boolean {
  const socket = bindUdpSocket({ family: 4, address: '127.0.0.1', port: 0, socketBufferBytes: relayBufferBytes });
  const granted = socket.getRecvBufferSize();
  socket.close();
  return granted >= 2 * relayBufferBytes;
}

function droppedOf({ h, relay }: Opened): number | undefined {
  return h.plane.readCounters([relay])[CounterAt.dropped];
}

describe.skipIf(!kernel)('a burst that comes while the event loop is busy', () => {
  it.skipIf(!isGranted())('of a video frame of 300 datagrams is read as a whole with the default buffer', async () => {
    const opened = open(relayBufferBytes);
    burst(opened, 300);
    await vi.waitUntil(() => opened.h.peerData.length === 300, { timeout: 5_000 });
    expect(droppedOf(opened)).toBe(0);
    expect(opened.h.drops.snapshot()['kernel-buffer-full']).toBe(0);
  });

  it('is counted where the kernel had no room, once, in the relay and in all', async () => {
    const opened = open(65_536);
    burst(opened, 300);
    await new Promise((resolve) => setTimeout(resolve, 300));
    const dropped = droppedOf(opened)!;
    expect(dropped).toBeGreaterThan(100);
    expect(opened.h.peerData.length + dropped).toBe(300);
    expect(droppedOf(opened)).toBe(dropped);
    opened.h.plane.noteKernelDrops();
    opened.h.plane.closeRelay(opened.relay);
    expect(opened.h.drops.snapshot()['kernel-buffer-full']).toBe(dropped);
  });

  it('is not counted again for the next relay in the same slot', () => {
    const opened = open(65_536);
    burst(opened, 300);
    opened.h.plane.closeRelay(opened.relay);
    const next = { ...opened, relay: unwrap(opened.h.plane.openRelay(new FakeClient('next'), 4, 0, FOREVER)) };
    expect(next.relay.slot).toBe(opened.relay.slot);
    expect(droppedOf(next)).toBe(0);
  });
});
