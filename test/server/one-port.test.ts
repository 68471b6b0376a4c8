import { request } from 'node:https';
import { connect as tlsConnect, type TLSSocket } from 'node:tls';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { WebSocket, type ClientOptions } from 'ws';
import { startLab, type Lab } from '../../src/lab/start-lab.ts';
import { type ConfigInput } from '../../src/config/schema/tree.ts';
import { echoPeer } from '../turn/support/turn-lab.ts';
import { TurnClient, type ClientOptions as TurnClientOptions } from '../turn/support/turn-client.ts';

const TURN = { listeners: [{ transport: 'udp' as const, address: '127.0.0.1', port: 0 }] };
const PROXY_HEADER = 'PROXY TCP4 203.0.113.7 192.0.2.1 40000 443\r\n';
const BINDING_REQUEST = Buffer.from('000100002112a442000102030405060708090a0b', 'hex');

const labs: Lab[] = [];
const clients: { close(): void }[] = [];

afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  for (const lab of labs.splice(0)) await lab.stop();
});

async function onePort({ edge = {}, turn = {} }: Pick<ConfigInput, 'edge' | 'turn'> = {}): Promise<Lab> {
  const config = { edge: { turnOnHttps: true, ...edge }, turn: { ...TURN, ...turn } };
  const lab = await startLab({ config });
  labs.push(lab);
  return lab;
}

function httpsAddress(lab: Lab) {
  return lab.addresses.https[0]!;
}

async function turnClient(lab: Lab, options: Partial<TurnClientOptions> = {}): Promise<TurnClient> {
  const { username, password } = lab.mint('alice');
  const server = httpsAddress(lab);
  const client = await TurnClient.connect({ transport: 'tls', server, ca: lab.ca, username, password, ...options });
  clients.push(client);
  return client;
}

async function rawTls(lab: Lab, ALPNProtocols?: string[]): Promise<{ socket: TLSSocket; received: () => Buffer }> {
  const { address: host, port } = httpsAddress(lab);
  const socket = tlsConnect({ host, port, ca: lab.ca, ...(ALPNProtocols && { ALPNProtocols }) });
  clients.push({ close: () => socket.destroy() });
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  await new Promise((resolve, reject) => {
    socket.once('secureConnect', resolve).once('error', reject);
  });
  socket.on('error', () => undefined);
  return { socket, received: () => Buffer.concat(chunks) };
}

function health(lab: Lab, ALPNProtocols?: string[]): Promise<string> {
  const { address: host, port } = httpsAddress(lab);
  return new Promise((resolve, reject) => {
    const options = { host, port, path: '/healthz', ca: lab.ca, agent: false, ...(ALPNProtocols && { ALPNProtocols }) };
    const sent = request(options, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => (body += text));
      response.on('end', () => {
        resolve(body);
      });
    });
    sent.on('error', reject).end();
  });
}

