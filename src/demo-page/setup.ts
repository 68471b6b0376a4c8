import { type AccessTokenPaths } from './access-token.ts';
import { type Approach } from './ladder/arrow.ts';
import { type WebSignInPaths } from './web-sign-in.ts';

export interface Setup {
  /** SIP home domain */
  readonly domain: string;
  /** `wss://…` */
  readonly edgeUrl: string;
  /** The lab users; empty unless the server runs as a lab on this very machine. */
  readonly users: readonly { readonly name: string; readonly password: string }[];
  /** Path of the lab's control interface (serve --lab-control). */
  readonly labPath: string | undefined;
  /** Absent: the TURN server takes no access tokens. */
  readonly accessTokens: AccessTokenPaths | undefined;
  /** By which approach TURN credentials are made: with a key that edge and TURN server share, or delivered to the TURN server. */
  readonly approach: Approach;
  /** Absent: users have IMS passwords. */
  readonly webSignIn: WebSignInPaths | undefined;
}

interface SetupAnswer {
  readonly domain: string;
  readonly path: string;
  readonly approach: Approach;
  readonly users?: Setup['users'];
  readonly lab?: string;
  readonly accessTokens?: AccessTokenPaths;
  readonly webSignIn?: WebSignInPaths;
}

/** Throws when the server does not answer. */
export async function loadSetup(): Promise<Setup> {
  const response = await fetch('setup.json', { cache: 'no-store' });
  if (!response.ok) throw new Error(`setup.json: ${response.status}`);
  const { domain, path, approach, users = [], lab, accessTokens, webSignIn } = (await response.json()) as SetupAnswer;
  const edgeUrl = new URL(path, location.href).href.replace(/^http/, 'ws');
  return { domain, edgeUrl, users, approach, labPath: lab, accessTokens, webSignIn };
}
