import { createServer } from 'node:net';
import { connect as tlsConnect, createServer as createTlsServer, TLSSocket } from 'node:tls';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ownText } from '../../../../../src/base/own-text.ts';
import { makeCertificate } from '../../../../turn/support/certificate.ts';
import { type KeyPair } from '../../../../../src/base/key-pair.ts';
import { renegotiation } from '../../../../turn/support/renegotiation.ts';
import {
  createWorld,
  type Line,
  request,
  requestText,
  type TcpCore,
  TransportTest,
  type TransportWorld,
  until,
  type WorldOptions,
} from './support.ts';

const test = new TransportTest();
let edge: KeyPair;
let other: KeyPair;

beforeAll(async () => {
  edge = await makeCertificate();
  other = await makeCertificate('other.example');
});

afterEach(() => test.end());

const start = (options?: WorldOptions): Promise<TransportWorld> => test.start(options);

function tlsCore(pair: KeyPair, options: object = {}): Promise<TcpCore> {
  return test.core(createTlsServer({ ...pair, ...options }), 'secureConnection');
}

function callTls({ place }: TransportWorld, options: object = {}): Line {
  const { address, port } = place('tls');
  return test.line(tlsConnect({ host: address, port, rejectUnauthorized: false, ...options }));
}

function tlsOf(line: Line | undefined): TLSSocket {
  if (line?.socket instanceof TLSSocket) return line.socket;
  throw new Error('a TLS connection was expected');
}

function serialOf(line: Line): string {
  return tlsOf(line).getPeerCertificate().serialNumber;
}

