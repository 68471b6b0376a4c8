import { type PageBus } from './page-bus.ts';

/**
 * Tells each candidate and each refusal of a server as it comes.
 *
 * @param noRelay gathering ended without a relay candidate. One server that refuses is no matter while another serves, so this waits for the end
 */
export function watchCandidates(
  connection: RTCPeerConnection,
  user: string,
  bus: PageBus,
  noRelay: (error: RTCPeerConnectionIceErrorEvent | undefined) => void,
): void {
  let hasRelay = false;
  let refusal: RTCPeerConnectionIceErrorEvent | undefined;
  connection.addEventListener('icecandidate', (event) => {
    const { candidate } = event;
    if (!candidate || candidate.candidate === '') return;
    hasRelay ||= candidate.type === 'relay';
    bus.emit('ice-candidate', { ...describeCandidate(candidate), user, atUnixMs: Date.now() });
  });
  connection.addEventListener('icecandidateerror', (event) => {
    const { errorCode: code, errorText: text, url } = event;
    refusal = worse(refusal, event);
    bus.emit('ice-error', { user, code, text, url, atUnixMs: Date.now() });
  });
  connection.addEventListener('icegatheringstatechange', () => {
    if (connection.iceGatheringState === 'gathering') {
      // An ICE restart gathers anew.
      hasRelay = false;
      refusal = undefined;
    } else if (connection.iceGatheringState === 'complete' && !hasRelay) {
      // A call that needs no relay and was refused none is as it should be.
      if (refusal || connection.getConfiguration().iceTransportPolicy === 'relay') noRelay(refusal);
    }
  });
}

/** What a server said tells more than that another did not answer (701). */
function worse(
  known: RTCPeerConnectionIceErrorEvent | undefined,
  next: RTCPeerConnectionIceErrorEvent,
): RTCPeerConnectionIceErrorEvent {
  return known && known.errorCode !== 701 ? known : next;
}

function describeCandidate(candidate: RTCIceCandidate) {
  const { relayProtocol, url } = candidate as RTCIceCandidate & { relayProtocol?: string | null; url?: string | null };
  return {
    candidate: candidate.candidate,
    type: candidate.type ?? 'unknown',
    address: candidate.address ?? 'hidden',
    port: candidate.port ?? 0,
    protocol: candidate.protocol ?? 'unknown',
    ...(relayProtocol != null && { relayProtocol }),
    ...(url != null && { url }),
  };
}
