import { Duplex } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { EndOfTurn } from '../../../src/base/end-of-turn.ts';
import { Secret } from '../../../src/base/secret.ts';
import { Flow } from '../../../src/edge/flow/flow.ts';
import { createResponse } from '../../../src/sip/create-response.ts';
import { formatSipMessage } from '../../../src/sip/format-message.ts';
import { parseSipMessage } from '../../../src/sip/parse-message.ts';
import { unwrap } from '../../support/unwrap.ts';
import { edgeOptions } from '../support/edge-options.ts';
import { startEdge } from '../support/edge-server.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { Wic, WicMessages } from '../support/wic.ts';
import { ping, text } from '../websocket/support/client-frames.ts';

/** Says nothing, and takes nothing: what is written to it waits. */
function silentSocket(): Duplex {
  return new Duplex({ read: () => undefined, write: () => undefined });
}

describe('a flow', () => {
  it('answers a double CRLF with a single one, and a single one not at all', async () => {
    await using server = await startEdge(edgeOptions());
    const socket = await server.connect();
    socket.send('\r\n');
    socket.send('\r\n\r\n');
    await expect.poll(() => socket.frames).toEqual(['\r\n']);
  });

  it('takes SIP in a binary frame as in a text frame', async () => {
    await using server = await startEdge(edgeOptions());
    const alice = new Wic('alice', await server.connect());
    alice.sendBinary(alice.buildRegister());
    expect((await alice.socket.response(401)).headers.get('Call-ID')).toBe(alice.registerCallId);
  });

  it('writes once for each answer, and once for all answers of one turn', async () => {
    await using server = await startEdge(edgeOptions());
    let writes = 0;
    const accepted: Duplex[] = [];
    server.server.on('secureConnection', (socket: Duplex) => {
      accepted.push(socket);
      const write = socket.write.bind(socket) as (bytes: Buffer) => boolean;
      socket.write = (bytes: Buffer) => {
        writes += 1;
        return write(bytes);
      };
    });
    const alice = new Wic('alice', await server.connect());
    writes = 0;
    await alice.register();
    expect(writes).toBe(2);
    accepted[0]!.emit('data', Buffer.concat([text('\r\n\r\n'), ping('?'), text('\r\n\r\n')]));
    await expect.poll(() => alice.socket.frames.slice(2)).toEqual(['\r\n', '\r\n']);
    expect(writes).toBe(3);
  });

  it('ends with 1007 on a text frame that is not UTF-8', async () => {
    await using server = await startEdge(edgeOptions());
    const socket = await server.connect();
    socket.webSocket.send(Buffer.from([0xc3, 0x28]), { binary: false });
    expect(await socket.closed).toBe(1007);
    expect(server.events.named('flow-closed')).toMatchObject([{ cause: 'protocol-error' }]);
  });

  it('that has been told to close is not listened to any more', async () => {
    await using server = await startEdge(edgeOptions({ limits: { messageBurst: 3, messagesPerSec: 0.01 } }));
    const alice = new Wic('alice', await server.connect());
    const bob = new Wic('bob', await server.connect());
    await alice.register();
    await bob.register();
    for (let i = 0; i < 2; i++) alice.socket.send('\r\n');
    alice.send(alice.build('MESSAGE', bob.aor, bob.aor));
    await alice.socket.closed;
    bob.send(bob.build('OPTIONS', 'sip:example.com', 'sip:example.com'));
    await bob.socket.response(200, 'OPTIONS');
    expect(bob.socket.unread).toEqual([]);
  });

  it('ends with 1009 on a message beyond the limit', async () => {
    await using server = await startEdge(edgeOptions({ limits: { messageBytes: 4096 } }));
    const socket = await server.connect();
    socket.send('x'.repeat(4097));
    expect(await socket.closed).toBe(1009);
    expect(server.events.named('flow-closed')).toMatchObject([{ cause: 'message-size' }]);
  });

  it('ends on a message in more fragments than the limit', async () => {
    await using server = await startEdge(edgeOptions({ limits: { fragments: 4 } }));
    const socket = await server.connect();
    for (let i = 0; i < 5; i++) socket.webSocket.send('x', { fin: i === 4 });
    expect(await socket.closed).toBe(1008);
  });

  it('ends with 1008 on messages faster than the limit', async () => {
    await using server = await startEdge(edgeOptions({ limits: { messageBurst: 5, messagesPerSec: 1 } }));
    const socket = await server.connect();
    for (let i = 0; i < 6; i++) socket.send('\r\n');
    expect(await socket.closed).toBe(1008);
    expect(server.events.named('limited')).toMatchObject([{ cause: 'message-rate' }]);
  });

  it.each(['ping', 'pong'] as const)('ends with 1008 on a %s more than messages are allowed', async (frame) => {
    await using server = await startEdge(edgeOptions({ limits: { messageBurst: 5, messagesPerSec: 1 } }));
    const socket = await server.connect();
    for (let i = 0; i < 5; i++) socket.webSocket[frame]();
    socket.send('\r\n');
    expect(await socket.closed).toBe(1008);
    expect(server.events.named('limited')).toMatchObject([{ cause: 'message-rate' }]);
  });

  it('pays nothing for the pongs that it was asked for', async () => {
    const limits = { messageBurst: 2, messagesPerSec: 0.01 };
    await using server = await startEdge(edgeOptions({ limits, keepalive: { pingSec: 0.02, pongTimeoutSec: 0.1 } }));
    const socket = await server.connect();
    let pings = 0;
    socket.webSocket.on('ping', () => pings++);
    await expect.poll(() => pings, { timeout: 5000 }).toBeGreaterThan(4);
    expect(socket.webSocket.readyState).toBe(socket.webSocket.OPEN);
  });

  it('ends with 1008 when nobody registers on it in time', async () => {
    await using server = await startEdge(edgeOptions({ limits: { unregisteredSec: 0.7 } }));
    const idle = await server.connect();
    const alice = new Wic('alice', await server.connect());
    await alice.register();
    expect(await idle.closed).toBe(1008);
    expect(server.edge.snapshot().flows).toHaveLength(1);

    await alice.register({ expires: 0 });
    expect(await alice.socket.closed).toBe(1008);
  });

  it('of a client whose registration has ended stays while that is in a call, for twelve hours at most', () => {
    const clock = new FakeClock();
    const closed: string[] = [];
    const handlers = {
      message: () => false,
      closed: (_flow: Flow, cause: string) => closed.push(cause),
      released: () => undefined,
      limited: () => undefined,
    };
    const open = (isInCall: () => boolean): Flow => {
      const { limits } = edgeOptions();
      const keepalive = { pingSec: 1_000_000, pongTimeoutSec: 10 };
      const facts = { id: 'f', remoteAddress: '', remotePort: 0, origin: undefined, host: undefined, secure: true };
      const self = { sentBy: { host: 'example.com' }, transport: 'ws', tokens: true } as const;
      const endOfTurn = new EndOfTurn();
      const context = { self, limits, keepalive, clock, timers: clock.timers, endOfTurn, handlers, isInCall };
      return new Flow(silentSocket(), facts, context);
    };
    let inCall = true;
    const flow = open(() => inCall);
    open(() => true);
    clock.advance(100_000);
    flow.setRegistered(false);
    clock.advance(3_600_000);
    expect(closed).toEqual([]);
    inCall = false;
    clock.advance(30_000);
    expect(closed).toEqual(['unregistered']);
    clock.advance(12 * 3_600_000);
    expect(closed).toEqual(['unregistered', 'unregistered']);
  });

  it('remembers the REGISTER of its client until that falls silent', () => {
    const clock = new FakeClock();
    const { limits } = edgeOptions();
    const handlers = {
      message: () => false,
      closed: () => undefined,
      released: () => undefined,
      limited: () => undefined,
    };
    const flow = new Flow(
      silentSocket(),
      { id: 'f', remoteAddress: '', remotePort: 0, origin: undefined, host: undefined, secure: true },
      {
        self: { sentBy: { host: 'example.com' }, transport: 'ws', tokens: true },
        keepalive: { pingSec: 25, pongTimeoutSec: 10 },
        limits,
        clock,
        timers: clock.timers,
        endOfTurn: new EndOfTurn(),
        handlers,
        isInCall: () => false,
      },
    );
    const register = formatSipMessage(new WicMessages('alice').buildRegister());
    const isRepeated = (): boolean =>
      unwrap(parseSipMessage(register, { maxHeaders: 50, maxLineBytes: 1000 }, flow.memory)).headers.areRepeated;
    expect([isRepeated(), isRepeated()]).toEqual([false, true]);
    clock.advance(25_001);
    expect([isRepeated(), isRepeated()]).toEqual([false, true]);
  });

  it('is not pinged while it lets itself be heard', async () => {
    await using server = await startEdge(edgeOptions({ keepalive: { pingSec: 1, pongTimeoutSec: 0.5 } }));
    const socket = await server.connect();
    let pings = 0;
    socket.webSocket.on('ping', () => pings++);
    for (let i = 0; i < 20; i++) {
      socket.webSocket.send('\r\n\r\n');
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    expect(pings).toBe(0);
    await expect.poll(() => pings, { timeout: 5000 }).toBe(1);
  });

  it('is pinged, and cut when it does not answer', async () => {
    await using server = await startEdge(edgeOptions({ keepalive: { pingSec: 0.05, pongTimeoutSec: 0.5 } }));
    const answering = await server.connect();
    const silent = await server.connect({ autoPong: false });
    expect(await silent.closed).toBe(1006);
    expect(server.events.named('flow-closed')).toMatchObject([{ cause: 'ping-timeout' }]);
    expect(answering.webSocket.readyState).toBe(answering.webSocket.OPEN);
  });

  it('is cut when its client reads nothing, and what was meant for it fails at once', async () => {
    await using server = await startEdge(
      edgeOptions({ limits: { bufferedBytes: 100_000, transactionsPerFlow: 1000 } }),
    );
    const alice = new Wic('alice', await server.connect());
    const bob = new Wic('bob', await server.connect());
    await alice.register();
    await bob.register();
    bob.socket.webSocket.pause();
    const body = 'x'.repeat(60_000);
    for (let i = 0; i < 500 && server.events.named('flow-closed').length === 0; i++) {
      alice.send(alice.build('MESSAGE', bob.aor, bob.aor, {}, body));
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    expect(server.events.named('flow-closed')).toMatchObject([{ cause: 'slow-reader' }]);
    expect(server.events.named('limited')).toMatchObject([{ cause: 'buffered-bytes' }]);
    await alice.socket.response(480, 'MESSAGE');
    await expect.poll(() => server.edge.snapshot().transactions).toBe(0);
  });

  it.each([
    { registered: false, bufferedBytes: 1_048_576, waiting: 64_000, sent: true },
    { registered: false, bufferedBytes: 1_048_576, waiting: 65_536, sent: false },
    { registered: false, bufferedBytes: 10_000, waiting: 10_000, sent: false },
    { registered: true, bufferedBytes: 1_048_576, waiting: 1_000_000, sent: true },
    { registered: true, bufferedBytes: 1_048_576, waiting: 1_048_576, sent: false },
  ])('has less kept for it before it is registered: $waiting bytes of $bufferedBytes, $registered', (row) => {
    const clock = new FakeClock();
    const limited: string[] = [];
    const handlers = {
      message: () => false,
      closed: () => undefined,
      released: () => undefined,
      limited: (_flow: Flow, cause: string) => limited.push(cause),
    };
    const { limits, keepalive } = edgeOptions({ limits: { bufferedBytes: row.bufferedBytes } });
    const socket = silentSocket();
    socket.write(Buffer.alloc(row.waiting));
    const facts = { id: 'f', remoteAddress: '', remotePort: 0, origin: undefined, host: undefined, secure: true };
    const self = { sentBy: { host: 'example.com' }, transport: 'ws', tokens: true } as const;
    const endOfTurn = new EndOfTurn();
    const context = {
      self,
      limits,
      keepalive,
      clock,
      timers: clock.timers,
      endOfTurn,
      handlers,
      isInCall: () => false,
    };
    const flow = new Flow(socket, facts, context);
    flow.setRegistered(row.registered);
    expect(flow.send(createResponse(new WicMessages('alice').buildRegister(), 401))).toBe(row.sent);
    expect(limited).toEqual(row.sent ? [] : ['buffered-bytes']);
  });

  it('ends after too many wrong passwords, and a right one makes them forgotten', async () => {
    await using server = await startEdge(edgeOptions({ limits: { authenticationFailures: 3 } }));
    const alice = new Wic('alice', await server.connect());
    const wrong = async (): Promise<void> => {
      alice.send(alice.buildRegister());
      const challenge = await alice.socket.response(401);
      const request = alice.buildRegister();
      request.headers.append('Authorization', alice.authorization(challenge, request, 'MD5', new Secret('guess')));
      alice.send(request);
    };
    await wrong();
    await alice.socket.response(401);
    await wrong();
    await alice.socket.response(401);
    await alice.register();
    await wrong();
    await alice.socket.response(401);
    await wrong();
    await alice.socket.response(401);
    await wrong();
    expect(await alice.socket.closed).toBe(1008);
    expect(server.events.named('flow-closed')).toMatchObject([{ cause: 'authentication-failures' }]);
  });

  it('ends after too many guesses at the password of another user, however often its own is proven between', async () => {
    await using server = await startEdge(edgeOptions({ limits: { authenticationFailures: 3 } }));
    const alice = new Wic('alice', await server.connect());
    for (let guess = 1; guess <= 3; guess++) {
      await alice.register();
      alice.send(alice.buildRegister());
      const challenge = await alice.socket.response(401);
      const request = alice.buildRegister();
      // In alice's name as far as the AoR goes.
      const proof = alice.authorization(challenge, request, 'MD5', new Secret('guess')).replace('"alice"', '"bob"');
      request.headers.append('Authorization', proof);
      alice.send(request);
      if (guess < 3) await alice.socket.response(401);
    }
    expect(await alice.socket.closed).toBe(1008);
  });
});
