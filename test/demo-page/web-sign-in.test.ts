import { beforeEach, describe, expect, it } from 'vitest';
import { type SignInBrowser, type WebSession, WebSignIn } from '../../src/demo-page/web-sign-in.ts';

const PATHS = { login: '/login', session: '/session', logout: '/logout', token: '/token', guest: '/guest' };
const ALICE = { impi: 'alice@ims.example', impu: ['sip:alice@ims.example'], guest: false };
const GUEST = { impi: 'guest1@ims.example', impu: ['sip:guest1@ims.example'], guest: true };

/** What the web server takes the browser for. */
let session: WebSession | undefined;
let asked: string[];
let opens: boolean;
let popup: { closed: boolean; close: () => void };

beforeEach(() => {
  session = undefined;
  asked = [];
  popup = {
    closed: false,
    close: () => {
      popup.closed = true;
    },
  };
  opens = true;
});

const browser: SignInBrowser = {
  fetch: (path) => {
    asked.push(path);
    if (path === PATHS.guest) session = GUEST;
    if (path === PATHS.logout) session = undefined;
    const isEmpty = path === PATHS.logout || session === undefined;
    return Promise.resolve(new Response(isEmpty ? null : JSON.stringify(session), { status: isEmpty ? 204 : 200 }));
  },
  open: (path) => {
    asked.push(`open ${path}`);
    return opens ? popup : null;
  },
};

/** One that has heard who the browser is. */
async function signIn(): Promise<WebSignIn> {
  const web = new WebSignIn(PATHS, browser);
  await new Promise(setImmediate);
  asked = [];
  return web;
}

describe('a login at the web server', () => {
  it('opens its window in the click itself, since a strict browser opens none later', async () => {
    const web = await signIn();
    const logged = web.logIn({});
    expect(asked[0]).toBe('open /login');
    session = ALICE;
    expect(await logged).toEqual(ALICE);
    expect(popup.closed).toBe(true);
  });

  it('opens no window for a browser that has logged in before', async () => {
    session = ALICE;
    const web = await signIn();
    expect(await web.logIn({})).toEqual(ALICE);
    expect(asked).toEqual(['/session']);
  });

  it('says so where the session has ended meanwhile, and opens the window with the next click', async () => {
    session = ALICE;
    const web = await signIn();
    session = undefined;
    await expect(web.logIn({})).rejects.toThrow('has ended');
    void web.logIn({});
    expect(asked).toContain('open /login');
    popup.close();
  });

  it('comes to nothing where the window is closed', async () => {
    const web = await signIn();
    const logged = web.logIn({});
    popup.close();
    expect(await logged).toBeUndefined();
  });

  it('is refused where the browser opens no window', async () => {
    const web = await signIn();
    opens = false;
    await expect(web.logIn({})).rejects.toThrow('Allow popups');
  });
});

describe('two panes', () => {
  it('share the session, which ends with the last that uses it', async () => {
    session = ALICE;
    const web = await signIn();
    const panes = [{}, {}];
    for (const pane of panes) await web.logIn(pane);
    web.leave(panes[0]!);
    await web.logOut(ALICE);
    expect(asked).not.toContain('/logout');
    web.leave(panes[1]!);
    await web.logOut(ALICE);
    expect(asked).toContain('/logout');
  });

  it('are not a user and a guest at a time, as the guest would take the session of the user', async () => {
    session = ALICE;
    const web = await signIn();
    const pane = {};
    await web.logIn(pane);
    await expect(web.beGuest({})).rejects.toThrow('signed in as alice');
    expect(asked).not.toContain('/guest');
    web.leave(pane);
    expect(await web.beGuest({})).toEqual(GUEST);
    await expect(web.logIn({})).rejects.toThrow('signed in as guest1');
  });
});
