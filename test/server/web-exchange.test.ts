import { type AddressInfo, createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { Secret } from '../../src/base/secret.ts';
import { createExchange, createWebFetch } from '../../src/server/web-exchange.ts';
import { startHttp } from '../edge/web-identity/waf.ts';

describe('a request to an authorization server', () => {
  it('asks for JSON, and shows its client by Basic with both parts form-encoded (RFC 6749 §2.3.1)', async () => {
    const seen: unknown[] = [];
    await using http = await startHttp(({ method, headers }, body, response) => {
      seen.push([method, headers.accept, headers['content-type'], headers.authorization, body]);
      response.end('{}');
    });
    const fetch = createWebFetch(createExchange(undefined));
    expect(await fetch({ url: http.url })).toEqual({ status: 200, body: '{}' });
    const client = { id: 'an edge', secret: new Secret('a:b%') };
    await fetch({ url: http.url, form: 'token=x', client });
    const authorization = `Basic ${Buffer.from('an+edge:a%3Ab%25').toString('base64')}`;
    expect(seen).toEqual([
      ['GET', 'application/json', undefined, undefined, ''],
      ['POST', 'application/json', 'application/x-www-form-urlencoded', authorization, 'token=x'],
    ]);
  });

  it('follows no redirection', async () => {
    await using http = await startHttp((_request, _body, response) => {
      response.writeHead(302, { location: 'http://192.0.2.1/' }).end();
    });
    expect(await createWebFetch(createExchange(undefined))({ url: http.url })).toMatchObject({ status: 302 });
  });

  it('ends without an answer where that is too long, is cut short, or nobody is there', async () => {
    await using http = await startHttp((request, _body, response) => {
      if (request.url === '/long') response.end('x'.repeat(65_537));
      else {
        response.writeHead(200, { 'content-length': '10' }).write('x');
        setImmediate(() => response.destroy());
      }
    });
    const fetch = createWebFetch(createExchange(undefined));
    await expect(fetch({ url: `${http.url}/long` })).rejects.toThrow('more than 65536 bytes');
    await expect(fetch({ url: `${http.url}/short` })).rejects.toThrow('aborted');
    await expect(fetch({ url: 'http://127.0.0.1:9/' })).rejects.toThrow('ECONNREFUSED');
  });

  it('ends where the server switches protocols, or closes without a word, so that nobody waits for it for ever', async () => {
    const answers: Readonly<Record<string, string>> = {
      '/switch': 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
      '/nothing': '',
    };
    const server = createServer((socket) => {
      socket.once('data', (head) => socket.end(answers[head.toString().split(' ')[1]!] ?? ''));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const fetch = createWebFetch(createExchange(undefined));
    await expect(fetch({ url: `${url}/switch` })).rejects.toThrow('switched protocols');
    await expect(fetch({ url: `${url}/nothing` })).rejects.toThrow();
    server.close();
  });
});
