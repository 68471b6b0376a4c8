import { once } from 'node:events';
import { request } from 'node:https';
import { type IncomingMessage, type OutgoingHttpHeaders } from 'node:http';
import { connect } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { edgeOptions } from './support/edge-options.ts';
import { type EdgeServer, startEdge } from './support/edge-server.ts';
import { Wic } from './support/wic.ts';

interface Attempt {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: OutgoingHttpHeaders;
}

async function upgrade(server: EdgeServer, { method = 'GET', path = '/', headers = {} }: Attempt = {}) {
  const attempt = request({
    host: '127.0.0.1',
    port: server.port,
    rejectUnauthorized: false,
    method,
    path,
    headers: {
      Host: 'app.example.com',
      Connection: 'Upgrade',
      Upgrade: 'websocket',
      'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
      'Sec-WebSocket-Version': '13',
      'Sec-WebSocket-Protocol': 'sip',
      ...headers,
    },
  });
  attempt.end();
  const [response] = await Promise.race([
    once(attempt, 'response') as Promise<[IncomingMessage]>,
    once(attempt, 'upgrade') as Promise<[IncomingMessage]>,
  ]);
  response.socket.destroy();
  return response;
}

describe('a WebSocket upgrade', () => {
  it.each<{ what: string; attempt: Attempt; status: number; cause?: string }>([
    { what: 'of the page served here', attempt: { headers: { Origin: 'https://app.example.com' } }, status: 101 },
    { what: 'with a query', attempt: { path: '/?x=1' }, status: 101 },
    { what: 'without Origin, when that is allowed', attempt: {}, status: 101 },
    {
      what: 'of a foreign page',
      attempt: { headers: { Origin: 'https://evil.example' } },
      status: 403,
      cause: 'origin',
    },
    {
      what: 'of the same host over plain http',
      attempt: { headers: { Origin: 'http://app.example.com' } },
      status: 403,
      cause: 'origin',
    },
    { what: 'of a sandboxed page', attempt: { headers: { Origin: 'null' } }, status: 403, cause: 'origin' },
    { what: 'to another path', attempt: { path: '/other' }, status: 404, cause: 'path' },
    {
      what: 'for another subprotocol',
      attempt: { headers: { 'Sec-WebSocket-Protocol': 'msrp' } },
      status: 400,
      cause: 'subprotocol',
    },
    { what: 'by POST', attempt: { method: 'POST' }, status: 405, cause: 'method' },
    {
      what: 'with a bad key',
      attempt: { headers: { 'Sec-WebSocket-Key': 'short' } },
      status: 400,
      cause: 'handshake',
    },
  ])('$what is answered $status', async ({ attempt, status, cause }) => {
    await using server = await startEdge(edgeOptions());
    const response = await upgrade(server, attempt);
    expect(response.statusCode).toBe(status);
    if (status === 101) expect(response.headers['sec-websocket-protocol']).toBe('sip');
    expect(server.events.named('flow-refused').map((event) => event.cause)).toEqual(cause ? [cause] : []);
  });

  it.each([
    ['SIP', 'SIP'],
    ['Sip', 'Sip'],
    ['msrp, SIP', 'SIP'],
    ['SIP, sip', 'sip'],
    ['sip,xmpp', 'sip'],
    [['msrp', 'sIP'], 'sIP'],
  ])('that offers %j is answered with one of the values offered (RFC 6455 §4.2.2): %s', async (offered, chosen) => {
    await using server = await startEdge(edgeOptions());
    const response = await upgrade(server, { headers: { 'Sec-WebSocket-Protocol': offered } });
    expect([response.statusCode, response.headers['sec-websocket-protocol']]).toEqual([101, chosen]);
  });

  it.each(['msrp', 'sips', 'sip2, xsip', '"sip"', ''])('that offers no SIP is answered 400: %j', async (offered) => {
    await using server = await startEdge(edgeOptions());
    const response = await upgrade(server, { headers: { 'Sec-WebSocket-Protocol': offered } });
    expect([response.statusCode, response.headers['sec-websocket-protocol']]).toEqual([400, undefined]);
  });

  it.each([
    'capacitor://localhost',
    'ionic://localhost',
    'tauri://localhost',
    'app://x',
    'file://',
    'chrome-extension://mfaehgcgmolmgjjgfmkjpghkgnfkmdml',
    'moz-extension://8a9d8a5e-7c0a-4c2b-9d6e-1f2a3b4c5d6e',
    'null',
  ])('of a page of another scheme is accepted where exactly that is listed: %s', async (origin) => {
    await using listed = await startEdge(edgeOptions({ origins: { allow: ['self', origin] } }));
    await using other = await startEdge(edgeOptions({ origins: { allow: ['self', 'app://other'] } }));
    const headers = { Origin: origin };
    expect((await upgrade(listed, { headers })).statusCode).toBe(101);
    expect((await upgrade(listed, { headers: { Origin: `${origin}:1` } })).statusCode).toBe(403);
    expect((await upgrade(listed, { headers: { Origin: 'https://app.example.com' } })).statusCode).toBe(101);
    expect((await upgrade(other, { headers })).statusCode).toBe(403);
  });

  it.each(['self', 'https://app.example.com/x', 'https://a@app.example.com', ''])(
    'of what no browser sends is refused: %j',
    async (origin) => {
      await using server = await startEdge(edgeOptions());
      const headers = { Origin: origin, Host: 'app.example.com' };
      expect((await upgrade(server, { headers })).statusCode).toBe(403);
    },
  );

  it('of the page under a public host is accepted, whatever Host a proxy puts into it', async () => {
    await using server = await startEdge(edgeOptions({ publicHosts: ['sip.example.org', 'sip.example.org:8443'] }));
    for (const [origin, status] of [
      ['https://sip.example.org', 101],
      ['https://sip.example.org:8443', 101],
      ['https://127.0.0.1:9443', 101],
      ['https://sip.example.org:9443', 403],
      ['https://sip.example', 403],
    ] as const) {
      const headers = { Host: '127.0.0.1:9443', Origin: origin };
      expect([origin, (await upgrade(server, { headers })).statusCode]).toEqual([origin, status]);
    }
  });

  it('without Origin is refused when that is not allowed', async () => {
    await using server = await startEdge(edgeOptions({ origins: { allowMissing: false } }));
    expect((await upgrade(server)).statusCode).toBe(403);
    expect(server.events.named('flow-refused')).toMatchObject([{ cause: 'origin-missing' }]);
  });

  it('of a listed Origin is accepted, however its default port is written', async () => {
    await using server = await startEdge(edgeOptions({ origins: { allow: ['https://pbx.example.org'] } }));
    const accepted = await upgrade(server, { headers: { Origin: 'https://pbx.example.org:443' } });
    const refused = await upgrade(server, { headers: { Origin: 'https://app.example.com' } });
    expect([accepted.statusCode, refused.statusCode]).toEqual([101, 403]);
  });

  it.each([{ connections: 2 }, { connectionsPerAddress: 2 }])('beyond %j is answered 503', async (limits) => {
    await using server = await startEdge(edgeOptions({ limits }));
    const first = await server.connect();
    await new Wic('alice', first).register();
    await new Wic('bob', await server.connect()).register();
    const refused = await upgrade(server);
    expect(refused.statusCode).toBe(503);
    expect(refused.headers['retry-after']).toBe('5');
    expect(server.events.named('limited')).toHaveLength(1);

    await first.close();
    await expect.poll(() => server.edge.snapshot().flows.length).toBe(1);
    expect((await upgrade(server)).statusCode).toBe(101);
  });

  it('whose client has gone before the refusal is written harms nobody', async () => {
    await using server = await startEdge(edgeOptions());
    const socket = connect({ port: server.port, host: '127.0.0.1', rejectUnauthorized: false });
    await once(socket, 'secureConnect');
    socket.write('GET /nowhere HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
    socket.destroy();
    const wic = await server.connect();
    expect(wic.webSocket.protocol).toBe('sip');
  });

  it('that is refused over and over fills no log, while every event is told', async () => {
    await using server = await startEdge(edgeOptions());
    for (let i = 0; i < 40; i++) await upgrade(server, { path: '/other' });
    expect(server.lines.length).toBeLessThan(35);
    expect(server.events.named('flow-refused')).toHaveLength(40);
    await upgrade(server, { headers: { Origin: 'https://evil.example' } });
    expect(server.lines.at(-1)).toMatchObject({ message: 'WebSocket upgrade refused', fields: { cause: 'origin' } });
  });

  it('leaves other requests of the HTTPS server alone', async () => {
    await using server = await startEdge(edgeOptions());
    const page = request({ host: '127.0.0.1', port: server.port, rejectUnauthorized: false, agent: false });
    page.end();
    const [response] = (await once(page, 'response')) as [IncomingMessage];
    expect(response.statusCode).toBe(200);
    response.resume();
  });

  it('is answered 503 once the edge stops, and open flows are closed with 1001', async () => {
    await using server = await startEdge(edgeOptions());
    const wic = await server.connect();
    await server.edge.stop();
    expect(await wic.closed).toBe(1001);
    expect((await upgrade(server)).statusCode).toBe(503);
    expect(server.edge.snapshot()).toEqual({ flows: [], registrations: [], transactions: 0, timers: 0 });
  });
});
