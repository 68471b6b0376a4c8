import { UA, WebSocketInterface } from 'jssip';
import { afterEach, describe, expect, it, vi } from 'vitest';
import * as browser from '../../src/wic/index.ts';
import * as node from '../../src/wic/node.ts';

const NAMES = ['WebSocket', 'window', 'RTCPeerConnection', 'RTCSessionDescription'];
const kept = NAMES.map((name) => [name, Object.getOwnPropertyDescriptor(globalThis, name)] as const);

/** Node as it is, but for these. */
function setGlobals(globals: Readonly<Record<string, unknown>>): void {
  for (const name of NAMES) Reflect.deleteProperty(globalThis, name);
  Object.assign(globalThis, globals);
}

afterEach(() => {
  for (const [name, descriptor] of kept) {
    Reflect.deleteProperty(globalThis, name);
    if (descriptor) Object.defineProperty(globalThis, name, descriptor);
  }
});

/** As much of a WebSocket as JsSIP asks for. */
class SilentWebSocket {
  readonly OPEN = 1;
  readonly CONNECTING = 0;
  readonly readyState = 0;
  readonly close = vi.fn();
}

function createUa(): UA {
  return new UA({
    sockets: new WebSocketInterface('wss://edge.example/'),
    uri: 'sip:alice@example.com',
    password: 'p',
  });
}

const ATTACHED: readonly [string, (ua: UA) => { detach(): void }][] = [
  ['attachTurnCredentials', (ua) => node.attachTurnCredentials(ua)],
  ['attachWebToken', (ua) => node.attachWebToken(ua, () => Promise.reject(new Error('not asked for')))],
];

it('the package has the same names under Node as in a browser', () => {
  expect(Object.keys(node).sort()).toEqual(Object.keys(browser).sort());
});

describe.each(ATTACHED)('%s under Node', (_name, attach) => {
  it('lets start() say that there is no WebSocket, and what to set', () => {
    setGlobals({});
    const ua = createUa();
    attach(ua);
    expect(() => {
      ua.start();
    }).toThrow(/^epcscf-turn\/wic: there is no WebSocket here[^]*Object\.assign\(globalThis, \{ WebSocket \}\)/);
  });

  it('says so at once of a user agent that was started before', () => {
    setGlobals({});
    const ua = createUa();
    ua.start();
    expect(() => attach(ua)).toThrow('there is no WebSocket here');
    ua.stop();
  });

  it('lets call() and answer() say that there is no RTCPeerConnection', () => {
    setGlobals({ WebSocket: SilentWebSocket });
    const ua = createUa();
    const session = { answer: () => 'answered' };
    const attached = attach(ua);
    ua.start();
    const words = /^epcscf-turn\/wic: there is no RTCPeerConnection here[^]*@roamhq\/wrtc/;
    expect(() => ua.call('sip:bob@example.com')).toThrow(words);
    ua.emit('newRTCSession', { session: Object.assign(session, { on: () => undefined }) });
    expect(() => session.answer()).toThrow(words);
    attached.detach();
    expect(session.answer()).toBe('answered');
    ua.stop();
  });

  it('says nothing where they were set after it was attached, or the socket is of the application', () => {
    setGlobals({});
    const ua = createUa();
    attach(ua);
    setGlobals({ WebSocket: SilentWebSocket });
    ua.start();
    ua.stop();
    setGlobals({});
    class OtherSocket extends WebSocketInterface {
      override connect = vi.fn();
    }
    const other = new UA({ sockets: new OtherSocket('wss://edge.example/'), uri: 'sip:alice@example.com' });
    attach(other);
    other.start();
    other.stop();
  });
});
