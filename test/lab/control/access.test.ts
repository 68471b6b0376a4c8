import { describe, expect, it } from 'vitest';
import { Secret } from '../../../src/base/secret.ts';
import { checkAccess } from '../../../src/lab/control/access.ts';
import { ControlError } from '../../../src/lab/control/control-error.ts';
import { startControlledLab } from './support/controlled-lab.ts';

const TOKEN = 'a-token-of-24-characters';
const HERE = 'localhost:8443';

type Fields = Readonly<Record<string, string>>;

/** The code of the refusal; `undefined` when let pass. */
function codeFor(peer: string | undefined, fields: Fields, token?: string): string | undefined {
  try {
    checkAccess({ peer, headers: new Headers(fields) }, token ? new Secret(token) : undefined);
    return undefined;
  } catch (error) {
    expect(error).toBeInstanceOf(ControlError);
    return (error as ControlError).code;
  }
}

describe('lab control without a token', () => {
  it.each<[string, string, Fields]>([
    ['a program on this machine', '127.0.0.1', { host: HERE }],
    ['a program on this machine over IPv6', '::1', { host: '[::1]:8443' }],
    ['one whose address is IPv4 within IPv6', '::ffff:127.0.0.1', { host: '127.0.0.1:8443' }],
    [
      'the page of this server',
      '127.0.0.1',
      { host: HERE, origin: `https://${HERE}`, 'sec-fetch-site': 'same-origin' },
    ],
    ['an address typed into a browser', '::1', { host: HERE, 'sec-fetch-site': 'none' }],
  ])('lets %s pass', (_who, peer, fields) => {
    expect(codeFor(peer, fields)).toBeUndefined();
  });

  it.each<[string, string | undefined, Fields]>([
    ['another machine', '192.0.2.1', { host: HERE }],
    ['another machine of the same network', '10.0.0.7', { host: HERE }],
    ['a connection that is gone', undefined, { host: HERE }],
    ['a page that had its name resolved to this machine', '127.0.0.1', { host: 'evil.example:8443' }],
    ['a name that only begins like one of this machine', '127.0.0.1', { host: 'localhost.evil.example' }],
    ['a request without Host', '127.0.0.1', {}],
    ['a page of another site', '127.0.0.1', { host: HERE, origin: 'https://evil.example' }],
    ['a page of another port', '127.0.0.1', { host: HERE, origin: 'https://localhost:9999' }],
    ['a page without TLS', '127.0.0.1', { host: HERE, origin: `http://${HERE}` }],
    ['a page that hides its origin', '127.0.0.1', { host: HERE, origin: 'null' }],
    ['a request that a page of another site caused', '127.0.0.1', { host: HERE, 'sec-fetch-site': 'cross-site' }],
    ['a request that a page of another port caused', '127.0.0.1', { host: HERE, 'sec-fetch-site': 'same-site' }],
    ['a client of a proxy on this machine', '127.0.0.1', { host: HERE, 'x-forwarded-for': '192.0.2.1' }],
    ['a client of a proxy that names the host alone', '::1', { host: HERE, 'x-forwarded-host': 'lab.example' }],
    ['a client of a proxy of the cloud', '127.0.0.1', { host: HERE, 'cf-connecting-ip': '192.0.2.1' }],
  ])('refuses %s', (_who, peer, fields) => {
    expect(codeFor(peer, fields)).toBe('ERR_FORBIDDEN');
  });

  it('takes no token that it was not given', () => {
    expect(codeFor('192.0.2.1', { host: HERE, authorization: `Bearer ${TOKEN}` })).toBe('ERR_FORBIDDEN');
  });
});

