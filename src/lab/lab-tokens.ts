import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto';
import { type Clock, type Now } from '../base/clock.ts';
import { EpcscfTurnError } from '../base/errors.ts';
import { Secret } from '../base/secret.ts';
import { TypedEvents } from '../base/typed-events.ts';
import { type GivenTokenKey } from '../config/access-token-keys.ts';
import { type LoadedSecrets } from '../config/secrets.ts';
import { type Config } from '../config/schema/tree.ts';
import { encodeAccessToken } from '../credentials/access-token/token-codec.ts';
import { createHolder, describeHolder, sealHolder } from '../credentials/access-token/token-holder.ts';
import { type AccessTokenKey, readAccessTokenKey } from '../credentials/access-token/token-keys.ts';
import { SigningRing } from '../oauth/as/signing-ring.ts';
import { TokenMaker, type TokenMakerOptions } from '../oauth/as/token-maker.ts';
import { type OAuthEvents } from '../oauth/oauth-events.ts';
import { type OAuthClient } from '../oauth/oauth-client.ts';
import { tokenMakerOptions } from '../server/authorization-server.ts';
import { EXPIRED_SINCE_SEC, type TokenOptions, ttlOf } from './token-options.ts';
import { type WebPeople } from './web-users.ts';

/** Nobody listens to what is made here: it is no message between anybody. */
const NOBODY = new TypedEvents<OAuthEvents>(() => undefined);

/** A web token that the lab's authorization server (WAF) would issue: fits what `attachWebToken` is supplied with. */
export interface LabWebToken {
  /** Whom it lets register: `alice`, or the guest that was chosen. */
  readonly user: string;
  /** The public identity to register, `sip:guest1@localhost`. */
  readonly uri: string;
  /** Private identity. */
  readonly impi: string;
  /** A signed JWT: `Authorization: Bearer <token>`. */
  readonly token: string;
  /** Seconds from now until it ends; below 0 of one that has ended. */
  readonly expiresInSec: number;
  /** Its end in UNIX seconds. */
  readonly expiresAtSec: number;
}

/** An access token (RFC 7635) for a TURN server, made by hand. */
export interface MintedToken {
  /** u */
  readonly turnName: string;
  readonly kid: string;
  /** Session key in base64. */
  readonly key: string;
  /** Base64. */
  readonly token: string;
  readonly expiresAtSec: number;
}

export interface LabTokensContext {
  readonly config: Config;
  readonly secrets: LoadedSecrets;
  /** Whom access tokens are for. */
  readonly serverName: string | undefined;
  /** URL of the lab's authorization server. */
  readonly ownUrl: () => string;
  readonly people: WebPeople;
  readonly clock: Clock;
}

/** Makes tokens as the authorization server of the lab does, good ones and others. */
export class LabTokens {
  readonly #context: LabTokensContext;
  readonly #options: TokenMakerOptions | undefined;
  #guests = 0;

  constructor(context: LabTokensContext) {
    this.#context = context;
    this.#options = tokenMakerOptions({ ...context, turn: undefined });
  }

  /** `user`: absent for a guest, each time the next of the pool. Throws ERR_INVALID_STATE and ERR_INVALID_ARGUMENT. */
  web(user: string | undefined, wish: TokenOptions): LabWebToken {
    const ttlSec = ttlOf(wish, 'webToken');
    const options = this.#options;
    if (!options) {
      const hint = 'startLab({ tokens: true }) runs one, or oauth.authorizationServer.enabled';
      throw new EpcscfTurnError('ERR_INVALID_STATE', `webToken: this lab has no authorization server; ${hint}`);
    }
    const now = this.#context.clock.now();
    const maker = new TokenMaker(
      {
        ...options,
        registrationTokenSec: ttlSec,
        ...(wish.audience !== undefined && { audience: wish.audience }),
        ...(wish.unknownKid && {
          ring: new SigningRing([generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey]),
        }),
      },
      NOBODY,
    );
    const name = user ?? this.#nextGuest();
    const madeAt = wish.expired ? earlier(now, ttlSec + EXPIRED_SINCE_SEC) : now;
    const { token, expiresAtSec, impi, impus } = this.#sign(maker, options, name, madeAt);
    const expiresInSec = Math.floor(expiresAtSec - now.unixMs / 1000);
    return { user: name, uri: impus[0] ?? `sip:${impi}`, impi, token, expiresInSec, expiresAtSec };
  }

