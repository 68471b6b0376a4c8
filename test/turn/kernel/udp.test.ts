import { createSocket, type Socket } from 'node:dgram';
import { afterEach, describe, expect, it } from 'vitest';
import { transportAddress } from '../../../src/base/transport-address.ts';
import { encodeSockaddr } from '../../../src/turn/kernel/sockaddr.ts';
import { kernelUdp } from '../../../src/turn/kernel/udp.ts';

const kernel = kernelUdp();

it('is there on the platform it is made for', () => {
  expect(kernel !== undefined).toBe(process.platform === 'linux');
});

describe.skipIf(!kernel).each([
  [4, '127.0.0.1'],
  [6, '::1'],
] as const)('a UDP socket of the kernel, IPv%i', (family, address) => {
  const udp = kernel!;
  const open: Socket[] = [];

  function opened(): { socket: Socket; fd: number; port: number } {
    const fd = udp.open(family, address, 0, false);
    udp.setBuffers(fd, 65_536);
    const socket = createSocket(family === 4 ? 'udp4' : 'udp6');
    open.push(socket);
    socket.bind({ fd });
    return { socket, fd, port: socket.address().port };
  }

  const to = (port: number): Buffer => encodeSockaddr(transportAddress(address, port)!);

  afterEach(() => {
    for (const socket of open.splice(0)) socket.close();
  });

  it('sends to another, with and without the DF bit, what node:dgram receives', async () => {
    const [one, other] = [opened(), opened()];
    const received: string[] = [];
    other.socket.on('message', (data) => received.push(data.toString()));
    expect(udp.send(one.fd, to(other.port), Buffer.from('plain'))).toBe(0);
    expect(udp.sendUnfragmented(one.fd, family, to(other.port), Buffer.from('whole'))).toBe(0);
    await expect.poll(() => received).toEqual(['plain', 'whole']);
  });

  it('tells of a port that nobody listens on, by the address that was sent to, and goes on sending', async () => {
    const [one, other, gone] = [opened(), opened(), opened()];
    const { port } = gone;
    open.splice(open.indexOf(gone.socket), 1);
    gone.socket.close();
    one.socket.on('error', () => undefined);
    expect(udp.readError(one.fd)).toBeUndefined();
    const received: string[] = [];
    other.socket.on('message', (data) => received.push(data.toString()));
    const unreachable = family === 4 ? { type: 3, code: 3 } : { type: 1, code: 4 };
    for (let i = 0; i < 5; i++) {
      expect(udp.send(one.fd, to(port), Buffer.from('nobody'))).toBe(0);
      // In the place of sending this one.
      expect(udp.send(one.fd, to(other.port), Buffer.from(String(i)))).toBeGreaterThan(0);
      expect(udp.readError(one.fd)).toEqual({ peer: transportAddress(address, port), ...unreachable, data: 0 });
      expect(udp.readError(one.fd)).toBeUndefined();
      expect(udp.send(one.fd, to(other.port), Buffer.from(String(i)))).toBe(0);
    }
    await expect.poll(() => received).toEqual(['0', '1', '2', '3', '4']);
  });

  it('says which port is in use, and leaves no socket behind', () => {
    const { port } = opened();
    const attempt = (): number => udp.open(family, address, port, false);
    expect(attempt).toThrow(expect.objectContaining({ code: 'EADDRINUSE', syscall: 'bind' }) as Error);
    const next = udp.open(family, address, 0, false);
    expect(() => udp.open(family, address, port, false)).toThrow('EADDRINUSE');
    const socket = createSocket(family === 4 ? 'udp4' : 'udp6');
    open.push(socket);
    socket.bind({ fd: next });
  });

  it('takes no datagram that no packet can carry', () => {
    const { fd, port } = opened();
    expect(udp.send(fd, to(port), Buffer.alloc(65_536))).toBeGreaterThan(0);
  });
});
