import { type OwnMap, type OwnText, ownText } from '../../base/own-text.ts';
import { type Claim } from '../registration/contact-claims.ts';
import { identityKey } from '../registration/identity.ts';
import { type Registration } from '../registration/registration.ts';
import { type Device } from './judge.ts';
import { type Subscription } from './subscription.ts';

/** A device whose registration the core speaks of, connected or lapsed. It keeps no connection. */
export interface WatchedDevice extends Device {
  readonly claim: Claim;
  /** This edge in the Path of its registration. */
  readonly edgeUri: OwnText | undefined;
  /** Whether a document has listed it since it registered: only then does it say anything that one does not. */
  isListed: boolean;
  /** Whether the core was asked once more about it. */
  isDoubted: boolean;
}

/** One subscription, and the devices here of the user that it is for. */
export interface WatchedUser {
  /** `identityKey` of the default identity. */
  readonly key: OwnText;
  /** URI of that identity. */
  readonly identity: OwnText;
  /** The one that has registered last is the last. */
  readonly devices: OwnMap<WatchedDevice>;
  /** This edge in the Path of the latest registration, of which the registrar knows. */
  edgeUri: OwnText | undefined;
  subscription: Subscription;
  /** Monotonic milliseconds: since when the core is known to have it. */
  confirmedAtMs: number;
}

/** `before`: the same device until now; of one that only refreshes, what documents have said of it still counts. */
export function watchedDevice(
  { claim, address, contactUri, instanceId, regId, callId, cseq, aor, edgeUri }: Registration,
  before: WatchedDevice | undefined,
  isRefresh: boolean,
): WatchedDevice {
  const addressKey = ownText(identityKey(address), before?.addressKey ?? aor);
  const isListed = isRefresh && before?.isListed === true;
  return { claim, addressKey, contactUri, instanceId, regId, callId, cseq, edgeUri, isListed, isDoubted: false };
}
