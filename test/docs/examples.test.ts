import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { startLab } from '../../src/lab/start-lab.ts';
import { installBrowserGlobals } from '../edge/support/browser-globals.ts';
import { httpsFetch } from '../support/https-fetch.ts';

installBrowserGlobals();

interface Phone {
  readonly turn: { iceServers(): { username: string }[]; detach(): void };
  readonly ua?: { stop(): void };
  readonly userAgent?: { stop(): Promise<void> };
}

interface PhoneModule {
  startPhone: (options: { server: string; uri: string; password: string }) => Promise<Phone>;
}

interface WebPhoneModule {
  startPhone: (options: {
    server: string;
    get: (path: string) => Promise<Response>;
  }) => Promise<Required<Pick<Phone, 'turn' | 'ua'>> & { readonly web: { detach(): void } }>;
}

interface AnyStackModule {
  iceServersOf: (getAll: (name: string) => readonly string[]) => object[];
}

describe('the example', () => {
  it.each(['wic-jssip', 'wic-sipjs'])('%s registers and has a relay', async (name) => {
    await using lab = await startLab({ users: ['alice'] });
    Object.assign(globalThis, { WebSocket: lab.WebSocket });
    const path = new URL(`../../examples/${name}/phone.js`, import.meta.url).href;
    const { startPhone } = (await import(path)) as PhoneModule;
    const { uri, password } = lab.users.alice;
    const phone = await startPhone({ server: lab.webSocket, uri, password });
    const issued = lab.credentialOf('alice');
    expect(phone.turn.iceServers()).toMatchObject([{ username: issued.username }]);
    expect(await lab.tryAllocate(issued)).toMatchObject({ granted: true });
    phone.turn.detach();
    phone.ua?.stop();
    await phone.userAgent?.stop();
  });

  it('wic-web-token registers a guest of the web server without a password, and has a relay', async () => {
    const client = { id: 'wwsf', secret: 'secret-of-the-web-server', namesUsers: true, pool: ['guest{1-2}'] };
    const oauth = { authorizationServer: { enabled: true }, wwsf: { enabled: true, guests: true }, clients: [client] };
    await using lab = await startLab({ config: { oauth } });
    Object.assign(globalThis, { WebSocket: lab.WebSocket });
    const ask = httpsFetch(lab.ca);
    const begun = await ask(new URL('/wwsf/guest', lab.page).href, { method: 'POST' });
    const headers = { Cookie: begun.headers.get('Set-Cookie')?.split(';')[0] ?? '' };
    const path = new URL('../../examples/wic-web-token/phone.js', import.meta.url).href;
    const { startPhone } = (await import(path)) as WebPhoneModule;
    const get = (where: string): Promise<Response> => ask(new URL(where, lab.page).href, { headers });
    const phone = await startPhone({ server: lab.webSocket, get });
    const issued = lab.snapshot().credentials.at(-1)!;
    expect(issued.user).toBe('guest1');
    expect(phone.turn.iceServers()).toMatchObject([{ username: issued.username }]);
    expect(await lab.tryAllocate(issued)).toMatchObject({ granted: true });
    phone.web.detach();
    phone.turn.detach();
    phone.ua.stop();
  });

  it('wic-any-stack reads what it is given', async () => {
    const path = new URL('../../examples/wic-any-stack/ice-servers.js', import.meta.url).href;
    const { iceServersOf } = (await import(path)) as AnyStackModule;
    const field = 'name="u1";pwd="p";lifetime=1900000000;uris="turn:relay.example"';
    const servers = iceServersOf((name) => (name === 'TURN-Cred-Rsp' ? [field] : []));
    expect(servers).toEqual([{ urls: ['turn:relay.example'], username: '1900000000:u1', credential: 'p' }]);
    expect(iceServersOf(() => [])).toEqual([]);
  });

  it('embed-turn starts a TURN server, and stops at SIGINT', async () => {
    const child = spawn(process.execPath, ['examples/embed-turn/main.js'], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = (await once(child.stdout.setEncoding('utf8'), 'data')) as [string];
    expect(line).toMatch(/turn:127\.0\.0\.1:\d+ user gateway/);
    const closed = once(child, 'close');
    child.kill('SIGINT');
    expect(await closed).toEqual([0, null]);
  });
});
