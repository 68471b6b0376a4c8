import { BoundedMap } from '../base/bounded-map.ts';
import { type Clock } from '../base/clock.ts';
import { type AccessTokenCredential, type TurnCredential } from '../credentials/credential.ts';
import { createPasswordFunction } from '../credentials/shared-key/password.ts';
import { formatUsername } from '../credentials/shared-key/profile.ts';
import { type SharedKey } from '../server/shared-key.ts';
import { type MintedToken } from './lab-tokens.ts';
import { EXPIRED_SINCE_SEC, type MintOptions, ttlOf } from './token-options.ts';

/** How many credentials are kept. Beyond it the oldest is forgotten. */
const REMEMBERED = 10_000;

/** A TURN credential with its password, which only a lab tells. */
export interface LabCredential {
  readonly user: string;
  /** u, the TURN name. */
  readonly turnName: string;
  /** The value of USERNAME: u and t joined, in approach 2 u alone. */
  readonly username: string;
  readonly password: string;
  /** The access token (RFC 7635) in base64; absent in other credentials. `username` is then its kid, and `password` its session key in base64. */
  readonly token?: string;
  readonly realm: string;
  /** Its end, t, in UNIX seconds. */
  readonly expiresAtSec: number;
  /** The credential as an ICE server, the way RTCPeerConnection takes it. No browser takes a token. */
  readonly iceServer: { readonly urls: string[]; readonly username: string; readonly credential: string };
}

export interface IssuedCredential extends LabCredential {
  /** The request by which it was asked for; `GET`: of a page, at `/turn-credentials`. */
  readonly via: CredentialVia;
}

export const CREDENTIAL_VIAS = ['REGISTER', 'OPTIONS', 'GET'] as const;
type CredentialVia = (typeof CREDENTIAL_VIAS)[number];

interface Issued {
  readonly user: string;
  readonly turnName: string;
  readonly expiresAtSec: number;
  readonly via: CredentialVia;
}

/** Makes credentials as the edge does, and knows those that the edge has made. */
export class LabCredentials {
  readonly #sharedKey: SharedKey;
  readonly #uris: () => readonly string[];
  readonly #clock: Clock;
  /** What was handed out, by USERNAME: of approach 2, or changed by a fault, nobody could reckon it. */
  readonly #handedOut = new BoundedMap<TurnCredential | AccessTokenCredential>(REMEMBERED);
  #issued: Issued[] = [];

  constructor(sharedKey: SharedKey, uris: () => readonly string[], clock: Clock) {
    this.#sharedKey = sharedKey;
    this.#uris = uris;
    this.#clock = clock;
  }

  /** Makes a credential for a user, without a registration. Throws ERR_INVALID_ARGUMENT. */
  mint(user: string, wish: MintOptions): LabCredential {
    const ttlSec = ttlOf(wish, 'mint');
    const { pseudonyms, verifierOptions, issuedNames } = this.#sharedKey;
    const now = this.#clock.now();
    const nowSec = Math.floor(now.unixMs / 1000);
    const expiresAtSec = wish.expired ? nowSec - verifierOptions.skewSec - EXPIRED_SINCE_SEC : nowSec + ttlSec;
    const minted = this.#credential(user, pseudonyms.create(`lab ${user}`, `lab ${user}`), expiresAtSec);
    issuedNames?.note(minted.username, expiresAtSec, now);
    return minted;
  }

  /** An access token in the form of any credential. */
  ofToken(user: string, { turnName, kid, key, token, expiresAtSec }: MintedToken): LabCredential {
    const { realm } = this.#sharedKey;
    const iceServer = { urls: [...this.#uris()], username: kid, credential: key };
    return { user, turnName, username: kid, password: key, token, realm, expiresAtSec, iceServer };
  }

  /** Notes a credential that the edge hands out. */
  noteHandedOut(credential: TurnCredential | AccessTokenCredential): void {
    this.#handedOut.set(keyOf(turnNameOf(credential), credential.expiresAtSec), credential);
  }

  /** USERNAME and password of a credential with this name and end. */
  #passwordOf(turnName: string, expiresAtSec: number): { readonly username: string; readonly password: string } {
    const { realm, verifierOptions } = this.#sharedKey;
    const { keyRing, profile } = verifierOptions;
    const username = formatUsername(profile, { name: turnName, expiresAtSec });
    return { username, password: createPasswordFunction(keyRing.newest.secret, profile)(username, realm) };
  }

  noteIssued(issued: Issued): void {
    this.#issued.push(issued);
    if (this.#issued.length >= 2 * REMEMBERED) this.#issued = this.#issued.slice(-REMEMBERED);
  }

  /** The issued credentials, oldest first. */
  get issued(): IssuedCredential[] {
    return this.#issued.slice(-REMEMBERED).map((issued) => this.#complete(issued));
  }

  lastOf(user: string): IssuedCredential | undefined {
    const last = this.#issued.findLast((issued) => issued.user === user);
    return last && this.#complete(last);
  }

  #complete({ user, turnName, expiresAtSec, via }: Issued): IssuedCredential {
    const reckoned = this.#credential(user, turnName, expiresAtSec);
    const handedOut = this.#handedOut.get(keyOf(turnName, expiresAtSec));
    if (!handedOut) return { ...reckoned, via };
    const proof = proofOf(handedOut);
    const { username, password: credential } = proof;
    return { ...reckoned, via, ...proof, iceServer: { ...reckoned.iceServer, username, credential } };
  }

  #credential(user: string, turnName: string, expiresAtSec: number): LabCredential {
    const { realm } = this.#sharedKey;
    const { username, password } = this.#passwordOf(turnName, expiresAtSec);
    const iceServer = { urls: [...this.#uris()], username, credential: password };
    return { user, turnName, username, password, realm, expiresAtSec, iceServer };
  }
}

/** u of a credential of either kind. */
export function turnNameOf(credential: TurnCredential | AccessTokenCredential): string {
  return 'token' in credential ? credential.user : credential.name;
}

function proofOf(
  credential: TurnCredential | AccessTokenCredential,
): Pick<LabCredential, 'username' | 'password' | 'token'> {
  if (!('token' in credential)) return { username: credential.username, password: credential.password.revealText() };
  const { kid, key, token } = credential;
  return { username: kid, password: key.revealText(), token: token.toString('base64') };
}

function keyOf(turnName: string, expiresAtSec: number): string {
  return `${turnName} ${expiresAtSec}`;
}
