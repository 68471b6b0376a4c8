import { type IceServer } from './options.ts';
import { ufragOf, usesRelay, type PeerConnection } from './peer-connection.ts';

/** A credential in hand, on the client's own clock. */
export type HeldCredential = readonly [server: IceServer, refreshAtMs: number, endsAtMs: number];

/** Does what is due for one call; `force` moves it though its credential is fresh. True while it has still to be moved. */
export type FollowedCall = (current: HeldCredential, nowMs: number, force: boolean) => boolean;

const YIELD_MS = 5000;
const RESTART_PATIENCE_MS = 10_000;

/**
 * Moves a running call to a new credential. A browser cannot change the credential of an allocation, and the relay ends that with its
 * credential, so a new allocation is made by an ICE restart, during which media keeps to the old pair (RFC 8445 §9).
 *
 * @param incoming whoever was called lets the caller restart first: two offers that cross help nobody (RFC 3261 §14.1)
 * @param reoffer sends a re-INVITE with a new offer, or nothing when that cannot be now
 */
export function followCall(
  connection: PeerConnection,
  gathered: HeldCredential,
  incoming: boolean,
  isOver: () => boolean,
  reoffer: () => unknown,
): FollowedCall {
  let configured = gathered;
  let ufrag = ufragOf(connection);
  let restartedAtMs = 0;
  let wanted = false;

  /** Servers of the app's own, and its choice among our URIs, stay. */
  function configure(current: HeldCredential): void {
    const configuration = connection.getConfiguration();
    const [server] = current;
    const iceServers = configuration.iceServers?.map((entry) => {
      if (entry.username !== configured[0].username) return entry;
      const kept = server.urls.filter((uri) => entry.urls.includes(uri));
      return { ...server, urls: kept.length > 0 ? kept : server.urls };
    });
    connection.setConfiguration({ ...configuration, iceServers });
    configured = current;
  }

  async function restart(): Promise<void> {
    // Where media goes straight, the end of an allocation harms nobody, and a re-INVITE might.
    if (!wanted && !(await usesRelay(connection).catch(() => true))) {
      gathered = configured;
    } else if (!isOver()) {
      // Not the constraint `iceRestart`: with that both libraries wait for a gathering that may be over.
      connection.restartIce();
      reoffer();
    }
  }

  return (current, nowMs, force) => {
    const stable = connection.signalingState === 'stable';
    const currentUfrag = ufragOf(connection);
    if (currentUfrag !== ufrag) {
      // Whichever side began it, a restart gathers with what was configured then: a newer credential that came since is not in it.
      ufrag = currentUfrag;
      gathered = configured;
      wanted = false;
    }
    if (configured !== current) configure(current);
    wanted ||= force;
    if (!wanted && (gathered === configured || nowMs < gathered[1])) return false;
    const begins = wanted || !incoming || nowMs >= gathered[1] + YIELD_MS;
    if (stable && begins && nowMs >= restartedAtMs + RESTART_PATIENCE_MS) {
      restartedAtMs = nowMs;
      void restart();
    }
    return true;
  };
}
