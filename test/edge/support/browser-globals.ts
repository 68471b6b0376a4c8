import { WebSocket } from 'ws';

/** Accepts the test's own certificate, which a browser would have been told to trust. */
class InsecureWebSocket extends WebSocket {
  constructor(url: string, protocols?: string | string[]) {
    super(url, protocols, { rejectUnauthorized: false });
  }
}

/** What a browser's RTCPeerConnection looks like to a SIP library: offers and answers, and no media behind them. */
class SilentPeerConnection extends EventTarget {
  static #count = 0;
  readonly #id = ++SilentPeerConnection.#count;
  readonly iceGatheringState = 'complete';
  readonly iceConnectionState = 'connected';
  signalingState = 'stable';
  localDescription: { sdp: string } | null = null;
  remoteDescription: { sdp: string } | null = null;

  createOffer(): Promise<object> {
    return Promise.resolve({ type: 'offer', sdp: sampleSdp(`offer${this.#id}`) });
  }

  createAnswer(): Promise<object> {
    return Promise.resolve({ type: 'answer', sdp: sampleSdp(`answer${this.#id}`) });
  }

  setLocalDescription(description: { sdp: string }): Promise<void> {
    this.localDescription = description;
    return Promise.resolve();
  }

  setRemoteDescription(description: { sdp: string }): Promise<void> {
    this.remoteDescription = description;
    return Promise.resolve();
  }

  getSenders(): [] {
    return [];
  }

  getReceivers(): [] {
    return [];
  }

  close(): void {
    this.signalingState = 'closed';
  }
}

class SilentSessionDescription {
  readonly type: string;
  readonly sdp: string;

  constructor({ type, sdp }: { type: string; sdp: string }) {
    this.type = type;
    this.sdp = sdp;
  }
}

/** An SDP whose session name tells who made it. Trailing blanks and odd attributes are there to be kept. */
export function sampleSdp(name: string): string {
  return [
    'v=0',
    `o=- 1 1 IN IP4 127.0.0.1`,
    `s=${name} ✓`,
    't=0 0',
    'm=audio 9 UDP/TLS/RTP/SAVPF 0',
    'c=IN IP4 0.0.0.0',
    'a=candidate:1 1 udp 1 192.0.2.1 50000 typ relay raddr 0.0.0.0 rport 0',
    'a=x-odd:  two blanks ',
    '',
  ].join('\r\n');
}

/** Gives JsSIP and SIP.js the globals they expect of a browser. */
export function installBrowserGlobals(): void {
  Object.assign(globalThis, {
    window: globalThis,
    WebSocket: InsecureWebSocket,
    RTCPeerConnection: SilentPeerConnection,
    RTCSessionDescription: SilentSessionDescription,
  });
}
