/** An event of the server as its event stream tells it; `type` says which fields there are besides. */
export interface LabEventJson {
  /** 1, 2, 3… */
  readonly seq: number;
  readonly type: string;
  /** UNIX milliseconds */
  readonly atUnixMs: number;
  /** Lab user whom it concerns, as far as known. */
  readonly user?: string;
  /** The pseudonym that TURN messages carry. */
  readonly turnName?: string;
  readonly [field: string]: unknown;
}

type ActionKind = 'register' | 'unregister' | 'call' | 'answer' | 'decline' | 'hang-up' | 'refresh' | 'token' | 'fault';

/** What the parts of the page tell each other. `user` is whose pane it is; `atUnixMs` is the clock of the browser. */
export interface PageEvents {
  /** From the server's event stream (serve --lab-control). */
  readonly 'lab-event': LabEventJson;
  /** A SIP message on this tab's own WebSocket, passwords masked. */
  readonly sip: {
    readonly user: string;
    readonly direction: 'in' | 'out';
    readonly text: string;
    readonly atUnixMs: number;
  };
  readonly 'ice-candidate': {
    readonly user: string;
    readonly candidate: string;
    readonly type: string;
    readonly address: string;
    readonly port: number;
    readonly protocol: string;
    readonly relayProtocol?: string;
    readonly url?: string;
    readonly atUnixMs: number;
  };
  readonly 'ice-error': {
    readonly user: string;
    readonly code: number;
    readonly text: string;
    readonly url: string;
    readonly atUnixMs: number;
  };
  /** The pair media goes over, when it is chosen or changes. */
  readonly 'ice-pair': {
    readonly user: string;
    readonly local: string;
    readonly remote: string;
    readonly atUnixMs: number;
  };
  /** A call's connection is there (or gone). */
  readonly connection: { readonly user: string; readonly connection: RTCPeerConnection | undefined };
  /** What the person at the page did, for "copy as test". */
  readonly action: {
    readonly user: string;
    readonly kind: ActionKind;
    readonly detail: Readonly<Record<string, unknown>>;
    readonly atUnixMs: number;
  };
  /** Something failed; in plain words. */
  readonly problem: { readonly user: string; readonly text: string; readonly atUnixMs: number };
}

type Listener<N extends keyof PageEvents> = (event: PageEvents[N]) => void;
type Listeners<K extends keyof PageEvents = keyof PageEvents> = { [N in K]?: Set<Listener<N>> };

/** Joins the parts of the page, which know nothing of each other. */
export class PageBus {
  readonly #listeners: Listeners = {};

  /** Returns what takes the listener off again. */
  on<N extends keyof PageEvents>(name: N, run: Listener<N>): () => void {
    const all: Listeners<N> = this.#listeners;
    const listeners = (all[name] ??= new Set<Listener<N>>());
    listeners.add(run);
    return () => listeners.delete(run);
  }

  /** A listener that throws does not keep the others from hearing it. */
  emit<N extends keyof PageEvents>(name: N, event: PageEvents[N]): void {
    for (const run of this.#listeners[name] ?? []) {
      try {
        run(event);
      } catch (error) {
        reportError(error);
      }
    }
  }
}
