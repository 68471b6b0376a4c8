import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { type Worker } from 'node:worker_threads';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import { silentLogger } from '../../src/base/logger.ts';
import { ok } from '../../src/base/result.ts';
import { batchSupport } from '../../src/turn/batch-support.ts';
import { NodeDataPlane } from '../../src/turn/dataplane/node/node-data-plane.ts';
import { loadSystemCalls, systemCalls } from '../../src/turn/kernel/system-calls.ts';
import { UdpSockets } from '../../src/turn/kernel/udp-sockets.ts';
import { type TurnServerOptions } from '../../src/turn/turn-server-options.ts';
import { TurnServer } from '../../src/turn/turn-server.ts';
import { turnServerOptions } from './support/options.ts';
import { staticVerifier } from './support/static-verifier.ts';
import { connectClient, echoPeer, startServer } from './support/turn-lab.ts';

const here = loadSystemCalls().ok;
const BATCH: Partial<TurnServerOptions> = { dataPlane: 'batch', shards: 2 };
const BOTH = [
  { transport: 'udp', address: '127.0.0.1', port: 0 },
  { transport: 'tcp', address: '127.0.0.1', port: 0 },
] as const;

describe.runIf(here)('the data plane batch', () => {
  it('serves where it can, with a thread for each shard', async () => {
    const server = await startServer(BATCH);
    expect(server.stats()).toMatchObject({ dataPlane: 'batch' });
  });

  it.each([1, 2, 4])(
    'relays by channel in both directions with %d shards, whatever shard a client has',
    async (shards) => {
      const server = await startServer({ dataPlane: 'batch', shards });
      const peer = await echoPeer();
      for (let i = 0; i < 8; i++) {
        const client = await connectClient(server);
        await client.allocate();
        await client.bindChannel(0x4000 + i, peer.address);
        client.sendChannel(0x4000 + i, Buffer.from(`data ${i}`));
        const [arrival] = await client.receive();
        expect(arrival).toMatchObject({ channel: 0x4000 + i, data: Buffer.from(`data ${i}`) });
      }
      const sessions = server.sessions();
      expect(sessions).toHaveLength(8);
      for (const { counters } of sessions) {
        expect(counters).toEqual({
          packetsToPeer: 1,
          bytesToPeer: 6,
          packetsToClient: 1,
          bytesToClient: 6,
          dropped: 0,
        });
      }
    },
  );

  it('passes the largest datagram, the smallest, and a train of equal ones in order', async () => {
    const server = await startServer(BATCH);
    const peer = await echoPeer();
    const client = await connectClient(server);
    await client.allocate();
    await client.bindChannel(0x4000, peer.address);
    const sizes = [0, 1, 65_503, ...Array.from({ length: 40 }, () => 1200), 700];
    for (const size of sizes) client.sendChannel(0x4000, Buffer.alloc(size, size & 0xff));
    const arrivals = await client.receive(sizes.length);
    expect(arrivals.map(({ data }) => data.length)).toEqual(sizes);
    expect(arrivals.every(({ data }) => data.equals(Buffer.alloc(data.length, data.length & 0xff)))).toBe(true);
  });

  it.each([
    ['udp', 'udp'],
    ['udp', 'tcp'],
    ['tcp', 'udp'],
  ] as const)(
    'takes the straight path from a client of %s to one of %s, by channels and by indications',
    async (a, b) => {
      const server = await startServer({ ...BATCH, listeners: BOTH });
      const [alice, bob] = [
        await connectClient(server, { transport: a }),
        await connectClient(server, { transport: b, username: 'bob' }),
      ];
      await alice.allocate();
      await bob.allocate();
      const [toBob, toAlice] = [bob.relayed!, alice.relayed!];
      await alice.permit(toBob);
      await bob.permit(toAlice);
      alice.send(toBob, Buffer.from('indication'));
      expect(await bob.receive()).toMatchObject([
        { kind: 'indication', peer: toAlice, data: Buffer.from('indication') },
      ]);
      await alice.bindChannel(0x4001, toBob);
      await bob.bindChannel(0x4002, toAlice);
      alice.sendChannel(0x4001, Buffer.from('channel'));
      expect((await bob.receive())[0]).toMatchObject({ channel: 0x4002, data: Buffer.from('channel') });
      bob.sendChannel(0x4002, Buffer.from('back'));
      expect(await alice.receive()).toMatchObject([{ channel: 0x4001, data: Buffer.from('back') }]);
      expect(
        server
          .sessions()
          .map(({ counters }) => counters.packetsToClient)
          .sort(),
      ).toEqual([1, 2]);
    },
  );

  it('takes the straight path behind 1:1 NAT, where nobody answers at the address that peers see', async () => {
    const server = await startServer({
      ...BATCH,
      relay: {
        ...turnServerOptions().relay,
        addresses: ['127.0.0.1'],
        externalAddresses: { '127.0.0.1': '192.0.2.7' },
      },
    });
    const [alice, bob] = [await connectClient(server), await connectClient(server, { username: 'bob' })];
    await alice.allocate();
    await bob.allocate();
    expect(bob.relayed?.address).toBe('192.0.2.7');
    await bob.bindChannel(0x4000, alice.relayed!);
    await alice.bindChannel(0x4000, bob.relayed!);
    alice.sendChannel(0x4000, Buffer.from('hello'));
    expect(await bob.receive()).toMatchObject([{ channel: 0x4000, data: Buffer.from('hello') }]);
  });

  it('drops what a peer without a permission sends, and tells nobody but the counters', async () => {
    const server = await startServer(BATCH);
    const client = await connectClient(server);
    await client.allocate();
    const stranger = createSocket('udp4');
    stranger.send('hello', client.relayed!.port, client.relayed!.address);
    await vi.waitUntil(() => server.stats()?.drops['no-permission'] === 1, { timeout: 5000 });
    expect(client.arrivals).toEqual([]);
    expect(server.sessions()).toMatchObject([{ counters: { dropped: 1, packetsToClient: 0 } }]);
    stranger.close();
  });

  it('serves a wildcard listener from the address that was asked', async () => {
    const server = await startServer({ ...BATCH, listeners: [{ transport: 'udp', address: '0.0.0.0', port: 0 }] });
    const [listener] = server.addresses;
    const socket = createSocket('udp4');
    const from = new Promise<string>((resolve) => {
      socket.once('message', (_data, { address }) => {
        resolve(address);
      });
    });
    const binding = Buffer.from('000100002112a442626174636862617463686261', 'hex');
    socket.send(binding, listener!.port, '127.0.0.5');
    expect(await from).toBe('127.0.0.5');
    socket.close();
  });

  it('frees its ports, threads and descriptors when it stops, and starts again on the same port', async () => {
    // An address of its own: what else is tested meanwhile may be given the port.
    const listener = { transport: 'udp', address: '127.0.0.77' } as const;
    const first = await startServer({ ...BATCH, listeners: [{ ...listener, port: 0 }] });
    const { port } = first.addresses[0]!;
    await first.stop();
    const second = await startServer({ ...BATCH, listeners: [{ ...listener, port }] });
    const client = await connectClient(second);
    await client.allocate();
    expect(client.relayed).toBeDefined();
  });

  it('holds no descriptor and no thread more after twenty starts and stops with allocations alive', async () => {
    const held = (): number[] => ['fd', 'task'].map((what) => readdirSync(`/proc/self/${what}`).length);
    const server = new TurnServer(turnServerOptions(BATCH), {
      verifier: staticVerifier({ alice: 'alice-secret' }),
      logger: silentLogger,
    });
    const cycle = async (): Promise<void> => {
      await server.start();
      const client = await connectClient(server);
      await client.allocate();
      client.close();
      await server.stop();
    };
    await cycle();
    const before = held();
    for (let i = 0; i < 20; i++) await cycle();
    // A thread of before may have been on its way out when it was counted.
    const isNoMore = (): boolean => held().every((count, i) => count <= (before[i] ?? 0));
    await expect.poll(isNoMore, { timeout: 10_000 }).toBe(true);
  }, 60_000);

  it('answers 508 where a thread cannot wait for another socket, and the next client is served', async () => {
    const server = await startServer(BATCH);
    const calls = systemCalls();
    if (!calls.ok) return;
    const real = calls.value.epollControl;
    const client = await connectClient(server);
    const before = readdirSync('/proc/self/fd').length;
    Object.assign(calls.value, { epollControl: () => -1 });
    await expect(client.allocate()).rejects.toThrow('508');
    Object.assign(calls.value, { epollControl: real });
    expect(readdirSync('/proc/self/fd')).toHaveLength(before);
    expect(await client.allocate()).toBeDefined();
  });

  it.each([
    ['127.0.0.1', '127.0.0.1'],
    ['127.0.0.1', '0.0.0.0'],
    ['0.0.0.0', '127.0.0.1'],
    ['0.0.0.0', '0.0.0.0'],
  ])('a second server takes no clients of the first, with listeners on %s and %s: it does not start', async (...on) => {
    const first = await startServer({ ...BATCH, listeners: [{ transport: 'udp', address: on[0], port: 0 }] });
    const { port } = first.addresses[0]!;
    await expect(
      startServer({ ...BATCH, listeners: [{ transport: 'udp', address: on[1], port }] }),
    ).rejects.toMatchObject({
      code: 'ERR_ADDRESS_IN_USE',
      message: expect.stringContaining('turn.listeners') as string,
    });
  });

  it('a port that a plain socket has is refused, and so is a plain socket on the port of a server', async () => {
    const holder = createSocket('udp4').bind(0, '127.0.0.1');
    await once(holder, 'listening');
    await expect(
      startServer({ ...BATCH, listeners: [{ transport: 'udp', address: '127.0.0.1', port: holder.address().port }] }),
    ).rejects.toMatchObject({ code: 'ERR_ADDRESS_IN_USE' });
    holder.close();
    const server = await startServer(BATCH);
    const late = createSocket('udp4').bind(server.addresses[0]!.port, '127.0.0.1');
    expect(await once(late, 'error')).toMatchObject([{ code: 'EADDRINUSE' }]);
  });

  it('a port whose socket lets others join it (SO_REUSEPORT) is refused', () => {
    const loaded = loadSystemCalls();
    if (!loaded.ok) return;
    const sockets = new UdpSockets(loaded.value);
    const local = { family: 4, address: '127.0.0.1', port: 0 } as const;
    const shared = sockets.open({ local, bufferBytes: 0, isShared: true });
    const options = {
      ...BATCH,
      listeners: [{ transport: 'udp', address: '127.0.0.1', port: sockets.portOf(shared) }],
    } as const;
    return expect(startServer(options))
      .rejects.toMatchObject({ code: 'ERR_ADDRESS_IN_USE' })
      .finally(() => {
        sockets.release(shared);
      });
  });

  it('hears of the end of the process once, however many threads there are, so that Node.js warns of no leak', async () => {
    const warnings: string[] = [];
    const note = ({ name }: Error): unknown => warnings.push(name);
    process.on('warning', note);
    const before = process.listenerCount('exit');
    const server = await startServer({ ...BATCH, shards: 12 });
    expect(process.listenerCount('exit')).toBe(before + 1);
    await server.stop();
    expect(process.listenerCount('exit')).toBe(before);
    process.off('warning', note);
    expect(warnings).toEqual([]);
  });

  it('tells its owner once when a thread fails', async () => {
    const failures: Error[] = [];
    const server = new TurnServer(turnServerOptions({ ...BATCH, shards: 1 }), {
      verifier: staticVerifier({ alice: 'alice-secret' }),
      logger: silentLogger,
      onFailed: (error) => failures.push(error),
    });
    const threads: Worker[] = [];
    const note = (thread: Worker): unknown => threads.push(thread);
    process.on('worker', note);
    await server.start();
    process.off('worker', note);
    const client = await connectClient(server);
    await client.allocate();
    await Promise.all(threads.map((thread) => thread.terminate()));
    await vi.waitUntil(() => failures.length > 0, { timeout: 5000 });
    await server.stop();
    await sleep(50);
    expect(failures).toHaveLength(1);
  });
});

