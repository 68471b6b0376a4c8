import { describe, expect, it } from 'vitest';
import { Secret } from '../../../src/base/secret.ts';
import { startControlledLab } from './support/controlled-lab.ts';

const TOKEN = 'a-token-of-24-characters';

describe('access to lab control', () => {
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