describe('TURN on the HTTPS port', () => {
  it('is handed out, and relays for a client that says stun.turn', async () => {
    const lab = await onePort();
    const { port } = httpsAddress(lab);
    expect(lab.turnUris.at(-1)).toBe(`turns:127.0.0.1:${port}?transport=tcp`);
    const peer = await echoPeer();
    const client = await turnClient(lab);
    await client.allocate();
    await client.bindChannel(0x4000, peer.address);
    client.sendChannel(0x4000, Buffer.from('over one port'));
    expect((await client.receive())[0]?.data.toString()).toBe('over one port');
    expect(lab.server.snapshot().allocations).toMatchObject([{ transport: 'tls' }]);
    expect(lab.server.snapshot().stats.turn?.connections).toBe(1);
  });

  it('relays for a client without ALPN, as browsers are, that begins with STUN', async () => {
    const lab = await onePort();
    const client = await turnClient(lab, { ALPNProtocols: [] });
    expect(await client.allocate()).toMatchObject({ address: '127.0.0.1' });
  });

  it("relays for a client that says http/1.1 as well as stun.turn, as coturn's does", async () => {
    const lab = await onePort();
    const client = await turnClient(lab, { ALPNProtocols: ['http/1.1', 'stun.turn'] });
    await client.allocate();
  });

  it('knows a STUN message that comes byte by byte, and one that comes with the next', async () => {
    const lab = await onePort();
    const slow = await rawTls(lab);
    slow.socket.setNoDelay(true);
    for (const byte of BINDING_REQUEST) {
      slow.socket.write(Buffer.from([byte]));
      await new Promise((resolve) => setImmediate(resolve));
    }
    const fast = await rawTls(lab);
    fast.socket.write(Buffer.concat([BINDING_REQUEST, BINDING_REQUEST]));
    const answers = (bytes: Buffer) => bytes.toString('hex').split('2112a442000102030405060708090a0b').length - 1;
    await vi.waitUntil(() => answers(slow.received()) === 1 && answers(fast.received()) === 2, { timeout: 10_000 });
  });

  it.each([
    ['says http/1.1', ['http/1.1']],
    ['says nothing', []],
  ])('leaves to the web server who %s', async (_what, protocols) => {
    const lab = await onePort();
    expect(await health(lab, protocols)).toBe('ok\n');
    const webSocket = new WebSocket(lab.webSocket, 'sip', { ca: lab.ca, ALPNProtocols: protocols } as ClientOptions);
    await new Promise((resolve, reject) => {
      webSocket.once('open', resolve).once('error', reject);
    });
    webSocket.close();
  });

  it('refuses who offers only other protocols', async () => {
    const lab = await onePort();
    await expect(rawTls(lab, ['h2', 'turn'])).rejects.toThrow(/no application protocol/i);
  });

  it.each([
    ['letters of no method', 'HELP\r\n\r\n'],
    ['bytes that are neither', Buffer.from('80ff'.repeat(40), 'hex')],
  ])('answers %s as the web server does', async (_what, bytes) => {
    const lab = await onePort();
    const { socket, received } = await rawTls(lab);
    socket.write(bytes);
    await vi.waitUntil(() => received().toString('latin1').startsWith('HTTP/1.1 400'), { timeout: 10_000 });
  });

  it('counts its clients with those of the TURN server, where the oldest without an allocation makes room, and leaves the web server its places', async () => {
    const lab = await onePort({
      edge: { limits: { connectionsPerAddress: 1 } },
      turn: { stream: { connectionsPerAddress: 60 } },
    });
    // More than the web server, which has room for 51, would have taken.
    const open = await Promise.all(Array.from({ length: 60 }, () => rawTls(lab, ['stun.turn'])));
    const madeRoom = Promise.race(open.map(({ socket }) => new Promise((resolve) => socket.once('close', resolve))));
    open.push(await rawTls(lab, ['stun.turn']));
    await madeRoom;
    expect(lab.server.snapshot().stats.turn?.connections).toBe(60);
    expect(lab.server.snapshot().stats.turn?.drops['connection-limit']).toBe(1);
    expect(await health(lab)).toBe('ok\n');
    for (const { socket } of open) socket.destroy();
    await vi.waitUntil(() => lab.server.snapshot().stats.turn?.connections === 0, { timeout: 10_000 });
    await (await turnClient(lab)).allocate();
  });

  it('ends allocations with a reason when the server stops, and stops at once', async () => {
    const lab = await onePort();
    const ended: unknown[] = [];
    lab.server.on('allocation-ended', ({ cause }) => ended.push(cause));
    const client = await turnClient(lab);
    await client.allocate();
    const undecided = await rawTls(lab);
    await lab.stop();
    await client.closed;
    if (!undecided.socket.destroyed) await new Promise((resolve) => undecided.socket.once('close', resolve));
    expect(ended).toEqual(['stopped']);
  });

  it('comes back on the same port after a restart', async () => {
    const lab = await onePort();
    const { port } = httpsAddress(lab);
    await (await turnClient(lab)).allocate();
    await lab.restart();
    expect(httpsAddress(lab).port).toBe(port);
    await (await turnClient(lab)).allocate();
  });

  it('is not there unless asked for', async () => {
    const lab = await onePort({ edge: { turnOnHttps: false } });
    expect(lab.turnUris).toHaveLength(1);
    await expect(rawTls(lab, ['stun.turn'])).rejects.toThrow(/no application protocol/i);
    const { socket, received } = await rawTls(lab);
    socket.write(BINDING_REQUEST);
    await vi.waitUntil(() => received().toString('latin1').startsWith('HTTP/1.1 400'), { timeout: 10_000 });
  });
});

describe('an edge behind a proxy', () => {
  const listen = { addresses: ['127.0.0.1'], port: 0, proxyProtocolFrom: ['127.0.0.0/8'] };

  it('sees the client of the header, for SIP as for TURN', async () => {
    const lab = await onePort({ edge: { listen } });
    const client = await turnClient(lab, { proxyHeader: PROXY_HEADER });
    await client.allocate();
    expect(client.mapped).toEqual({ family: 4, address: '203.0.113.7', port: 40_000 });
    const refused = lab.waitFor('flow-refused');
    const http = await TurnClient.connect({
      transport: 'tls',
      server: httpsAddress(lab),
      ca: lab.ca,
      ALPNProtocols: ['http/1.1'],
      proxyHeader: PROXY_HEADER,
    });
    clients.push(http);
    http.sendRaw(
      Buffer.from('GET /elsewhere HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'),
    );
    expect(await refused).toMatchObject({ remoteAddress: '203.0.113.7' });
  });

  it('closes a connection without a header, and one that is not from the proxy', async () => {
    const lab = await onePort({ edge: { listen } });
    await expect(rawTls(lab)).rejects.toThrow();
    const elsewhere = await onePort({ edge: { listen: { ...listen, proxyProtocolFrom: ['192.0.2.0/24'] } } });
    await expect(turnClient(elsewhere, { proxyHeader: PROXY_HEADER })).rejects.toThrow();
  });
});

it('lets no client have the HTTPS port of the server as a peer, though loopback peers are open to it', async () => {
  const lab = await onePort();
  const client = await turnClient(lab);
  await client.allocate();
  await expect(client.bindChannel(0x4000, httpsAddress(lab))).rejects.toThrow('403');
});
