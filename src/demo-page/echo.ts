/**
 * Sends each track that comes in straight back. A track is told while the offer is taken in, before the answer is made, so that its
 * direction still counts for that answer.
 */
export function sendBack(connection: RTCPeerConnection): void {
  connection.addEventListener('track', ({ track, streams }) => {
    // A track that was on hold is told again.
    if (connection.getSenders().some((sender) => sender.track === track)) return;
    connection.addTrack(track, ...streams);
  });
}
