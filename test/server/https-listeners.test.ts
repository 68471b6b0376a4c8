import { once } from 'node:events';
import { connect as tcpConnect, Server as NetServer } from 'node:net';
import { connect as tlsConnect } from 'node:tls';
import { Hono } from 'hono';
import { expect, it, vi } from 'vitest';
import { AbuseLog } from '../../src/base/abuse-log.ts';
import { systemClock } from '../../src/base/clock.ts';
import { silentLogger, type LogFields, type Logger } from '../../src/base/logger.ts';
import { HttpsListeners, type HttpsPorts } from '../../src/server/https-listeners.ts';
import { makeCertificate } from '../turn/support/certificate.ts';
import { renegotiation } from '../turn/support/renegotiation.ts';

function ports(logger: Logger): HttpsPorts {
  return { logger, abuseLog: new AbuseLog(logger, 0), clock: systemClock };
}

/** Whether the server shakes hands with this address. */
function isWelcome(port: number, localAddress: string): Promise<boolean> {
  return new Promise((resolve) => {
    const below = tcpConnect({ port, host: '127.0.0.1', localAddress });
    const socket = tlsConnect({ socket: below, rejectUnauthorized: false });
    const settle = (welcome: boolean) => () => {
      socket.destroy();
      resolve(welcome);
    };
    below.on('error', settle(false));
    socket.on('error', settle(false)).on('close', settle(false)).on('secureConnect', settle(true));
  });
}

it('ends connections of an address that makes too many before TLS costs anything, and says so in the log', async () => {
  const lines: { fields: LogFields; message: string }[] = [];
  const logger = { ...silentLogger, warn: (fields: LogFields, message: string) => lines.push({ fields, message }) };
  const { cert, key } = await makeCertificate();
  const listeners = await HttpsListeners.open(
    {
      addresses: ['127.0.0.1'],
      port: 0,
      cert,
      key,
      limits: { connections: 100, connectionsPerAddress: 100 },
      handshakes: { perSec: 0.001, burst: 3, maxKeys: 64, exempt: ['127.0.0.99'] },
    },
    () => Promise.resolve(new Hono()),
    ports(logger),
  );
  const port = listeners.addresses[0]!.port;
  const welcome = async (address: string): Promise<boolean[]> => {
    const answers: boolean[] = [];
    for (let i = 0; i < 5; i++) answers.push(await isWelcome(port, address));
    return answers;
  };
  try {
    expect(await welcome('127.0.0.66')).toEqual([true, true, true, false, false]);
    expect(await welcome('127.0.0.99')).toEqual([true, true, true, true, true]);
    expect(await isWelcome(port, '127.0.0.77')).toBe(true);
    const line = {
      message: 'connection refused',
      fields: { remoteAddress: '127.0.0.66', cause: 'handshake-rate' },
    };
    expect(lines).toEqual([line, line]);
  } finally {
    await listeners.close();
  }
});

it('renegotiates no TLS session, with a new certificate either', async () => {
  const { cert, key } = await makeCertificate();
  const limits = { connections: 100, connectionsPerAddress: 100 };
  const listeners = await HttpsListeners.open(
    { addresses: ['127.0.0.1'], port: 0, cert, key, limits },
    () => Promise.resolve(new Hono()),
    ports(silentLogger),
  );
  const attempt = async (): Promise<Error | undefined> => {
    const { port } = listeners.addresses[0]!;
    const socket = tlsConnect({ port, host: '127.0.0.1', rejectUnauthorized: false, maxVersion: 'TLSv1.2' });
    await new Promise((resolve) => socket.once('secureConnect', resolve));
    const refused = await renegotiation(socket);
    socket.destroy();
    return refused;
  };
  try {
    expect(await attempt()).toMatchObject({ code: 'ERR_SSL_NO_RENEGOTIATION' });
    listeners.setCertificate({ cert, key });
    expect(await attempt()).toMatchObject({ code: 'ERR_SSL_NO_RENEGOTIATION' });
  } finally {
    await listeners.close();
  }
});

it('logs an accept error of a port that is open while the next one opens, and goes on', async () => {
  const warnings: string[] = [];
  const logger = { ...silentLogger, warn: (_fields: LogFields, message: string) => warnings.push(message) };
  const { cert, key } = await makeCertificate();
  const opened: NetServer[] = [];
  const original = Object.getOwnPropertyDescriptor(NetServer.prototype, 'listen')
    ?.value as typeof NetServer.prototype.listen;
  const listen = vi.spyOn(NetServer.prototype, 'listen').mockImplementation(function (
    this: NetServer,
    ...args: unknown[]
  ) {
    opened[0]?.emit('error', Object.assign(new Error('accept EMFILE'), { code: 'EMFILE' }));
    opened.push(this);
    return Reflect.apply(original, this, args) as NetServer;
  });
  try {
    const listeners = await HttpsListeners.open(
      {
        addresses: ['127.0.0.1', '127.0.0.2'],
        port: 0,
        cert,
        key,
        limits: { connections: 100, connectionsPerAddress: 100 },
      },
      () => Promise.resolve(new Hono()),
      ports(logger),
    );
    await listeners.close();
    expect(warnings).toEqual(['HTTPS listener reported an error']);
  } finally {
    listen.mockRestore();
  }
});

it('answers a WebSocket that is asked for before there is an edge by 503, and not by the page', async () => {
  const { cert, key } = await makeCertificate();
  const limits = { connections: 100, connectionsPerAddress: 100 };
  const page = new Hono();
  page.get('/', (context) => context.text('page'));
  const options = { addresses: ['127.0.0.1'], port: 0, cert, key, limits };
  const ask = async (listeners: HttpsListeners): Promise<string | undefined> => {
    const { port } = listeners.addresses[0]!;
    const socket = tlsConnect({ host: '127.0.0.1', port, rejectUnauthorized: false });
    socket.on('error', () => undefined);
    socket.write('GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
    const [first] = (await once(socket, 'data')) as [Buffer];
    socket.destroy();
    return first.toString('latin1').split('\r\n')[0];
  };
  const edge = await HttpsListeners.open(
    { ...options, webSockets: true },
    () => Promise.resolve(page),
    ports(silentLogger),
  );
  const web = await HttpsListeners.open(options, () => Promise.resolve(page), ports(silentLogger));
  try {
    expect(await ask(edge)).toBe('HTTP/1.1 503 Service Unavailable');
    edge.takeUpgrades((_request, socket) => {
      socket.end('HTTP/1.1 101 Switching Protocols\r\n\r\n');
      return true;
    });
    expect(await ask(edge)).toBe('HTTP/1.1 101 Switching Protocols');
    expect(await ask(web)).toBe('HTTP/1.1 200 OK');
  } finally {
    await Promise.all([edge.close(), web.close()]);
  }
});
