import { BoundedMap } from '../base/bounded-map.ts';
import { type Clock } from '../base/clock.ts';
import { EpcscfTurnError } from '../base/errors.ts';
import { type TurnCredential } from '../credentials/credential.ts';
import { computePassword } from '../credentials/shared-key/password.ts';
import { formatUsername } from '../credentials/shared-key/profile.ts';
import { type SharedKey } from '../server/shared-key.ts';

/** Credentials kept at most; the oldest go first. */
const REMEMBERED = 10_000;
const DEFAULT_TTL_SEC = 3600;
/** How long ago the end of an expired credential lies. */
const EXPIRED_SINCE_SEC = 60;

/** A TURN credential with its password, which only a lab tells. */
export interface LabCredential {
  readonly user: string;
  /** u */
  readonly turnName: string;
  /** The value of USERNAME: u and t joined. */
  readonly username: string;
  readonly password: string;
  readonly realm: string;
  /** Its end, t, in UNIX seconds. */
  readonly expiresAtSec: number;
  /** The credential as an ICE server, the way RTCPeerConnection takes it. */
  readonly iceServer: { readonly urls: string[]; readonly username: string; readonly credential: string };
}

export interface IssuedCredential extends LabCredential {
  readonly via: 'REGISTER' | 'OPTIONS';
}

export interface MintOptions {
  /** Lifetime in whole seconds; 3600 when absent. */
  readonly ttlSec?: number;
  /** Makes a credential that ended a minute ago, whatever `ttlSec` says. */
  readonly expired?: boolean;
}

interface Issued {
  readonly user: string;
  readonly turnName: string;
  readonly expiresAtSec: number;
  readonly via: 'REGISTER' | 'OPTIONS';
}

/** Makes credentials as the edge does, and knows those that the edge has made. */
export class LabCredentials {
  readonly #sharedKey: SharedKey;
  readonly #uris: () => readonly string[];
  readonly #clock: Clock;
  /** What was handed out, by USERNAME: of approach 2, or changed by a fault, nobody could reckon it. */
  readonly #handedOut = new BoundedMap<TurnCredential>(REMEMBERED);
  #issued: Issued[] = [];

  constructor(sharedKey: SharedKey, uris: () => readonly string[], clock: Clock) {
    this.#sharedKey = sharedKey;
    this.#uris = uris;
    this.#clock = clock;
  }

  /** Throws ERR_INVALID_ARGUMENT. */
  mint(user: string, { ttlSec = DEFAULT_TTL_SEC, expired = false }: MintOptions): LabCredential {
    if (!(Number.isSafeInteger(ttlSec) && ttlSec > 0)) {
      throw new EpcscfTurnError('ERR_INVALID_ARGUMENT', `mint: ttlSec: expected whole seconds above 0, got ${ttlSec}`);
    }
    const { pseudonyms, verifierOptions, issuedNames } = this.#sharedKey;
    const now = this.#clock.now();
    const nowSec = Math.floor(now.unixMs / 1000);
    const expiresAtSec = expired ? nowSec - verifierOptions.skewSec - EXPIRED_SINCE_SEC : nowSec + ttlSec;
    const minted = this.#credential(user, pseudonyms.create(`lab ${user}`, `lab ${user}`), expiresAtSec);
    issuedNames?.note(minted.username, expiresAtSec, now);
    return minted;
  }

  /** The edge hands it out. */
  noteHandedOut(credential: TurnCredential): void {
    this.#handedOut.set(keyOf(credential), credential);
  }

  /** p of a credential of this name and end. */
  #passwordOf(turnName: string, expiresAtSec: number): { readonly username: string; readonly password: string } {
    const { realm, verifierOptions } = this.#sharedKey;
    const { keyRing, profile } = verifierOptions;
    const username = formatUsername(profile, { name: turnName, expiresAtSec });
    return { username, password: computePassword(keyRing.newest.secret, profile, username, realm) };
  }

  noteIssued(issued: Issued): void {
    this.#issued.push(issued);
    if (this.#issued.length >= 2 * REMEMBERED) this.#issued = this.#issued.slice(-REMEMBERED);
  }

  /** Oldest first. */
  get issued(): IssuedCredential[] {
    return this.#issued.slice(-REMEMBERED).map((issued) => this.#complete(issued));
  }

  lastOf(user: string): IssuedCredential | undefined {
    const last = this.#issued.findLast((issued) => issued.user === user);
    return last && this.#complete(last);
  }

  #complete({ user, turnName, expiresAtSec, via }: Issued): IssuedCredential {
    const reckoned = this.#credential(user, turnName, expiresAtSec);
    const handedOut = this.#handedOut.get(keyOf({ name: turnName, expiresAtSec }));
    if (!handedOut) return { ...reckoned, via };
    const { username } = handedOut;
    const password = handedOut.password.revealText();
    const iceServer = { ...reckoned.iceServer, username, credential: password };
    return { ...reckoned, via, username, password, iceServer };
  }

  #credential(user: string, turnName: string, expiresAtSec: number): LabCredential {
    const { realm } = this.#sharedKey;
    const { username, password } = this.#passwordOf(turnName, expiresAtSec);
    const iceServer = { urls: [...this.#uris()], username, credential: password };
    return { user, turnName, username, password, realm, expiresAtSec, iceServer };
  }
}

function keyOf({ name, expiresAtSec }: Pick<TurnCredential, 'name' | 'expiresAtSec'>): string {
  return `${name} ${expiresAtSec}`;
}
