import { connect, Socket } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type Hop } from '../../../../../src/edge/hop.ts';
import {
  type Line,
  request,
  requestText,
  responseTo,
  type TcpCore,
  TransportTest,
  type TransportWorld,
  until,
  type WorldOptions,
} from './support.ts';

const test = new TransportTest();

afterEach(() => test.end());

const start = (options?: WorldOptions): Promise<TransportWorld> => test.start(options);

function core(address?: string): Promise<TcpCore> {
  return test.core(undefined, undefined, address);
}

function call({ place }: TransportWorld, localAddress = '127.0.0.1'): Line {
  const { address, port } = place('tcp');
  return test.line(connect({ host: address, port, localAddress }));
}

function hopTo({ transports }: TransportWorld, port: number, address = '127.0.0.1'): Hop {
  return transports.hopTo({ transport: 'tcp', address, port });
}

const ANSWER = 'SIP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n';

describe('a TCP connection to the core', () => {
  it('opens with the first message, holds the next until then, and is found again', async () => {
    const world = await start();
    const peer = await core();
    const hop = hopTo(world, peer.port);
    expect(hop).toMatchObject({ viaTransport: 'TCP', reliable: true, secure: false, kind: 'core' });
    expect(hop.self).toEqual({
      sentBy: { host: '127.0.0.1', port: world.place('tcp').port },
      transport: 'tcp',
      tokens: false,
    });
    expect([hop.send(request('1')), hop.send(request('2'))]).toEqual([true, true]);
    expect(hopTo(world, peer.port)).toBe(hop);
    await until(() => /\r\n\r\n1OPTIONS [^]*\r\n\r\n2$/.test(peer.lines[0]?.text() ?? ''));
    peer.lines[0]!.socket.write(ANSWER);
    await until(() => world.messages.length === 1);
    expect(world.messages[0]).toEqual({ text: ANSWER, hop });
    expect(hop.localPort).toBe(peer.lines[0]!.socket.remotePort);
    expect(peer.lines).toHaveLength(1);
  });

  it('gets what one turn of the event loop sends by one write', async () => {
    const world = await start();
    const peer = await core();
    const hop = hopTo(world, peer.port);
    hop.send(request('1'));
    await until(() => peer.lines[0]?.text().endsWith('1') ?? false);
    const write = vi.spyOn(Socket.prototype, 'write');
    hop.send(request('2'));
    hop.send(request('3'));
    await until(() => /\r\n\r\n2OPTIONS [^]*\r\n\r\n3$/.test(peer.lines[0]!.text()));
    expect(write.mock.contexts.filter((socket) => (socket as Socket).remotePort === peer.port)).toHaveLength(1);
    write.mockRestore();
  });

  it('is told as closed, once and later, when it cannot be made, and made anew with the next hop', async () => {
    const world = await start();
    const gone = await core();
    await gone.close();
    const hop = hopTo(world, gone.port);
    hop.send(request());
    expect(world.closed).toEqual([]);
    await until(() => world.closed.length > 0);
    expect(world.closed).toEqual([hop]);
    expect(hop.send(request())).toBe(false);
    expect(hopTo(world, gone.port)).not.toBe(hop);
  });

  it('is told as closed when the core ends it', async () => {
    const world = await start();
    const peer = await core();
    const hop = hopTo(world, peer.port);
    hop.send(request());
    await until(() => peer.lines.length === 1);
    peer.lines[0]!.socket.end();
    await until(() => world.closed.length === 1);
    expect(world.closed).toEqual([hop]);
  });

  it('is given up when a core accepts and never reads more than the bound', async () => {
    const world = await start();
    const peer = await core();
    const hop = hopTo(world, peer.port);
    hop.send(request());
    await until(() => peer.lines.length === 1);
    peer.lines[0]!.socket.pause();
    await until(() => {
      for (let i = 0; i < 100; i++) if (!hop.send(request('x'.repeat(60_000)))) return true;
      return false;
    });
    await until(() => world.closed.length === 1);
    expect(world.closed).toEqual([hop]);
  });

  it('holds no more than the bound before it is connected', async () => {
    const world = await start({ limits: { bufferedBytes: 1000 } });
    const peer = await core();
    const hop = hopTo(world, peer.port);
    expect([hop.send(request('x'.repeat(500))), hop.send(request('x'.repeat(500)))]).toEqual([true, false]);
    await until(() => world.closed.length === 1);
  });

  it('ends when nothing has gone or come for some minutes', async () => {
    const world = await start();
    const peer = await core();
    const [used, idle] = [hopTo(world, peer.port), hopTo(world, peer.port, '127.0.0.1')];
    expect(used).toBe(idle);
    used.send(request());
    await until(() => peer.lines.length === 1 && peer.lines[0]!.text() !== '');
    world.clock.advance(500_000);
    used.send(request());
    world.clock.advance(500_000);
    await new Promise((resolve) => setImmediate(resolve));
    expect(world.closed).toEqual([]);
    world.clock.advance(800_000);
    await until(() => world.closed.length === 1);
    await until(() => peer.lines[0]!.isClosed());
    expect(world.clock.timers.size).toBe(0);
  });

  it('counts against the bound on connections of both directions', async () => {
    const world = await start({ connections: 2 });
    const peer = await core();
    const caller = call(world);
    caller.socket.write(requestText('SIP/2.0/TCP x'));
    await until(() => world.messages.length === 1);
    hopTo(world, peer.port).send(request());
    await until(() => peer.lines.length === 1);
    const late = hopTo(world, peer.port + 1 > 65_535 ? 1 : peer.port + 1);
    expect(late.send(request())).toBe(false);
    await until(() => world.closed.length === 1);
    expect(world.closed).toEqual([late]);
    const refused = call(world);
    await until(() => refused.isClosed());
    expect(world.refused).toEqual([
      ['127.0.0.1', 'tcp', 'connections'],
      ['127.0.0.1', 'tcp', 'connections'],
    ]);
    caller.socket.destroy();
    await until(() => world.closed.length === 2);
    const again = call(world);
    again.socket.write(requestText('SIP/2.0/TCP x'));
    await until(() => world.messages.length === 2);
  });
});

