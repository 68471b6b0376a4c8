import { EchoMediaSource } from './echo-media.ts';
import { LabPeers, type LabPeersOptions } from './lab-peers.ts';
import { MAX_CALL_SEC } from './peer-call.ts';
import { type IceServer } from './wrtc.ts';

export interface CreatePeersOptions extends Omit<LabPeersOptions, 'media'> {
  /** Makes a TURN credential of a lab user. */
  readonly mint: (user: string, ttlSec: number) => { readonly iceServer: IceServer };
}

/** Whose relay the peers' media takes, in events and snapshots. */
const MEDIA_USER = 'echo';

/** The peers of a lab, with media through the TURN server of the lab. */
export function createPeers({ mint, ...options }: CreatePeersOptions): LabPeers {
  const media = new EchoMediaSource(() => {
    const { iceServer } = mint(MEDIA_USER, 2 * MAX_CALL_SEC);
    const url = plainUri(iceServer.urls);
    return url === undefined ? undefined : { ...iceServer, urls: [url] };
  });
  return new LabPeers({ ...options, media });
}

/** One way to the relay is enough. Not by TLS: the WebRTC library does not trust the lab's CA. */
function plainUri(uris: readonly string[]): string | undefined {
  const plain = uris.filter((uri) => uri.startsWith('turn:'));
  return plain.find((uri) => uri.endsWith('transport=udp')) ?? plain[0];
}
