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
  /** Absent: users have IMS passwords. */
  readonly webSignIn: WebSignInPaths | undefined;
}

interface SetupAnswer {
  readonly domain: string;
  readonly path: string;
  readonly users?: Setup['users'];
  readonly lab?: string;
  readonly webSignIn?: WebSignInPaths;
}

/** Throws when the server does not answer. */
export async function loadSetup(): Promise<Setup> {
  const response = await fetch('setup.json', { cache: 'no-store' });
  if (!response.ok) throw new Error(`setup.json: ${response.status}`);
  const { domain, path, users = [], lab, webSignIn } = (await response.json()) as SetupAnswer;
  const edgeUrl = new URL(path, location.href).href.replace(/^http/, 'ws');
  return { domain, edgeUrl, users, labPath: lab, webSignIn };
}
