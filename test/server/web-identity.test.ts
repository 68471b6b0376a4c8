import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../src/config/load.ts';
import { MemoryState } from '../../src/config/state/memory-state.ts';
import { silentLogger } from '../../src/base/logger.ts';
import { Secret } from '../../src/base/secret.ts';
import { TypedEvents } from '../../src/base/typed-events.ts';
import { type EdgeEvents } from '../../src/edge/edge-events.ts';
import { RegistrationReports } from '../../src/server/registration-reports.ts';
import { createServer } from '../../src/server/server.ts';
import { Wic } from '../edge/support/wic.ts';
import { WicSocket } from '../edge/support/wic-socket.ts';
import { startHttp, Waf } from '../edge/web-identity/waf.ts';

const DOMAIN = 'web.example';
const END = { registrationId: 'r', impi: 'guest-1@web.example', impu: 'sip:guest-1@web.example', webIdentity: true };

describe('a server whose clients sign in by web tokens', () => {
  it('reads the keys of the issuer, lets its users in, and reports the end of a registration', async () => {
    const waf = new Waf(DOMAIN);
    await waf.addKey('k1', 'RS256');
    const keys = JSON.stringify(await waf.keySet());
    const reported: unknown[] = [];
    let report: () => void = () => undefined;
    const hasReported = new Promise<void>((resolve) => (report = resolve));
    await using http = await startHttp((request, body, response) => {
      if (request.url === '/keys') response.end(keys);
      else {
        reported.push([request.headers.authorization, JSON.parse(body)]);
        response.writeHead(204).end();
        report();
      }
    });
    const clients = [{ id: 'wwsf', pools: [`guest-*@${DOMAIN}`] }];
    const server = await createServer(
      {
        domain: DOMAIN,
        turn: { enabled: false },
        edge: {
          listen: { addresses: ['127.0.0.1'], port: 0 },
          demoPage: false,
          credential: { uris: ['turn:turn.web.example'] },
          webIdentity: {
            issuers: [{ issuer: `https://waf.${DOMAIN}`, clients, jwksUri: `${http.url}/keys` }],
            webhook: { url: `${http.url}/ended`, secret: 'between-us' },
          },
        },
      },
      { state: new MemoryState(), logger: silentLogger },
    );
    const { webSocket } = await server.start();
    try {
      const guest = new Wic('guest-1', await WicSocket.connect(webSocket!), new Secret('none'), DOMAIN);
      const headers = { Authorization: `Bearer ${await waf.token('guest-1', { claims: { pool: true } })}` };
      guest.send(guest.buildRegister({ headers }));
      await guest.socket.response(200, 'REGISTER');
      guest.send(guest.buildRegister({ headers, expires: 0 }));
      await guest.socket.response(200, 'REGISTER');
      await hasReported;
    } finally {
      await server.stop();
    }
    const { impi, impu } = END;
    expect(reported).toMatchObject([['Bearer between-us', { event: 'registration-ended', impi, impu }]]);
  });
});

describe('a report of the end of a registration', () => {
  function reporting(statuses: (number | Error)[]) {
    const events = new TypedEvents<EdgeEvents>((error) => {
      throw error;
    });
    const bodies: string[] = [];
    const warnings: string[] = [];
    let isDone: () => void = () => undefined;
    const done = new Promise<void>((resolve) => (isDone = resolve));
    const reports = new RegistrationReports({
      url: 'https://wwsf.example.com/ended',
      secret: new Secret('between-us'),
      events,
      logger: { ...silentLogger, warn: (_fields, message) => warnings.push(message) },
      firstWaitMs: 1,
      send: ({ body = '' }) => {
        bodies.push((JSON.parse(body) as { impi: string }).impi);
        const status = statuses.shift() ?? 200;
        if (statuses.length === 0) setImmediate(isDone);
        return status instanceof Error ? Promise.reject(status) : Promise.resolve({ status, body: '' });
      },
    });
    return { events, reports, bodies, warnings, done };
  }

  it('is repeated until it is taken, and the next one waits for it', async () => {
    const { events, bodies, done } = reporting([500, new Error('away'), 204, 204]);
    events.emit('registration-ended', { ...END, impi: 'a' });
    events.emit('registration-ended', { ...END, impi: 'b' });
    await done;
    expect(bodies).toEqual(['a', 'a', 'a', 'b']);
  });

  it('is given up after six tries', async () => {
    const { events, bodies, warnings, done } = reporting([...Array<number>(6).fill(500), 204]);
    events.emit('registration-ended', { ...END, impi: 'a' });
    events.emit('registration-ended', { ...END, impi: 'b' });
    await done;
    expect([bodies, warnings.length]).toEqual([[...Array<string>(6).fill('a'), 'b'], 1]);
  });

  it('is made of web tokens alone, and no more once the server stops', async () => {
    const { events, reports, bodies } = reporting([500]);
    events.emit('registration-ended', { ...END, webIdentity: false });
    expect(bodies).toEqual([]);
    events.emit('registration-ended', END);
    reports.stop();
    events.emit('registration-ended', END);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(bodies).toHaveLength(1);
  });
});

describe('a configuration of web identities', () => {
  const issuer = {
    issuer: 'https://waf.example.com',
    clients: [{ id: 'wwsf' }],
    jwksUri: 'https://waf.example.com/jwks',
  };
  const introspection = { url: 'https://waf.example.com/i', clientId: 'edge', clientSecret: 'x' };

  it.each<[string, object, string]>([
    [
      'keys over http from elsewhere',
      { issuers: [{ ...issuer, jwksUri: 'http://waf.example.com/' }] },
      'jwksUri: expected an https URL',
    ],
    [
      'no way to check',
      { issuers: [{ ...issuer, jwksUri: undefined }] },
      'issuers.0: expected one of "jwksUri" and "introspection", got "neither"',
    ],
    ['two ways to check', { issuers: [{ ...issuer, introspection }] }, 'got "both"'],
    ['one issuer twice', { issuers: [issuer, issuer] }, 'issuers.1.issuer: expected an issuer that is listed once'],
    [
      'no web server',
      { issuers: [{ ...issuer, clients: [] }] },
      'issuers.0.clients: expected a list that is not empty',
    ],
    [
      'a pool of all domains',
      { issuers: [{ ...issuer, clients: [{ id: 'a', pools: ['*'] }] }] },
      'pools.0: expected a private identity',
    ],
    [
      'a webhook without a secret',
      { issuers: [issuer], webhook: { url: 'https://w.example.com/' } },
      'webhook: expected exactly one of "secret"',
    ],
    [
      'no way in at all',
      { allowDigest: false },
      'issuers: expected at least one, because edge.webIdentity.allowDigest is false',
    ],
  ])('is refused with %s', (_what, webIdentity, message) => {
    expect(() => parseConfig({ edge: { webIdentity } })).toThrow(message);
  });
});