describe('TLS towards the core', () => {
  it('sends to a core whose certificate is for the name that was asked for', async () => {
    const peer = await tlsCore(edge);
    const world = await start({ tls: { ca: edge.cert } });
    const hop = world.transports.hopTo({
      transport: 'tls',
      address: '127.0.0.1',
      port: peer.port,
      serverName: ownText('localhost'),
    });
    expect(hop).toMatchObject({ viaTransport: 'TLS', secure: true, reliable: true });
    hop.send(request('hello'));
    await until(() => peer.lines[0]?.text().endsWith('hello') ?? false);
    expect(Reflect.get(tlsOf(peer.lines[0]), 'servername')).toBe('localhost');
  });

  it.each([
    ['that somebody unknown has signed', undefined, 'localhost'],
    ['for another name', 'edge', 'core.example.org'],
  ] as const)('sends nothing to a core with a certificate %s', async (_what, ca, serverName) => {
    const peer = await tlsCore(edge);
    const world = await start({ tls: { ca: ca ? edge.cert : other.cert } });
    const hop = world.transports.hopTo({
      transport: 'tls',
      address: '127.0.0.1',
      port: peer.port,
      serverName: ownText(serverName),
    });
    expect(hop.send(request('secret'))).toBe(true);
    await until(() => world.closed.length === 1);
    expect(world.refused).toEqual([['127.0.0.1', 'tls', 'tls']]);
    expect(peer.lines.map((line) => line.text()).join('')).toBe('');
  });

  it('gives up a core that does not end its handshake in time', async () => {
    const peer = await test.core(createServer());
    const world = await start();
    const hop = world.transports.hopTo({ transport: 'tls', address: '127.0.0.1', port: peer.port });
    hop.send(request('waits'));
    await until(() => peer.lines[0]?.text() !== undefined && peer.lines[0].text() !== '');
    world.clock.advance(2900);
    await new Promise((resolve) => setImmediate(resolve));
    expect(world.closed).toEqual([]);
    world.clock.advance(200);
    await until(() => world.closed.length === 1);
    expect(world.closed).toEqual([hop]);
    expect(peer.lines[0]!.text()).not.toContain('waits');
  });

  it('shows the client certificate to a core that asks for it', async () => {
    const peer = await tlsCore(edge, { ca: edge.cert, requestCert: true, rejectUnauthorized: true });
    const world = await start({ tls: { ...edge, ca: edge.cert } });
    world.transports
      .hopTo({ transport: 'tls', address: '127.0.0.1', port: peer.port, serverName: ownText('localhost') })
      .send(request());
    await until(() => peer.lines[0]?.text().startsWith('OPTIONS') ?? false);
    expect(tlsOf(peer.lines[0]).authorized).toBe(true);
  });

  it('takes connections of the core, and only with a certificate of ours where that is wanted', async () => {
    const world = await start({
      listen: { tlsPort: 0 },
      tls: { ...edge, ca: edge.cert, requireClientCertificate: true },
    });
    const stranger = callTls(world, other);
    await until(() => stranger.isClosed());
    const nobody = callTls(world);
    await until(() => nobody.isClosed());
    await until(() => world.refused.length === 2);
    expect(world.refused).toEqual([
      ['127.0.0.1', 'tls', 'tls'],
      ['127.0.0.1', 'tls', 'tls'],
    ]);
    callTls(world, edge).socket.write(requestText('SIP/2.0/TLS x'));
    await until(() => world.messages.length === 1);
    const { hop } = world.messages[0]!;
    expect(hop).toMatchObject({ secure: true, authority: `127.0.0.1:${world.place('tls').port}` });
    expect(world.closed).toEqual([]);
  });

  it('speaks nothing older than TLS 1.2', async () => {
    const world = await start({ listen: { tlsPort: 0 }, tls: edge });
    const old = callTls(world, { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL@SECLEVEL=0' });
    await until(() => old.isClosed());
    expect(world.messages).toEqual([]);
  });

  it('renegotiates nothing', async () => {
    const world = await start({ listen: { tlsPort: 0 }, tls: edge });
    const line = callTls(world, { maxVersion: 'TLSv1.2' });
    line.socket.write(requestText('SIP/2.0/TLS x'));
    await until(() => world.messages.length === 1);
    expect(await renegotiation(tlsOf(line))).toMatchObject({ code: 'ERR_SSL_NO_RENEGOTIATION' });
  });

  it('uses a renewed certificate for new connections and keeps those there are', async () => {
    const world = await start({ listen: { tlsPort: 0 }, tls: edge });
    const before = callTls(world);
    before.socket.write(requestText('SIP/2.0/TLS x'));
    await until(() => world.messages.length === 1);
    expect(() => {
      world.transports.setTlsContext({ cert: 'nonsense', key: 'nonsense' });
    }).toThrow(expect.objectContaining({ code: 'ERR_CERTIFICATE_UNREADABLE' }) as Error);
    world.transports.setTlsContext(other);
    const after = callTls(world);
    after.socket.write(requestText('SIP/2.0/TLS x'));
    await until(() => world.messages.length === 2);
    expect(serialOf(after)).not.toBe(serialOf(before));
    before.socket.write(requestText('SIP/2.0/TLS x'));
    await until(() => world.messages.length === 3);
  });
});

describe('listening for the core', () => {
  it('gives UDP and TCP of every address one port, and says where it is reached', async () => {
    const { transports } = await start({ listen: { addresses: ['127.0.0.1', '::1'], tlsPort: 0 }, tls: edge });
    const at = (transport: string) => transports.addresses.filter((address) => address.transport === transport);
    expect(at('udp').map(({ address }) => address)).toEqual(['127.0.0.1', '::1']);
    expect(new Set([...at('udp'), ...at('tcp')].map(({ port }) => port)).size).toBe(1);
    expect(new Set(at('tls').map(({ port }) => port)).size).toBe(1);
    expect(transports.hopTo({ transport: 'tcp', address: '::1', port: 1 }).authority).toBe(
      `[::1]:${at('tcp')[0]!.port}`,
    );
  });

  it('says before the start that it is reached nowhere', () => {
    const { transports } = createWorld();
    expect(transports.addresses).toEqual([]);
    expect(() => transports.hopTo({ transport: 'udp', address: '127.0.0.1', port: 1 })).toThrow(/before start/);
  });

  it('names the listener that cannot be opened, and leaves none open', async () => {
    const taken = await start();
    const { port } = taken.place('tcp');
    const world = createWorld({ listen: { addresses: ['127.0.0.2', '127.0.0.1'], port } });
    await expect(world.transports.start()).rejects.toMatchObject({
      code: 'ERR_ADDRESS_IN_USE',
      message: `core udp listener 127.0.0.1:${port}: port ${port} is in use; stop the program that holds it or choose another port in edge.core.listen.port (EADDRINUSE)`,
    });
    await start({ listen: { addresses: ['127.0.0.2'], port } });
    await expect(createWorld({ listen: { addresses: ['192.0.2.1'] } }).transports.start()).rejects.toMatchObject({
      code: 'ERR_ADDRESS_UNAVAILABLE',
    });
  });

  it.each([
    [
      'an address that is none',
      { listen: { addresses: ['localhost'] } },
      /edge\.core\.listen\.addresses: expected an IP address/,
    ],
    ['every address without a name', { listen: { addresses: ['0.0.0.0'] } }, /edge\.core\.listen\.publicHost/],
    ['TLS without a certificate', { listen: { tlsPort: 0 } }, /edge\.core\.listen\.tlsPort/],
    ['a certificate that is none', { tls: { cert: 'x', key: 'y' } }, /edge\.core\.tls/],
  ])('refuses %s', (_what, options, text) => {
    expect(() => createWorld(options)).toThrow(text);
  });
});
