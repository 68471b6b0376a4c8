import wrtc from '@roamhq/wrtc';

export interface Channel {
  send(data: string | Uint8Array): void;
  onopen: () => void;
  onmessage: (event: { readonly data: string | ArrayBuffer }) => void;
}

interface Connection {
  readonly localDescription: { readonly sdp: string };
  readonly iceGatheringState: string;
  onicecandidate: ((event: { readonly candidate: object | null }) => void) | null;
  createDataChannel(label: string): Channel;
  createOffer(options: object): Promise<object>;
  setLocalDescription(description: object): Promise<void>;
  setRemoteDescription(description: object): Promise<void>;
  close(): void;
}

/** WebRTC of @roamhq/wrtc. Its types are those of a browser, which this program is not. */
export const { RTCPeerConnection: PeerConnection, RTCSessionDescription: SessionDescription } = wrtc as unknown as {
  readonly RTCPeerConnection: new (configuration: object) => Connection;
  readonly RTCSessionDescription: object;
};

/** The other side of a peer's media, with a data channel. Without tracks of its own: those of the library outlive their connection. */
export class Caller {
  readonly heard: (string | number[])[] = [];
  readonly channel: Channel;
  readonly opened: Promise<void>;
  readonly #connection: Connection;

  constructor(configuration: object = {}) {
    this.#connection = new PeerConnection(configuration);
    this.channel = this.#connection.createDataChannel('test');
    this.opened = new Promise((resolve) => {
      this.channel.onopen = resolve;
    });
    this.channel.onmessage = ({ data }) => {
      this.heard.push(typeof data === 'string' ? data : [...new Uint8Array(data)]);
    };
  }

  /** With all candidates. */
  async offer(options: { readonly iceRestart?: boolean } = {}): Promise<string> {
    const connection = this.#connection;
    const isFirst = (connection.localDescription as unknown) === null;
    const complete = new Promise<void>((resolve) => {
      connection.onicecandidate = ({ candidate }) => {
        if (!candidate) resolve();
      };
    });
    await connection.setLocalDescription(await connection.createOffer(options));
    if (isFirst || options.iceRestart) await complete;
    return connection.localDescription.sdp;
  }

  accept(answer: string): Promise<void> {
    return this.#connection.setRemoteDescription({ type: 'answer', sdp: answer });
  }

  close(): void {
    this.#connection.close();
  }
}
