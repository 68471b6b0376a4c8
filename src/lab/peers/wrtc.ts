/** An ICE server, the way RTCPeerConnection takes it. */
export interface IceServer {
  readonly urls: readonly string[];
  readonly username: string;
  readonly credential: string;
}

interface Configuration {
  readonly iceServers: readonly IceServer[];
}

interface Description {
  readonly type: string;
  readonly sdp: string;
}

interface Track {
  readonly id: string;
}

export interface DataChannel {
  readonly readyState: string;
  readonly bufferedAmount: number;
  onmessage: ((event: { readonly data: string | ArrayBuffer }) => void) | null;
  send(data: string | ArrayBuffer): void;
}

/** The part of RTCPeerConnection that a peer uses. The types of the package itself are those of a browser, which this program is not. */
export interface PeerConnection {
  readonly connectionState: string;
  readonly iceGatheringState: string;
  readonly localDescription: Description | null;
  onconnectionstatechange: (() => void) | null;
  onicegatheringstatechange: (() => void) | null;
  onicecandidate: ((event: { readonly candidate: { readonly candidate: string } | null }) => void) | null;
  ontrack: ((event: { readonly track: Track; readonly streams: readonly object[] }) => void) | null;
  ondatachannel: ((event: { readonly channel: DataChannel }) => void) | null;
  setConfiguration(configuration: Configuration): void;
  setRemoteDescription(description: Description): Promise<void>;
  createAnswer(): Promise<Description>;
  setLocalDescription(description: Description): Promise<void>;
  addTrack(track: Track, ...streams: readonly object[]): unknown;
  close(): void;
}

type PeerConnectionConstructor = new (configuration: Configuration) => PeerConnection;

let loading: Promise<PeerConnectionConstructor | undefined> | undefined;

/** RTCPeerConnection of the optional package @roamhq/wrtc; `undefined` where it is not installed, or not for this platform. */
export function loadPeerConnection(): Promise<PeerConnectionConstructor | undefined> {
  loading ??= load();
  return loading;
}

async function load(): Promise<PeerConnectionConstructor | undefined> {
  try {
    const loaded: unknown = await import('@roamhq/wrtc');
    return (loaded as { default: { RTCPeerConnection: PeerConnectionConstructor } }).default.RTCPeerConnection;
  } catch {
    return undefined;
  }
}
