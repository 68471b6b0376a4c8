import { once } from 'node:events';
import { UA, WebSocketInterface } from 'jssip';
import { Registerer, RegistererState, UserAgent } from 'sip.js';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  attachTurnCredentials,
  attachTurnCredentialsSipJs,
  attachWebToken,
  attachWebTokenSipJs,
  type TurnCredentials,
  type WebToken,
  type WebTokenOptions,
  type WebTokens,
} from '../../src/wic/index.ts';
import { keepWebToken } from '../../src/wic/keep-web-token.ts';
import { installBrowserGlobals } from '../edge/support/browser-globals.ts';
import { edgeOptions } from '../edge/support/edge-options.ts';
import { startEdge, type EdgeServer } from '../edge/support/edge-server.ts';
import { Waf, webIdentity } from '../edge/web-identity/waf.ts';

installBrowserGlobals();

const endings: (() => unknown)[] = [];

afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

/** An edge that takes the tokens of a web server, and that web server. */
async function world() {
  const waf = new Waf();
  await waf.addKey('k1');
  const webFetch = async () => ({ status: 200, body: JSON.stringify(await waf.keySet()) });
  const server = await startEdge(edgeOptions({ webIdentity: webIdentity({ requireOnEveryRequest: true }) }), {
    webFetch,
  });
  endings.push(() => server[Symbol.asyncDispose]());
  const supplied: string[] = [];
  const supply = async (lifetimeSec = 600): Promise<WebToken> => {
    const token = await waf.token('alice', { lifetimeSec });
    supplied.push(token);
    return { token, expiresInSec: lifetimeSec };
  };
  return { server, supply, supplied };
}

interface Client {
  readonly tokens: WebTokens;
  readonly turn: TurnCredentials;
  /** Resolves when the client is registered. */
  readonly register: () => Promise<void>;
}

type Start = (server: EdgeServer, supply: () => Promise<WebToken>, options?: WebTokenOptions) => Client;

const startJsSip: Start = (server, supply, options) => {
  const ua = new UA({ sockets: new WebSocketInterface(server.url), uri: 'sip:alice@example.com' });
  const tokens = attachWebToken(ua, supply, options);
  const turn = attachTurnCredentials(ua);
  endings.push(() => {
    tokens.detach();
    turn.detach();
    ua.stop();
  });
  return {
    tokens,
    turn,
    register: async () => {
      const registered = once(ua, 'registered');
      ua.start();
      await registered;
    },
  };
};

const startSipJs: Start = (server, supply, options) => {
  const userAgent = new UserAgent({
    uri: UserAgent.makeURI('sip:alice@example.com')!,
    transportOptions: { server: server.url },
    logBuiltinEnabled: false,
    gracefulShutdown: false,
  });
  const tokens = attachWebTokenSipJs(userAgent, supply, options);
  const turn = attachTurnCredentialsSipJs(userAgent);
  const registerer = new Registerer(userAgent);
  endings.push(async () => {
    tokens.detach();
    turn.detach();
    await userAgent.stop();
  });
  const tryOnce = (): Promise<boolean> =>
    new Promise((resolve, reject) => {
      const requestDelegate = {
        onAccept: () => {
          resolve(true);
        },
        onReject: () => {
          resolve(false);
        },
      };
      registerer.register({ requestDelegate }).catch(reject);
    });
  return {
    tokens,
    turn,
    register: async () => {
      await userAgent.start();
      await vi.waitFor(async () => {
        expect(await tryOnce()).toBe(true);
      });
      await vi.waitFor(() => {
        expect(registerer.state).toBe(RegistererState.Registered);
      });
    },
  };
};

describe.each([
  ['JsSIP', startJsSip],
  ['SIP.js', startSipJs],
])('%s', (_library, start) => {
  it('registers by a token without a password, shows it in every request, and has TURN credentials', async () => {
    const { server, supply, supplied } = await world();
    const { tokens, turn, register } = start(server, supply);
    await tokens.ready();
    await register();
    expect(await turn.ready()).toMatchObject([{ credential: 'p/1=' }]);
    expect(server.events.named('registered')).toMatchObject([{ aor: 'sip:alice@example.com' }]);
    turn.refresh();
    await vi.waitFor(() => {
      expect(server.events.named('credential-issued').at(-1)).toMatchObject({ via: 'OPTIONS' });
    });
    expect(supplied).toHaveLength(1);
    expect(server.events.named('authentication-failed')).toEqual([]);
  });

  it('replaces a token that the edge refuses, once', async () => {
    const { server, supply, supplied } = await world();
    let calls = 0;
    const { tokens, register } = start(server, async () => {
      calls += 1;
      return calls === 1 ? { token: 'of.nobody.here', expiresInSec: 600 } : supply();
    });
    await tokens.ready();
    await register();
    expect([calls, supplied.length]).toEqual([2, 1]);
  });
});

describe('a token', () => {
  const used: string[] = [];
  const failures: unknown[] = [];
  const options = {
    refreshAt: 0.5,
    firstRetryMs: 1000,
    longestRetryMs: 4000,
    onFailure: (error: unknown) => failures.push(error),
  };

  beforeEach(() => {
    vi.useFakeTimers();
    used.length = 0;
    failures.length = 0;
  });
  afterEach(() => vi.useRealTimers());

  function keep(supply: () => Promise<WebToken>) {
    const [tokens, refused] = keepWebToken(
      supply,
      options,
      (token) => used.push(token),
      () => undefined,
    );
    endings.push(() => {
      tokens.detach();
    });
    return { tokens, refused };
  }

  it('is followed by the next before it ends', async () => {
    let count = 0;
    const { tokens } = keep(() => Promise.resolve({ token: `t${++count}`, expiresInSec: 100 }));
    await tokens.ready();
    await vi.advanceTimersByTimeAsync(49_999);
    expect(used).toEqual(['t1']);
    await vi.advanceTimersByTimeAsync(1);
    expect(used).toEqual(['t1', 't2']);
    tokens.detach();
    await vi.advanceTimersByTimeAsync(1_000_000);
    expect(used).toEqual(['t1', 't2']);
  });

  it('that cannot be fetched at first is told of at once; a later one is tried for again with a growing delay', async () => {
    let isAway = true;
    let calls = 0;
    const { tokens } = keep(() => {
      calls += 1;
      return isAway ? Promise.reject(new Error('away')) : Promise.resolve({ token: `t${calls}`, expiresInSec: 100 });
    });
    await expect(tokens.ready()).rejects.toThrow('away');
    isAway = false;
    await tokens.ready();
    isAway = true;
    await vi.advanceTimersByTimeAsync(50_000 + 1000 + 2000 + 4000);
    expect(failures).toHaveLength(4);
    isAway = false;
    await vi.advanceTimersByTimeAsync(4000);
    expect(used).toEqual(['t2', 't7']);
  });

  it('that is refused twice in a row is not fetched a third time by itself', async () => {
    let calls = 0;
    const { tokens, refused } = keep(() => Promise.resolve({ token: `t${++calls}`, expiresInSec: 100 }));
    await tokens.ready();
    const again = vi.fn();
    refused(again);
    await vi.advanceTimersByTimeAsync(0);
    refused(again);
    await vi.advanceTimersByTimeAsync(0);
    expect([calls, again.mock.calls.length]).toEqual([2, 1]);
  });
});
