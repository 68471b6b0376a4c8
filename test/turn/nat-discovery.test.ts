import { randomBytes } from 'node:crypto';
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { silentLogger } from '../../src/base/logger.ts';
import { changeRequest, otherAddress, responseOrigin, responsePort } from '../../src/stun/attributes/rfc5780.ts';
import { Method } from '../../src/stun/message-type.ts';
import { decodeMessage, type StunMessage } from '../../src/stun/message.ts';
import { StunWriter } from '../../src/stun/writer.ts';
import { TurnServer } from '../../src/turn/turn-server.ts';
import { unwrap } from '../support/unwrap.ts';
import { turnServerOptions } from './support/options.ts';

const unasked = () => {
  throw new Error('Binding asks for no credential');
};
const verifier = { verify: unasked, lookup: unasked };
const natDiscovery = { alternateAddress: '127.0.0.2', alternatePort: 0 };

const closers: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function startServer(changes: Parameters<typeof turnServerOptions>[0] = {}): Promise<TurnServer> {
  const options = turnServerOptions({ natDiscovery, ...changes });
  const server = new TurnServer(options, { verifier, logger: silentLogger });
  await server.start();
  closers.push(() => server.stop());
  return server;
}

async function client(): Promise<Socket> {
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  closers.push(() => {
    socket.close();
  });
  return socket;
}

interface Place {
  readonly address: string;
  readonly port: number;
}

async function answerTo(
  socket: Socket,
  to: Place,
  build: (writer: StunWriter) => unknown = () => undefined,
  at = socket,
): Promise<{ readonly message: StunMessage; readonly from: Place }> {
  const writer = new StunWriter(Method.Binding, 'request', randomBytes(12));
  build(writer);
  const answered = once(at, 'message') as Promise<[Buffer, RemoteInfo]>;
  socket.send(writer.finish(), to.port, to.address);
  const [bytes, { address, port }] = await answered;
  return { message: unwrap(decodeMessage(bytes)), from: { address, port } };
}

describe('NAT behaviour discovery over sockets', () => {
  it('answers at all four places, and from the one that CHANGE-REQUEST asks for', async () => {
    const server = await startServer();
    const socket = await client();
    const { address, port } = server.addresses[0]!;
    const other = (await answerTo(socket, { address, port })).message.get(otherAddress)!;
    expect(other.address).toBe('127.0.0.2');
    expect(other.port).not.toBe(port);
    for (const [ip, otherIp] of [[address, other.address] as const, [other.address, address] as const]) {
      for (const [from, otherPort] of [[port, other.port] as const, [other.port, port] as const]) {
        for (const [changeIp, changePort] of [
          [false, false],
          [false, true],
          [true, false],
          [true, true],
        ] as const) {
          const answer = await answerTo(socket, { address: ip, port: from }, (writer) =>
            writer.add(changeRequest, { changeIp, changePort }),
          );
          const origin = { address: changeIp ? otherIp : ip, port: changePort ? otherPort : from };
          expect(answer.from).toEqual(origin);
          expect(answer.message.get(responseOrigin)).toMatchObject(origin);
        }
      }
    }
  });

  it('answers to RESPONSE-PORT', async () => {
    const server = await startServer();
    const [asks, hears] = [await client(), await client()];
    const { port } = hears.address();
    const answer = await answerTo(asks, server.addresses[0]!, (writer) => writer.add(responsePort, port), hears);
    expect(answer.message.messageClass).toBe('success');
  });

  it('serves nothing but Binding at the places it adds', async () => {
    const server = await startServer();
    const socket = await client();
    const { message } = await answerTo(socket, server.addresses[0]!);
    const other = message.get(otherAddress)!;
    for (const method of [Method.Allocate, Method.Refresh, Method.Send]) {
      const request = new StunWriter(method, 'request', randomBytes(12)).finish();
      socket.send(request, other.port, other.address);
    }
    socket.send(Buffer.from([0x40, 0, 0, 0]), other.port, other.address);
    socket.send(Buffer.alloc(0), other.port, other.address);
    // What is answered first is what was sent last.
    expect((await answerTo(socket, other)).message.method).toBe(Method.Binding);
    expect(server.stats()).toMatchObject({ authenticationsRefused: 0, allocations: 0 });
  });

  it('frees all of its ports when the server stops, and when it cannot start', async () => {
    const server = await startServer();
    const socket = await client();
    const main = server.addresses[0]!;
    const other = (await answerTo(socket, main)).message.get(otherAddress)!;
    await server.stop();
    const places = { alternateAddress: '127.0.0.2', alternatePort: other.port };
    const listeners = [{ transport: 'udp' as const, address: main.address, port: main.port }];
    const taken = createSocket('udp4');
    taken.bind(main.port, '127.0.0.2');
    await once(taken, 'listening');
    await expect(startServer({ natDiscovery: places, listeners })).rejects.toMatchObject({
      code: 'ERR_ADDRESS_IN_USE',
    });
    taken.close();
    await once(taken, 'close');
    const again = await startServer({ natDiscovery: places, listeners });
    expect((await answerTo(socket, again.addresses[0]!)).message.get(otherAddress)).toEqual(other);
  });

  it('does not start without a UDP listener of the family', async () => {
    const wish = { alternateAddress: '::1', alternatePort: 0 };
    await expect(startServer({ natDiscovery: wish })).rejects.toMatchObject({ code: 'ERR_CONFIG_INVALID' });
  });
});
