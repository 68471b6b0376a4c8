import { gathered } from './gathering.ts';
import { type PeerMedia, type PeerMediaSource } from './peer-media.ts';
import { loadPeerConnection, type DataChannel, type IceServer, type PeerConnection } from './wrtc.ts';

/** How long a failed connection may take to be mended by an ICE restart of the caller. */
const MENDING_MS = 30_000;
/** What a data channel may owe a caller that does not read. */
const MAX_BUFFERED_BYTES = 1 << 20;

/** Media that sends every track and every message of a data channel back. */
export class EchoMediaSource implements PeerMediaSource {
  readonly #iceServer: () => IceServer | undefined;
  readonly #mendingMs: number;
  /**
   * While one connection is open, all others share its threads and sockets; those of a last one that closes stay until its garbage is
   * collected. So this one, which connects to nobody, stays open between calls.
   */
  #keeper: PeerConnection | undefined;
  #timesClosed = 0;

  /** `iceServer` makes a TURN credential, fresh at each offer. */
  constructor(iceServer: () => IceServer | undefined, mendingMs = MENDING_MS) {
    this.#iceServer = iceServer;
    this.#mendingMs = mendingMs;
  }

  async open(lost: () => void): Promise<PeerMedia | undefined> {
    const timesClosed = this.#timesClosed;
    const PeerConnection = await loadPeerConnection();
    if (!PeerConnection || timesClosed !== this.#timesClosed) return undefined;
    this.#keeper ??= new PeerConnection({ iceServers: [] });
    const connection = new PeerConnection(configurationOf(this.#iceServer));
    return new EchoMedia(connection, this.#iceServer, () => setTimeout(lost, this.#mendingMs).unref());
  }

  close(): void {
    this.#timesClosed += 1;
    this.#keeper?.close();
    this.#keeper = undefined;
  }
}

class EchoMedia implements PeerMedia {
  readonly #connection: PeerConnection;
  readonly #iceServer: () => IceServer | undefined;
  readonly #sentBack = new Set<string>();
  readonly #startMending: () => NodeJS.Timeout;
  #mending: NodeJS.Timeout | undefined;
  #hasAnswered = false;
  #isClosed = false;

  constructor(connection: PeerConnection, iceServer: () => IceServer | undefined, startMending: () => NodeJS.Timeout) {
    this.#connection = connection;
    this.#iceServer = iceServer;
    this.#startMending = startMending;
    connection.ontrack = ({ track, streams }) => {
      // A stream that was held and goes on is told again.
      if (this.#sentBack.has(track.id)) return;
      this.#sentBack.add(track.id);
      connection.addTrack(track, ...streams);
    };
    connection.ondatachannel = ({ channel }) => {
      sendMessagesBack(channel);
    };
    connection.onconnectionstatechange = () => {
      this.#watch(connection.connectionState);
    };
  }

  async answer(offer: string): Promise<string> {
    const connection = this.#connection;
    if (this.#hasAnswered) connection.setConfiguration(configurationOf(this.#iceServer));
    await connection.setRemoteDescription({ type: 'offer', sdp: offer });
    const answer = await connection.createAnswer();
    const isGathered = this.#hasAnswered && fragmentOf(answer.sdp) === fragmentOf(this.#sdp);
    const candidates = isGathered ? undefined : gathered(connection);
    await connection.setLocalDescription(answer);
    this.#hasAnswered = true;
    await candidates;
    return this.#sdp;
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearTimeout(this.#mending);
    const connection = this.#connection;
    connection.ontrack = null;
    connection.ondatachannel = null;
    connection.onconnectionstatechange = null;
    connection.close();
  }

  #watch(state: string): void {
    if (state === 'connected') {
      clearTimeout(this.#mending);
      this.#mending = undefined;
    } else if (state === 'disconnected' || state === 'failed' || state === 'closed') {
      this.#mending ??= this.#startMending();
    }
  }

  get #sdp(): string {
    return this.#connection.localDescription?.sdp ?? '';
  }
}

function configurationOf(iceServer: () => IceServer | undefined) {
  const server = iceServer();
  return { iceServers: server ? [server] : [] };
}

/** The ICE session that a description is of: the ufrag of its first stream, which all share. */
function fragmentOf(sdp: string): string | undefined {
  return /^a=ice-ufrag:(.*)$/m.exec(sdp)?.[1];
}

function sendMessagesBack(channel: DataChannel): void {
  channel.onmessage = ({ data }) => {
    if (channel.readyState === 'open' && channel.bufferedAmount < MAX_BUFFERED_BYTES) channel.send(data);
  };
}
