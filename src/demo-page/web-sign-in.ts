import { type WebToken } from '../wic/index.ts';

/** Paths of the web server (WWSF) that signs users in, as `setup.json` tells them. */
export interface WebSignInPaths {
  /** Page with the form, or the way to a provider. */
  readonly login: string;
  readonly session: string;
  readonly logout: string;
  readonly token: string;
  /** Absent: the server lends no identities to guests. */
  readonly guest?: string;
}

/** Who the web server takes this browser for. */
export interface WebSession {
  /** Private identity. */
  readonly impi: string;
  /** Public identities, the one to register by first. */
  readonly impu: readonly string[];
  /** Whether the identity is lent. */
  readonly guest: boolean;
}

/** The user part of the first identity that a SIP client can register by. */
export function userOf({ impu }: WebSession): string {
  const [user = ''] = impu.flatMap((identity) => /^sip:([^@]+)@/.exec(identity)?.[1] ?? []);
  return user;
}

const LOOK_EVERY_MS = 300;

/** A window that the page has opened. */
export interface Popup {
  readonly closed: boolean;
  close(): void;
}

/** What of the browser is needed to sign in. */
export interface SignInBrowser {
  fetch(path: string, options: { readonly method?: 'POST'; readonly cache?: 'no-store' }): Promise<Response>;
  /** `null`: the browser lets the page open none. */
  open(path: string): Popup | null;
}

/**
 * Signs in by the web in place of an IMS password: registration scenarios 2 and 3 of TS 33.203 Annex X. The browser has one session, which all
 * panes share.
 */
export class WebSignIn {
  readonly #paths: WebSignInPaths;
  readonly #browser: SignInBrowser;
  /** Who the browser was, when the web server was asked last. */
  #known: WebSession | undefined;
  readonly #panes = new Map<object, WebSession>();

  constructor(paths: WebSignInPaths, browser: SignInBrowser) {
    this.#paths = paths;
    this.#browser = browser;
    // A server that does not answer now is asked again before anything is done.
    this.#session().catch(() => undefined);
  }

  /** The user who has logged in, in a window that is opened unless that has been done before. `undefined`: nobody has. */
  async logIn(pane: object): Promise<WebSession | undefined> {
    this.#refuseBeside({ guest: false });
    // Within the click, before anything is waited for: a strict browser opens no window later.
    const popup = this.#known?.guest === false ? undefined : this.#browser.open(this.#paths.login);
    if (popup === null) throw new Error('The browser opened no window to log in. Allow popups for this page.');
    const session = popup ? await this.#sessionOf(popup) : await this.#user();
    if (!session && !popup) throw new Error('The login at the web server has ended. Register again to log in.');
    if (session) this.#panes.set(pane, session);
    return session;
  }

  async #sessionOf(popup: Popup): Promise<WebSession | undefined> {
    do {
      const user = await this.#user();
      if (user) {
        popup.close();
        return user;
      }
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    } while (!popup.closed);
    return this.#user();
  }

  /** An identity of the pool. Throws where none is free. */
  async beGuest(pane: object): Promise<WebSession> {
    this.#refuseBeside({ guest: true });
    const session = await this.#guest();
    this.#panes.set(pane, session);
    return session;
  }

  /** The pane uses the session no more. */
  leave(pane: object): void {
    this.#panes.delete(pane);
  }

  async #guest(): Promise<WebSession> {
    const before = await this.#session();
    if (before?.guest) return before;
    if (this.#paths.guest === undefined) throw new Error('This server has no identities for guests.');
    const answer = await this.#browser.fetch(this.#paths.guest, { method: 'POST' });
    if (!answer.ok) throw new Error(await reasonOf(answer));
    this.#known = (await answer.json()) as WebSession;
    return this.#known;
  }

  /** The next registration token of this user. Throws when the browser is signed in no more, or as somebody else. */
  async tokenOf({ impi }: WebSession): Promise<WebToken> {
    const answer = await this.#browser.fetch(this.#paths.token, { cache: 'no-store' });
    if (!answer.ok) throw new Error(await reasonOf(answer));
    const told = (await answer.json()) as { token: string; expires_in: number; impi: string };
    if (told.impi !== impi) throw new Error(`The browser is signed in as ${told.impi} by now.`);
    return { token: told.token, expiresInSec: told.expires_in };
  }

  /** Ends the session, unless another pane uses it, or the browser is signed in as somebody else by now. */
  async logOut({ impi }: WebSession): Promise<void> {
    if ([...this.#panes.values()].some((used) => used.impi === impi)) return;
    const session = await this.#session();
    if (session?.impi !== impi) return;
    await this.#browser.fetch(this.#paths.logout, { method: 'POST' });
    this.#known = undefined;
  }

  /** The session of another kind would take the place of the one that a pane uses. */
  #refuseBeside({ guest }: Pick<WebSession, 'guest'>): void {
    const other = [...this.#panes.values()].find((used) => used.guest !== guest);
    if (!other) return;
    throw new Error(
      `A pane is signed in as ${userOf(other)}, and the browser is one user at the web server. Sign out there first.`,
    );
  }

  async #user(): Promise<WebSession | undefined> {
    const session = await this.#session();
    return session?.guest ? undefined : session;
  }

  async #session(): Promise<WebSession | undefined> {
    const answer = await this.#browser.fetch(this.#paths.session, { cache: 'no-store' });
    if (!answer.ok) throw new Error(await reasonOf(answer));
    this.#known = answer.status === 204 ? undefined : ((await answer.json()) as WebSession);
    return this.#known;
  }
}

async function reasonOf(answer: Response): Promise<string> {
  const body = (await answer.json().catch(() => ({}))) as { readonly error_description?: string };
  return body.error_description ?? `The web server answered ${answer.status}.`;
}
