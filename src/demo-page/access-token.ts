import { type UA, URI } from 'jssip';
import { type HeaderSource, parseTurnCredential } from '../wic/index.ts';

/** Where access tokens come from besides the edge, as `setup.json` tells. */
export interface AccessTokenPaths {
  /** Path at the web server, for a user who is signed in there. */
  readonly web?: string;
  /** Path at the authorization server: a login that leads back with the token in the fragment. */
  readonly implicit?: string;
}

/** An access token (RFC 7635) with what a TURN client needs to use it; key and token in base64. */
export interface AccessToken {
  readonly kid: string;
  readonly key: string;
  readonly token: string;
}

const POPUP = 'popup,width=460,height=620';
const LOOK_EVERY_MS = 300;
const STATE_BYTES = 12;

/** What JsSIP has and its types do not. */
interface AsksByOptions {
  sendOptions(
    target: URI,
    body: undefined,
    options: {
      readonly extraHeaders: readonly string[];
      readonly eventHandlers: Readonly<Record<'succeeded' | 'failed', (event: OptionsAnswer) => void>>;
    },
  ): unknown;
}

interface OptionsAnswer {
  readonly response: HeaderSource | null;
}

/** Asks the edge by OPTIONS with `TURN-Cred-Req: oauth`. Rejects when that gives none. */
export function tokenOfEdge(ua: UA, domain: string): Promise<AccessToken> {
  return new Promise((resolve, reject) => {
    const answered = ({ response }: OptionsAnswer): void => {
      const received = response ? parseTurnCredential(response) : undefined;
      if (received?.kind === 'credential' && received.token !== undefined) {
        const { username: kid, password: key, token } = received;
        resolve({ kid, key, token });
        return;
      }
      const why = received?.kind === 'error' ? received.error : 'no answer';
      reject(new Error(`The edge gave no access token (${why}).`));
    };
    // From text, JsSIP would take the domain for a user of the domain.
    const home = new URI('sip', '', domain);
    (ua as unknown as AsksByOptions).sendOptions(home, undefined, {
      extraHeaders: ['TURN-Cred-Req: oauth'],
      eventHandlers: { succeeded: answered, failed: answered },
    });
  });
}

/** Asks the web server, which knows this browser by its session. Rejects when nobody is signed in there. */
export async function tokenOfWebServer(path: string): Promise<AccessToken> {
  const answer = await fetch(path, { cache: 'no-store' });
  const fields = (await answer.json().catch(() => ({}))) as Readonly<Record<string, unknown>>;
  if (answer.ok) return tokenIn((name) => fields[name]);
  const why = typeof fields.error === 'string' ? fields.error : answer.status;
  throw new Error(`The web server gave no access token (${why}).`);
}

/** Lets the user log in at the authorization server, in a window, which comes back with the token in the fragment of its address. */
export async function tokenByLogin(path: string): Promise<AccessToken> {
  const state = [...crypto.getRandomValues(new Uint8Array(STATE_BYTES))].map((byte) => byte.toString(16)).join('');
  const popup = open(`${path}&state=${state}`, 'access-token', POPUP);
  if (!popup) throw new Error('The browser opened no window to log in. Allow popups for this page.');
  while (!popup.closed) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    const fragment = fragmentOf(popup);
    if (fragment?.get('state') !== state) continue;
    popup.close();
    const error = fragment.get('error');
    if (error !== null) throw new Error(`The authorization server gave no access token (${error}).`);
    return tokenIn((name) => fragment.get(name));
  }
  throw new Error('Nobody has logged in.');
}

/** `undefined` while the window is elsewhere. */
function fragmentOf(popup: Window): URLSearchParams | undefined {
  try {
    return new URLSearchParams(popup.location.hash.slice(1));
  } catch {
    return undefined;
  }
}

function tokenIn(field: (name: string) => unknown): AccessToken {
  const [kid, key, token] = [field('kid'), field('key'), field('access_token')];
  if (typeof kid === 'string' && typeof key === 'string' && typeof token === 'string') return { kid, key, token };
  throw new Error('The answer has no access token for a TURN server.');
}
