import { expect, it } from 'vitest';
import { bindUdpSocket, sendNow } from '../../../../src/turn/dataplane/node/udp-socket.ts';

const v4 = { family: 4, address: '127.0.0.1', port: 0, socketBufferBytes: 0 } as const;

it('is bound when it returns, and the port is free when close returns', () => {
  const socket = bindUdpSocket(v4);
  const { port } = socket.address();
  expect(() => bindUdpSocket({ ...v4, port })).toThrow(expect.objectContaining({ code: 'EADDRINUSE' }));
  socket.close();
  bindUdpSocket({ ...v4, port }).close();
});

it('throws the system error of an address that is not the host’s', () => {
  expect(() => bindUdpSocket({ ...v4, address: '192.0.2.1' })).toThrow(
    expect.objectContaining({ code: 'EADDRNOTAVAIL' }),
  );
});

it('keeps IPv4 out of an IPv6 socket, so both families may have the same port', () => {
  const four = bindUdpSocket({ ...v4, address: '0.0.0.0' });
  const six = bindUdpSocket({ ...v4, family: 6, address: '::', port: four.address().port });
  six.close();
  four.close();
});

it('asks for the socket buffers it is told to', () => {
  const small = bindUdpSocket({ ...v4, socketBufferBytes: 16_384 });
  const large = bindUdpSocket({ ...v4, socketBufferBytes: 131_072 });
  expect(large.getRecvBufferSize()).toBeGreaterThan(small.getRecvBufferSize());
  expect(large.getSendBufferSize()).toBeGreaterThan(small.getSendBufferSize());
  small.close();
  large.close();
});

it('has handed the datagram to the kernel when sendNow returns: the buffer may be filled again', async () => {
  const from = bindUdpSocket(v4);
  const to = bindUdpSocket(v4);
  const received: string[] = [];
  const done = new Promise<void>((resolve) => {
    to.on('message', (data) => {
      if (received.push(data.toString()) === 3) resolve();
    });
  });
  const buffer = Buffer.alloc(3);
  for (const text of ['one', 'two', 'six']) {
    buffer.write(text);
    expect(sendNow(from, buffer, 0, 3, to.address().port, '127.0.0.1')).toBe(true);
  }
  await done;
  expect(received).toEqual(['one', 'two', 'six']);
  from.close();
  to.close();
});