describe.runIf(here)('why batch cannot serve', () => {
  const why = (...args: Parameters<typeof batchSupport>): string => {
    const support = batchSupport(...args);
    return support.ok ? 'it can' : support.reason;
  };

  it.each([
    [
      'a system without these calls',
      () => why(turnServerOptions(), true, undefined, () => loadSystemCalls('darwin')),
      'this is not Linux',
    ],
    ['TCP alone', () => why(turnServerOptions({ listeners: [BOTH[1]] }), true, undefined), 'there is no UDP listener'],
    [
      'a plane with something around it',
      () => why(turnServerOptions(), true, { plane: (options, ports) => new NodeDataPlane(options, ports) }),
      'what tests put around the data plane works with node alone',
    ],
    [
      'another clock',
      () => why(turnServerOptions(), false, undefined),
      'the program has given the server a clock of its own, which threads do not have',
    ],
  ])('%s', (_what, ask, reason) => {
    expect(ask()).toBe(reason);
  });

  it('a filter of system calls, by the name of the call and its error', () => {
    const loaded = loadSystemCalls();
    if (!loaded.ok) return;
    const calls = Object.assign(loaded.value, { recvmmsg: () => -1 });
    expect(why(turnServerOptions(), true, undefined, () => ok(calls))).toMatch(/^self-test: recvmmsg E/);
  });

  it('a system that grants too few threads: the server runs on node, and no thread is left', async () => {
    const warn = vi.fn();
    const server = new TurnServer(turnServerOptions({ ...BATCH, shards: 3 }), {
      verifier: staticVerifier({}),
      logger: { ...silentLogger, warn },
    });
    const ends: Promise<unknown>[] = [];
    const note = (thread: Worker): unknown => ends.push(once(thread, 'exit'));
    process.on('worker', note);
    process.once('worker', (thread) => void thread.terminate());
    await server.start();
    process.off('worker', note);
    expect(warn).toHaveBeenCalledWith(
      { reason: expect.stringMatching(/^a thread does not start: a thread of the data plane ended/) as string },
      'the data plane is node: batch cannot serve here',
    );
    expect(server.stats()?.dataPlane).toBe('node');
    expect(await Promise.all(ends)).toHaveLength(3);
    await server.stop();
  });

  it.each(['epollCreate', 'eventfd'] as const)(
    'a system that grants too few descriptors (%s): the server runs on node, and none is left open',
    async (call) => {
      const calls = systemCalls();
      if (!calls.ok) return;
      const real = calls.value[call];
      const held = (): number => readdirSync('/proc/self/fd').length;
      const before = held();
      let made = 0;
      // One is for the self-test.
      Object.assign(calls.value, {
        [call]: (first: number, second: number) => (++made > 3 ? -1 : real(first, second)),
      });
      const warn = vi.fn();
      const server = new TurnServer(turnServerOptions({ ...BATCH, shards: 4 }), {
        verifier: staticVerifier({}),
        logger: { ...silentLogger, warn },
      });
      await server.start();
      Object.assign(calls.value, { [call]: real });
      expect(warn).toHaveBeenCalledWith(
        { reason: expect.stringMatching(/^a thread does not start: (epoll_create1|eventfd) /) as string },
        'the data plane is node: batch cannot serve here',
      );
      await server.stop();
      await expect.poll(held, { timeout: 5000 }).toBe(before);
    },
  );

  it.each([
    [{ ...BATCH }, { dataPlane: 'batch', shards: 2, kernelUdp: true, tcpRelay: true }],
    [{ dataPlane: 'auto' } as const, { dataPlane: 'node', kernelUdp: true, tcpRelay: true }],
    [
      { dataPlane: 'node' } as const,
      { dataPlane: 'node', kernelUdp: false, noKernelUdp: 'turn.dataPlane is node', tcpRelay: false },
    ],
  ])('the line of the start says which plane serves with %o', async (options, facts) => {
    const info = vi.fn();
    const server = new TurnServer(turnServerOptions(options), {
      verifier: staticVerifier({}),
      logger: { ...silentLogger, info },
    });
    await server.start();
    const [listener] = server.addresses;
    expect(info).toHaveBeenCalledWith(
      { listeners: [`udp 127.0.0.1:${listener?.port}`], ...facts },
      'TURN server started',
    );
    await server.stop();
  });

  it('the server runs on node then, and its log says why', async () => {
    const warn = vi.fn();
    const server = new TurnServer(turnServerOptions({ ...BATCH, listeners: [BOTH[1]] }), {
      verifier: staticVerifier({}),
      logger: { ...silentLogger, warn },
    });
    await server.start();
    expect(server.stats()?.dataPlane).toBe('node');
    expect(warn).toHaveBeenCalledWith(
      { reason: 'there is no UDP listener' },
      'the data plane is node: batch cannot serve here',
    );
    await server.stop();
  });
});
