import { intercept } from './intercept.ts';

/** Parts of `RTCPeerConnection`, and no types of the DOM, so that Node needs none. */
export interface PeerConnection {
  readonly signalingState: string;
  readonly iceGatheringState: string;
  readonly localDescription: { readonly sdp: string } | null;
  getConfiguration(): { iceServers?: { urls: string | string[]; username?: string; credential?: string }[] };
  setConfiguration(configuration: object): void;
  restartIce(): void;
  getStats(): Promise<ReadonlyMap<string, Readonly<Record<string, unknown>>>>;
}

const GATHERING_STEP_MS = 100;
/** While it lasts, media keeps to the old pair. */
const GATHERING_STEPS = 100;
/** When `complete` can no longer mean the gathering before. */
const STEPS_TO_BELIEVE = 90;

/** Changes with every ICE restart (RFC 8839 §5.4). */
export function ufragOf({ localDescription }: PeerConnection): string | undefined {
  return /^a=ice-ufrag:(\S+)/m.exec(localDescription?.sdp ?? '')?.[1];
}

/** Whether media goes out through a relay of ours. */
export async function usesRelay(connection: PeerConnection): Promise<boolean> {
  const stats = await connection.getStats();
  return [...stats.values()].some(
    ({ nominated, localCandidateId }) => nominated && stats.get(localCandidateId as string)?.candidateType === 'relay',
  );
}

/**
 * JsSIP and SIP.js send a description off when the gathering state says `complete`, which just after an ICE restart is still the state of
 * the gathering before. Here `setLocalDescription` of a restart is done when a relay candidate is there. Returns what undoes this.
 */
export function describeWithRelay(connection: PeerConnection): () => void {
  let stepsLeft = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let wake: () => void = () => undefined;
  const undo = intercept<unknown[], Promise<void>>(connection, 'setLocalDescription', async (original, ...args) => {
    const before = ufragOf(connection);
    await original(...args);
    if (!before || ufragOf(connection) === before) return;
    for (stepsLeft = GATHERING_STEPS; stepsLeft > 0; stepsLeft--) {
      const complete = stepsLeft < STEPS_TO_BELIEVE && connection.iceGatheringState === 'complete';
      // One step more, for relay candidates of other transports or families.
      if (complete || connection.localDescription?.sdp.includes(' typ relay')) stepsLeft = 1;
      await new Promise<void>((resolve) => {
        wake = resolve;
        timer = setTimeout(resolve, GATHERING_STEP_MS);
      });
    }
  });
  return () => {
    undo();
    stepsLeft = 0;
    clearTimeout(timer);
    wake();
  };
}