describe('lab control with a token', () => {
  const bearer = { authorization: `Bearer ${TOKEN}` };

  it.each<[string, string, Fields]>([
    ['whoever shows it, from anywhere', '192.0.2.1', { host: 'lab.example', ...bearer }],
    ['whoever shows it on this machine', '127.0.0.1', { host: HERE, ...bearer }],
    ['whoever spells its scheme otherwise', '192.0.2.1', { host: HERE, authorization: `bearer  ${TOKEN} ` }],
    ['the page of this server on this machine', '127.0.0.1', { host: HERE, 'sec-fetch-site': 'same-origin' }],
  ])('lets %s pass', (_who, peer, fields) => {
    expect(codeFor(peer, fields, TOKEN)).toBeUndefined();
  });

  it.each<[string, string, Fields]>([
    ['a program on this machine that shows none', '127.0.0.1', { host: HERE }],
    ['another machine that shows none', '192.0.2.1', { host: HERE, 'sec-fetch-site': 'same-origin' }],
    ['a wrong one of the same length', '127.0.0.1', { host: HERE, authorization: `Bearer ${TOKEN.replace('a', 'b')}` }],
    ['the beginning of it', '127.0.0.1', { host: HERE, authorization: `Bearer ${TOKEN.slice(0, -1)}` }],
    ['it as a password', '127.0.0.1', { host: HERE, authorization: `Basic ${TOKEN}` }],
    ['an empty one', '127.0.0.1', { host: HERE, authorization: 'Bearer ' }],
    [
      'a page that shows a wrong one',
      '127.0.0.1',
      { host: HERE, 'sec-fetch-site': 'same-origin', authorization: 'Bearer x' },
    ],
    [
      'a page of another site',
      '127.0.0.1',
      { host: HERE, origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' },
    ],
  ])('refuses %s', (_who, peer, fields) => {
    expect(codeFor(peer, fields, TOKEN)).toBe('ERR_UNAUTHORIZED');
  });
});

describe('on the wire', () => {
  it('a foreign Host, Origin or site gets 403 and no permission to read, for every route', async () => {
    await using room = await startControlledLab();
    const { port } = room.lab.addresses.https[0]!;
    const foreign = [
      { Host: `evil.example:${port}` },
      { Origin: 'https://evil.example' },
      { 'Sec-Fetch-Site': 'cross-site' },
    ];
    for (const headers of foreign) {
      for (const path of ['/lab', '/lab/events/stream', '/lab/wait?type=stopped', '/lab/openapi.json', '/lab/none']) {
        const answer = await room.ask(path, { headers });
        expect(answer).toMatchObject({ status: 403, json: { error: { code: 'ERR_FORBIDDEN' } } });
        expect(answer.headers).not.toHaveProperty('access-control-allow-origin');
      }
    }
    const fault = { method: 'POST', body: { kind: 'flow-cut' }, headers: { Origin: 'https://evil.example' } };
    expect((await room.ask('/lab/faults', fault)).status).toBe(403);
    expect(room.lab.events('fault-ended')).toEqual([]);
  });

  it('a page of another origin gets no leave by a preflight', async () => {
    await using room = await startControlledLab();
    const headers = { Origin: 'https://evil.example', 'Access-Control-Request-Method': 'POST' };
    const answer = await room.ask('/lab/faults', { method: 'OPTIONS', headers });
    expect(answer.status).toBe(403);
    expect(answer.headers).not.toHaveProperty('access-control-allow-origin');
  });

  it('a token is asked for and taken', async () => {
    await using room = await startControlledLab({ token: new Secret(TOKEN) });
    const refused = await room.ask('/lab');
    expect(refused).toMatchObject({ status: 401, json: { error: { code: 'ERR_UNAUTHORIZED' } } });
    expect(refused.headers['www-authenticate']).toMatch(/^Bearer realm=/);
    expect(refused.text).not.toContain('password');
    const asked = await room.ask('/lab', { headers: { Authorization: `Bearer ${TOKEN}` } });
    expect(asked).toMatchObject({ status: 200, json: { domain: 'localhost' } });
    const other = { Host: 'lab.example', Authorization: `Bearer ${TOKEN}` };
    expect((await room.ask('/lab/events', { headers: other })).status).toBe(200);
    expect((await room.ask('/lab', { headers: { Authorization: 'Bearer wrong' } })).status).toBe(401);
  });

  it('the page is told of it on this machine only', async () => {
    await using room = await startControlledLab({ token: new Secret(TOKEN) });
    expect((await room.ask('/setup.json')).json).toMatchObject({ lab: '/lab' });
    expect((await room.ask('/setup.json', { headers: { Host: 'lab.example' } })).json).not.toHaveProperty('lab');
  });
});