describe('a TCP connection of the core', () => {
  it('carries requests in and their answers back', async () => {
    const world = await start();
    const caller = call(world);
    const text = requestText('SIP/2.0/TCP core.example', 'ä');
    caller.socket.write(text + text);
    await until(() => world.messages.length === 2);
    const [{ hop, text: heard }] = world.messages as [(typeof world.messages)[0]];
    expect(heard).toBe(text);
    expect(hop).toMatchObject({ remoteAddress: '127.0.0.1', remotePort: caller.socket.localPort, reliable: true });
    expect(hop.send(responseTo(text))).toBe(true);
    await until(() => caller.text().startsWith('SIP/2.0 200'));
  });

  it('answers a keep-alive of two CRLFs by one', async () => {
    const world = await start();
    const caller = call(world);
    caller.socket.write('\r\n\r\n');
    await until(() => caller.text() === '\r\n');
    expect(world.messages).toEqual([]);
  });

  it('is refused when it comes from elsewhere than the core', async () => {
    const world = await start({ trusted: [] });
    world.transports.trust(new Set(['127.0.0.2']));
    const stranger = call(world, '127.0.0.3');
    await until(() => stranger.isClosed());
    expect(world.refused).toEqual([['127.0.0.3', 'tcp', 'unknown-address']]);
    call(world, '127.0.0.2').socket.write(requestText('SIP/2.0/TCP x'));
    await until(() => world.messages.length === 1);
    expect(world.closed).toEqual([]);
  });

  it.each([
    ['without Content-Length', 'BYE sip:a SIP/2.0\r\n\r\n', 'framing'],
    ['too large', 'BYE sip:a SIP/2.0\r\nl: 100000\r\n\r\n', 'message-size'],
  ] as const)('is closed after a message %s', async (_what, text, cause) => {
    const world = await start();
    const caller = call(world);
    caller.socket.write(text);
    await until(() => caller.isClosed());
    await until(() => world.closed.length === 1);
    expect(world.refused).toEqual([['127.0.0.1', 'tcp', cause]]);
    expect(world.messages).toEqual([]);
  });

  it('hands out what is not UTF-8 as it hands out all else', async () => {
    const world = await start();
    const caller = call(world);
    caller.socket.write(Buffer.from('BYE \xff\r\nl: 0\r\n\r\n', 'latin1'));
    caller.socket.write(requestText('SIP/2.0/TCP x'));
    await until(() => world.messages.length === 2);
    expect(world.refused).toEqual([]);
  });

  it('that is gone is replaced for the answer by one to the port of the Via (RFC 3261 §18.2.2)', async () => {
    const world = await start();
    const peer = await core();
    const caller = call(world);
    const text = requestText(`SIP/2.0/TCP core.example:${peer.port}`);
    caller.socket.write(text);
    await until(() => world.messages.length === 1);
    caller.socket.destroy();
    await until(() => world.closed.length === 1);
    const { hop } = world.messages[0]!;
    expect(hop.send(request())).toBe(false);
    expect(hop.send(responseTo(text))).toBe(true);
    await until(() => peer.lines[0]?.text().startsWith('SIP/2.0 200') ?? false);
  });
});

it('what was sent before the stop still goes out, and the ports are free after it', async () => {
  const world = await start();
  const peer = await core();
  const hop = hopTo(world, peer.port);
  hop.send(request());
  await until(() => peer.lines[0]?.text() !== undefined && peer.lines[0].text() !== '');
  hop.send(request('x'.repeat(50_000)));
  const { port } = world.place('tcp');
  call(world).socket.write(requestText('SIP/2.0/TCP x'));
  await until(() => world.messages.length === 1);
  await world.transports.stop();
  await until(() => peer.lines[0]!.isClosed());
  expect(peer.lines[0]!.text()).toMatch(/x{50000}$/);
  expect(world.closed.filter(({ reliable }) => reliable)).toHaveLength(2);
  await start({ listen: { port } });
});
