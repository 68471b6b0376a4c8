import { type AccessToken, type AccessTokenPaths, tokenByLogin, tokenOfWebServer } from './access-token.ts';
import { type LabClient } from './lab-client.ts';
import { type PageEvents } from './page-bus.ts';
import { type PaneParts } from './pane-parts.ts';

export interface TokenPanelPorts {
  /** Absent: the TURN server takes no access tokens. */
  readonly paths: AccessTokenPaths | undefined;
  /** What shows a token to the TURN server, since a browser does not. */
  readonly lab: LabClient | undefined;
  /** Asks the edge. Rejects without a registration. */
  readonly ofEdge: () => Promise<AccessToken>;
  readonly problem: (text: string) => void;
  readonly did: (kind: PageEvents['action']['kind'], detail: PageEvents['action']['detail']) => void;
}

/** Gets access tokens in the ways of the sources, and has each tried at the TURN server. */
export class TokenPanel {
  readonly #parts: PaneParts;
  readonly #ports: TokenPanelPorts;

  constructor(parts: PaneParts, ports: TokenPanelPorts) {
    this.#parts = parts;
    this.#ports = ports;
    const { tokenOfEdge, tokenOfWebServer: ofWebServer, tokenByLogin: byLogin } = parts;
    const { web, implicit } = ports.paths ?? {};
    this.#offer(tokenOfEdge, ports.ofEdge);
    this.#offer(ofWebServer, web === undefined ? undefined : () => tokenOfWebServer(web));
    this.#offer(byLogin, implicit === undefined ? undefined : () => tokenByLogin(implicit));
  }

  /** For a user who is registered. `isSignedIn`: at the web server. */
  show(isSignedIn: boolean): void {
    const { token, tokenOfWebServer: ofWebServer, tokenStatus } = this.#parts;
    const { paths, lab } = this.#ports;
    token.hidden = !paths || !lab;
    ofWebServer.hidden = paths?.web === undefined || !isSignedIn;
    tokenStatus.textContent = '';
  }

  hide(): void {
    this.#parts.token.hidden = true;
  }

  #offer(button: HTMLButtonElement, get: (() => Promise<AccessToken>) | undefined): void {
    button.hidden = !get;
    button.addEventListener('click', () => {
      if (get) void this.#try(button, get);
    });
  }

  async #try(button: HTMLButtonElement, get: () => Promise<AccessToken>): Promise<void> {
    const { tokenStatus } = this.#parts;
    button.disabled = true;
    tokenStatus.textContent = 'Asking…';
    try {
      const token = await get();
      this.#ports.did('token', {});
      tokenStatus.textContent = (await this.#ports.lab?.allocate(token)) ?? '';
    } catch (error) {
      tokenStatus.textContent = '';
      this.#ports.problem(error instanceof Error ? error.message : String(error));
    } finally {
      button.disabled = false;
    }
  }
}
