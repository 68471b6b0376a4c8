import { UA, WebSocketInterface } from 'jssip';
import { Registerer, UserAgent } from 'sip.js';
import { describe, expect, it } from 'vitest';
import * as wic from '../../src/wic/index.ts';
import { exampleOf } from '../docs/example.ts';
import { installBrowserGlobals } from '../edge/support/browser-globals.ts';
import { edgeOptions, PASSWORDS } from '../edge/support/edge-options.ts';
import { startEdge } from '../edge/support/edge-server.ts';
import { response } from './fake-user-agent.ts';

installBrowserGlobals();

const SERVER = {
  urls: edgeOptions().credential.uris,
  username: expect.stringMatching(/^\d+:u1$/) as string,
  credential: 'p/1=',
};

/** Runs an example of the guide with these names in reach, and gives what `result` says. */
async function run(name: string, scope: Readonly<Record<string, unknown>>, result: string): Promise<unknown> {
  const code = exampleOf('docs/guide/client.md', name).replace(
    /^import (.*) from 'epcscf-turn\/wic';$/m,
    'const $1 = wic;',
  );
  const names = { wic, ...scope };
  const module = `export default async ({ ${Object.keys(names).join(', ')} }) => { ${code}\nreturn ${result}; }`;
  const { default: example } = (await import(`data:text/javascript,${encodeURIComponent(module)}`)) as {
    default: (scope: object) => Promise<unknown>;
  };
  return example(names);
}

describe('the example of the guide', () => {
  it('for JsSIP is the one of the README', () => {
    expect(exampleOf('README.md', 'wic-jssip')).toBe(exampleOf('docs/guide/client.md', 'wic-jssip'));
  });

  it('for JsSIP registers, has its servers and calls with them', async () => {
    await using server = await startEdge(edgeOptions());
    const scope = {
      UA,
      socket: new WebSocketInterface(server.url),
      password: PASSWORDS.get('alice')!.revealText(),
      media: { mediaConstraints: { audio: false, video: false } },
    };
    const example = (await run('wic-jssip', scope, '{ ua, turn, iceServers }')) as {
      ua: UA;
      turn: wic.TurnCredentials;
      iceServers: wic.IceServer[];
    };
    expect(example.iceServers).toEqual([SERVER]);
    example.turn.detach();
    example.ua.stop();
  });

  it('for SIP.js registers and has its servers', async () => {
    await using server = await startEdge(edgeOptions());
    const userAgent = new UserAgent({
      uri: UserAgent.makeURI('sip:alice@example.com')!,
      authorizationUsername: 'alice',
      authorizationPassword: PASSWORDS.get('alice')!.revealText(),
      transportOptions: { server: server.url },
      logBuiltinEnabled: false,
      gracefulShutdown: false,
    });
    const example = (await run('wic-sipjs', { userAgent, Registerer }, '{ turn, iceServers }')) as {
      turn: wic.TurnCredentials;
      iceServers: wic.IceServer[];
    };
    expect(example.iceServers).toEqual([SERVER]);
    example.turn.detach();
    await userAgent.stop();
  });

  it('for anything else reads what it is given', async () => {
    const field = 'name="u1";pwd="p";lifetime=1900000000;uris="turn:relay.example"';
    const scope = { response: response({ 'TURN-Cred-Rsp': field }), iceServers: undefined };
    expect(await run('wic-parse', scope, 'iceServers')).toEqual([
      { urls: ['turn:relay.example'], username: '1900000000:u1', credential: 'p' },
    ]);
  });
});