  /** Throws ERR_INVALID_STATE and ERR_INVALID_ARGUMENT. */
  access(user: string, wish: TokenOptions): MintedToken {
    const lifetimeSec = ttlOf(wish, 'mintToken');
    const { config, clock } = this.#context;
    const { key, serverName } = this.#accessKey(wish.unknownKid === true);
    const holder = createHolder(createHash('sha256').update(`lab ${user}`).digest());
    const { macKey, nonce } = sealHolder(holder, key);
    const nowSec = Math.floor(clock.now().unixMs / 1000);
    const ageSec = wish.expired ? lifetimeSec + config.oauth.skewSec + EXPIRED_SINCE_SEC : 0;
    const issuedAtSec = nowSec - ageSec;
    return {
      turnName: describeHolder(holder).user,
      kid: key.kid,
      key: macKey.toString('base64'),
      token: encodeAccessToken({ nonce, macKey, issuedAtSec, lifetimeSec }, key, wish.audience ?? serverName).toString(
        'base64',
      ),
      expiresAtSec: issuedAtSec + lifetimeSec,
    };
  }

  #sign(maker: TokenMaker, { clients, users }: TokenMakerOptions, name: string, madeAt: Now) {
    const impi = `${name}@${this.#context.config.domain}`;
    const all = [...clients.values()];
    const lender = all.find(({ pool }) => pool.has(impi));
    const client = lender ?? this.#vouching(all);
    const identity = users.find(name) ?? users.ofImpi(impi);
    const made = lender
      ? maker.registrationToken(lender, impi, madeAt)
      : client && identity && maker.userToken(client, identity, madeAt);
    if (made?.ok) return made.value;
    throw new EpcscfTurnError('ERR_INVALID_STATE', `webToken: no client of oauth.clients may vouch for ${name}`);
  }

  /** The web server of the lab, or the client that is nearest to one. */
  #vouching(clients: readonly OAuthClient[]): OAuthClient | undefined {
    const { wwsf } = this.#context.config.oauth;
    return clients.find(({ id }) => id === wwsf.client) ?? clients.find(({ namesUsers }) => namesUsers) ?? clients[0];
  }

  #nextGuest(): string {
    const { guests } = this.#context.people;
    const guest = guests[this.#guests % guests.length];
    this.#guests += 1;
    if (guest !== undefined) return guest;
    const hint = 'startLab({ tokens: true }) has one, or oauth.clients[].pool';
    throw new EpcscfTurnError('ERR_INVALID_STATE', `webToken: this lab has no pool of guests; ${hint}`);
  }

  #accessKey(isStrange: boolean): { readonly key: AccessTokenKey; readonly serverName: string } {
    const { secrets, serverName } = this.#context;
    const [newest] = secrets.tokenKeys;
    const given = newest && (isStrange ? strangeKey() : newest);
    const key = given && readAccessTokenKey(given.kid, given.algorithm, given.secret);
    if (key?.ok && serverName !== undefined) return { key: key.value, serverName };
    const hint = 'startLab({ tokens: true }) has one, or oauth.keys';
    throw new EpcscfTurnError('ERR_INVALID_STATE', `mintToken: this lab has no key of access tokens; ${hint}`);
  }
}

function earlier({ monotonicMs, unixMs }: Now, seconds: number): Now {
  return { monotonicMs, unixMs: unixMs - seconds * 1000 };
}

/** A key that nobody else has. */
function strangeKey(): GivenTokenKey {
  const kid = `unknown-${randomBytes(4).toString('hex')}`;
  return { kid, algorithm: 'A256GCM', secret: new Secret(randomBytes(32).toString('base64')) };
}
