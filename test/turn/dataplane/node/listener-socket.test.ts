import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { kernelUdp } from '../../../../src/turn/kernel/udp.ts';
import { openListenerSocket, type ListenerSocket } from '../../../../src/turn/dataplane/node/listener-socket.ts';

const open: Socket[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((socket) => new Promise<void>((done) => socket.close(done))));
});

const v4 = { family: 4, address: '127.0.0.1', port: 0, socketBufferBytes: 65_536 } as const;
const v6 = { ...v4, family: 6, address: '::1' } as const;
const kernel = kernelUdp();
const KINDS = [
  { kind: 'node:dgram', options: v4, kernel: undefined },
  { kind: 'node:dgram', options: v6, kernel: undefined },
  ...(kernel
    ? [
        { kind: 'the kernel', options: v4, kernel },
        { kind: 'the kernel', options: v6, kernel },
      ]
    : []),
];

describe.each(KINDS)('a listener that sends by $kind on $options.address', ({ options, kernel }) => {
  const listener = (port = 0): ListenerSocket => {
    const opened = openListenerSocket({ ...options, port }, kernel);
    open.push(opened.socket);
    return opened;
  };
  const client = async (): Promise<Socket> => {
    const socket = createSocket(options.family === 4 ? 'udp4' : 'udp6');
    open.push(socket);
    await new Promise<void>((done) => socket.bind(0, options.address, done));
    return socket;
  };

  it('receives, and answers each client from its own port, out of a buffer that it may fill again', async () => {
    const { socket, send } = listener();
    const clients = [await client(), await client()];
    const outgoing = Buffer.from('..answer..');
    for (const [i, one] of clients.entries()) {
      const arrived = once(socket, 'message');
      one.send('request', socket.address().port, options.address);
      const [request, from] = (await arrived) as [Buffer, RemoteInfo];
      expect(request.toString()).toBe('request');
      const answered = once(one, 'message');
      outgoing.write(String(i), 2);
      expect(send(outgoing, 2, 6, from.port, from.address)).toBe(true);
      outgoing.write('x', 2);
      const [answer, sender] = (await answered) as [Buffer, RemoteInfo];
      expect(answer.toString()).toBe(`${i}nswer`);
      expect(sender.port).toBe(socket.address().port);
    }
  });

  it('has its port alone, whatever another program asks for', async () => {
    const { port } = listener().socket.address();
    expect(() => listener(port)).toThrow(expect.objectContaining({ code: 'EADDRINUSE' }));
    const sharing = createSocket({ type: options.family === 4 ? 'udp4' : 'udp6', reuseAddr: true });
    open.push(sharing);
    const refused = once(sharing, 'error');
    sharing.bind(port, options.address);
    expect(await refused).toEqual([expect.objectContaining({ code: 'EADDRINUSE' })]);
  });

  it('goes on after a client that is gone', async () => {
    const { socket, send } = listener();
    const gone = await client();
    const { port } = gone.address();
    open.splice(open.indexOf(gone), 1);
    await new Promise<void>((done) => gone.close(done));
    for (let i = 0; i < 3; i++) send(Buffer.from('to nobody'), 0, 9, port, options.address);
    const there = await client();
    const arrived = once(there, 'message');
    expect(send(Buffer.from('to somebody'), 0, 11, there.address().port, options.address)).toBe(true);
    expect(((await arrived) as [Buffer])[0].toString()).toBe('to somebody');
    expect(socket.address().address).toBe(options.address);
  });
});
