import { Duplex } from 'node:stream';
import { setImmediate as turnOfTheLoop } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { EndOfTurn } from '../../../src/base/end-of-turn.ts';
import { OPCODES } from '../../../src/edge/websocket/frame.ts';
import { encodeMessage } from '../../../src/edge/websocket/frame-writer.ts';
import { WebSocketConnection } from '../../../src/edge/websocket/web-socket-connection.ts';
import { clientFrame, close, ping, pong, text } from './support/client-frames.ts';
import { LIMITS } from './support/read-frames.ts';

/** A connection over a socket whose every write is kept. */
class Bench {
  /** Hex of each write. */
  readonly writes: string[] = [];
  readonly told: string[] = [];
  readonly socket: Duplex;
  readonly connection: WebSocketConnection;
  /** What it does with a message beside keeping it. */
  onMessage: (bytes: Buffer) => void = () => undefined;

  /** `takes`: whether the socket's system takes what is written. */
  constructor({ takes = true, endOfTurn = new EndOfTurn() } = {}) {
    this.socket = new Duplex({
      read: () => undefined,
      write: (bytes: Buffer, _encoding, done) => {
        this.writes.push(bytes.toString('hex'));
        if (takes) done();
      },
    });
    const listener = {
      onMessage: (bytes: Buffer) => {
        this.told.push(bytes.toString());
        this.onMessage(bytes);
      },
      onPing: () => this.told.push('ping'),
      onPong: () => this.told.push('pong'),
      onPeerEnd: ({ kind }: { kind: string }) => this.told.push(kind),
      onGone: () => this.told.push('gone'),
    };
    this.connection = new WebSocketConnection(this.socket, listener, { limits: LIMITS, endOfTurn });
  }

  send(value: string): void {
    this.connection.send(encodeMessage(OPCODES.text, value));
  }

  /** As if the client had sent it. */
  receive(bytes: Buffer): void {
    this.socket.emit('data', bytes);
  }
}

describe('a WebSocket connection', () => {
  it('writes what it is sent in one turn at once, at the end of the turn, in order', async () => {
    const bench = new Bench();
    bench.send('a');
    bench.connection.sendPing();
    bench.receive(ping('?'));
    bench.send('b');
    expect(bench.writes).toEqual([]);
    await turnOfTheLoop();
    expect(bench.writes).toEqual(['810161' + '8900' + '8a013f' + '810162']);
    bench.send('c');
    await turnOfTheLoop();
    expect(bench.writes.slice(1)).toEqual(['810163']);
  });

  it('reads a client no further that goes on sending after it was closed, and hears its close frame if that comes soon', () => {
    const flooded = new Bench();
    flooded.connection.close(1008);
    for (let i = 0; i < 100; i++) flooded.receive(Buffer.concat(Array.from({ length: 200 }, () => ping('?'))));
    expect(flooded.socket.writableEnded).toBe(true);
    const heard = flooded.told.length;
    expect(heard * ping('?').length).toBeLessThanOrEqual(65_536);
    flooded.receive(Buffer.concat([text('x'), close(1000)]));
    expect(flooded.told).toHaveLength(heard);

    const honest = new Bench();
    honest.connection.close(1012);
    honest.receive(text('on its way'));
    honest.receive(close(1012));
    expect(honest.told.at(-1)).toBe('closed');
  });

  it('writes for each of many connections once, in the order in which they had something to send', async () => {
    const endOfTurn = new EndOfTurn();
    const order: string[] = [];
    const benches = ['first', 'second', 'third'].map((name) => {
      const bench = new Bench({ endOfTurn });
      const { push } = bench.writes;
      bench.writes.push = (...writes) => {
        order.push(name);
        return push.apply(bench.writes, writes);
      };
      return bench;
    });
    for (const bench of benches.toReversed()) for (let i = 0; i < 3; i++) bench.send('x');
    await turnOfTheLoop();
    expect(order).toEqual(['third', 'second', 'first']);
  });

  it('counts what waits for the end of the turn among the bytes that wait, and what the system has not taken', async () => {
    const bench = new Bench({ takes: false });
    bench.send('abc');
    expect(bench.connection.bufferedBytes).toBe(5);
    await turnOfTheLoop();
    bench.send('d');
    expect(bench.connection.bufferedBytes).toBe(8);
  });

  it('closes behind what waits, at once, and sends nothing after it', async () => {
    const bench = new Bench();
    bench.send('a');
    bench.connection.close(1000, 'bye');
    expect(bench.writes).toEqual(['810161' + '880503e8627965']);
    bench.send('b');
    bench.connection.sendPing();
    bench.connection.close(1001);
    bench.receive(ping());
    await turnOfTheLoop();
    expect(bench.writes).toHaveLength(1);
    expect(bench.connection.isOpen).toBe(false);
    expect(bench.socket.writableEnded).toBe(false);
    bench.receive(close(1000));
    expect(bench.socket.writableEnded).toBe(true);
    expect(bench.told).toEqual(['ping', 'closed']);
  });

  it('answers a close frame behind what waits, with the same code, and ends', () => {
    const bench = new Bench();
    bench.onMessage = () => {
      bench.send('answer');
    };
    bench.receive(Buffer.concat([text('request'), close(3001, 'enough'), text('more')]));
    expect(bench.writes).toEqual([`8106${Buffer.from('answer').toString('hex')}` + '88020bb9']);
    expect(bench.socket.writableEnded).toBe(true);
    expect(bench.told).toEqual(['request', 'closed']);
  });

  it('says by its close frame what was wrong with a frame, and hears nothing more', () => {
    const bench = new Bench();
    bench.receive(clientFrame({ opcode: 1, rsv: 4 }));
    bench.receive(text('more'));
    expect(bench.writes).toEqual(['880203ea']);
    expect(bench.socket.writableEnded).toBe(true);
    expect(bench.told).toEqual(['defect']);
  });

  it('drops what waits when it is cut, and reads nothing more of the chunk', async () => {
    const bench = new Bench();
    bench.onMessage = () => {
      bench.connection.destroy();
    };
    bench.send('a');
    bench.receive(Buffer.concat([text('b'), text('c')]));
    await turnOfTheLoop();
    expect(bench.writes).toEqual([]);
    expect(bench.connection.bufferedBytes).toBe(0);
    expect(bench.told).toEqual(['b', 'broken', 'gone']);
  });

  it('gives up a socket that breaks between the sending and the end of the turn', async () => {
    const bench = new Bench();
    bench.send('a');
    bench.socket.destroy(new Error('reset'));
    await turnOfTheLoop();
    expect(bench.writes).toEqual([]);
    expect(bench.told).toEqual(['broken', 'gone']);
  });

  it('sends what waits to a client that only writes no more, and ends', async () => {
    const bench = new Bench();
    bench.socket.resume();
    bench.send('a');
    bench.socket.push(null);
    await turnOfTheLoop();
    await turnOfTheLoop();
    expect(bench.writes).toEqual(['810161']);
    expect(bench.told).toEqual(['broken', 'gone']);
  });

  it('tells of pongs', () => {
    const bench = new Bench();
    bench.receive(pong('x'));
    expect(bench.told).toEqual(['pong']);
  });
});
