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

const POPUP = 'popup,width=460,height=620';
const LOOK_EVERY_MS = 300;

/** Signs in by the web in place of an IMS password: registration scenarios 2 and 3 of TS 33.203 Annex X. */
export class WebSignIn {
  readonly #paths: WebSignInPaths;

  constructor(paths: WebSignInPaths) {
    this.#paths = paths;
  }

  /** The user who has logged in, in a window that is opened unless that has been done before. `undefined`: nobody has. */
  async logIn(): Promise<WebSession | undefined> {
    const before = await this.#session();
    if (before && !before.guest) return before;
    const popup = open(this.#paths.login, 'sign-in', POPUP);
    if (!popup) throw new Error('The browser opened no window to log in. Allow popups for this page.');
    while (!popup.closed) {
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
      const session = await this.#session();
      if (!session || session.guest) continue;
      popup.close();
      return session;
    }
    return this.#session();
  }

  /** An identity of the pool. Throws where none is free. */
  async beGuest(): Promise<WebSession> {
    const before = await this.#session();
    if (before?.guest) return before;
    if (this.#paths.guest === undefined) throw new Error('This server has no identities for guests.');
    const answer = await fetch(this.#paths.guest, { method: 'POST' });
    if (!answer.ok) throw new Error(await reasonOf(answer));
    return (await answer.json()) as WebSession;
  }

  /** The next registration token of this user. Throws when the browser is signed in no more, or as somebody else. */
  async tokenOf({ impi }: WebSession): Promise<WebToken> {
    const answer = await fetch(this.#paths.token, { cache: 'no-store' });
    if (!answer.ok) throw new Error(await reasonOf(answer));
    const told = (await answer.json()) as { token: string; expires_in: number; impi: string };
    if (told.impi !== impi) throw new Error(`The browser is signed in as ${told.impi} by now.`);
    return { token: told.token, expiresInSec: told.expires_in };
  }

  /** Ends the session, unless the browser is signed in as somebody else by now. */
  async logOut({ impi }: WebSession): Promise<void> {
    const session = await this.#session();
    if (session?.impi === impi) await fetch(this.#paths.logout, { method: 'POST' });
  }

  async #session(): Promise<WebSession | undefined> {
    const answer = await fetch(this.#paths.session, { cache: 'no-store' });
    if (!answer.ok) throw new Error(await reasonOf(answer));
    return answer.status === 204 ? undefined : ((await answer.json()) as WebSession);
  }
}

async function reasonOf(answer: Response): Promise<string> {
  const body = (await answer.json().catch(() => ({}))) as { readonly error_description?: string };
  return body.error_description ?? `The web server answered ${answer.status}.`;
}
