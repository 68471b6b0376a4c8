import { type PeerConnection } from './wrtc.ts';

/** Beyond this an answer goes out with what there is. */
const MAX_GATHERING_MS = 3000;
/** How long others may still come once there is a relay candidate, which is enough for a call from anywhere. */
const AFTER_RELAY_MS = 300;

/**
 * Resolves when an answer that is sent once and whole may leave. Call it before the local description is set, so that no candidate is
 * missed; it sets the handlers of the connection that tell of candidates.
 */
export function gathered(connection: PeerConnection): Promise<void> {
  return new Promise((resolve) => {
    let timer = setTimeout(done, MAX_GATHERING_MS);
    let hasRelay = false;
    function done(): void {
      clearTimeout(timer);
      connection.onicecandidate = null;
      connection.onicegatheringstatechange = null;
      resolve();
    }
    connection.onicecandidate = ({ candidate }) => {
      if (!candidate) done();
      else if (!hasRelay && candidate.candidate.includes(' typ relay')) {
        hasRelay = true;
        clearTimeout(timer);
        timer = setTimeout(done, AFTER_RELAY_MS);
      }
    };
    connection.onicegatheringstatechange = () => {
      if (connection.iceGatheringState === 'complete') done();
    };
  });
}
