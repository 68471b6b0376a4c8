import { intercept } from './intercept.ts';
import { type JsSipUserAgent } from './jssip.ts';

/** What a `UA` of JsSIP has besides. */
interface JsSipStart extends JsSipUserAgent {
  readonly transport: { readonly socket: object; isConnecting(): boolean };
  on(type: 'newRTCSession', listener: (event: { session: object }) => void): void;
  removeListener(type: 'newRTCSession', listener: (event: { session: object }) => void): void;
}

/** JsSIP's own socket takes the global; one that an application brings along need not. */
const OWN_SOCKET = 'WebSocketInterface';

const NO_WEB_SOCKET = `there is no WebSocket here (Node has one from version 22 on). Set it before ua.start():
  import { WebSocket } from 'ws';
  Object.assign(globalThis, { WebSocket }); // in a lab for tests: { WebSocket: lab.WebSocket }`;
const NO_WEB_RTC = `there is no RTCPeerConnection here, as Node has none. Set it before the call:
  import wrtc from '@roamhq/wrtc';
  const { RTCPeerConnection, RTCSessionDescription } = wrtc;
  Object.assign(globalThis, { window: globalThis, RTCPeerConnection, RTCSessionDescription });`;
const CALL_GLOBALS = ['window', 'RTCPeerConnection', 'RTCSessionDescription'];

/**
 * Lets `start`, `call` and `answer` of a JsSIP user agent throw an error that names the global they lack, and what to set. Throws at once for a user agent that
 * was started already. Returns what takes it off again.
 */
export function requireBrowserGlobals(ua: JsSipUserAgent): () => void {
  const parts = ua as JsSipStart;
  let attached = true;
  const checkSocket = (): void => {
    if (parts.transport.socket.constructor.name === OWN_SOCKET) need(['WebSocket'], NO_WEB_SOCKET);
  };
  const checkCall = (): void => {
    // A session may outlive what is attached.
    if (attached) need(CALL_GLOBALS, NO_WEB_RTC);
  };
  const before = (target: object, name: string, check: () => void): (() => void) =>
    intercept<unknown[], unknown>(target, name, (original, ...args) => {
      check();
      return original(...args);
    });
  const onSession = ({ session }: { session: object }): void => {
    before(session, 'answer', checkCall);
  };
  // Connecting it stays, for ever, where there is no WebSocket.
  if (parts.transport.isConnecting()) checkSocket();
  const undos = [before(ua, 'start', checkSocket), before(ua, 'call', checkCall)];
  parts.on('newRTCSession', onSession);
  return () => {
    attached = false;
    for (const undo of undos) undo();
    parts.removeListener('newRTCSession', onSession);
  };
}

function need(names: readonly string[], words: string): void {
  if (names.some((name) => !(name in globalThis))) throw new Error(`epcscf-turn/wic: ${words}`);
}
