import { type Config } from '../config/schema/tree.ts';
import { type Clock, type Now } from '../base/clock.ts';
import { EpcscfTurnError } from '../base/errors.ts';
import { type Logger } from '../base/logger.ts';
import { type TypedEvents } from '../base/typed-events.ts';
import { type AccessTokenIssuer, type CredentialIssuer } from '../credentials/credential.ts';
import { accountedIssuer } from '../credentials/revocation/accounted-issuer.ts';
import { HeldCredentials } from '../credentials/revocation/held-credentials.ts';
import { RevocationList } from '../credentials/revocation/revocation-list.ts';
import { type Revocation } from '../credentials/revocation/revocation.ts';
import { type NamedUser } from '../edge/registration/named-user.ts';
import { longestEndSec, turnNameIn } from './revocable-name.ts';
import { ForgottenRevocations } from './forgotten-revocations.ts';
import { type CredentialRevoked, type RevokeUserOptions, type ServerEvents, type UserRevoked } from './server-types.ts';

/** The parts of a running server that a revocation reaches. */
export interface RevocableParts {
  /** Ends what a revoked name holds here: how many allocations that were. */
  endRevoked(entry: Revocation): number;
  /** Revokes every credential of a registration that its issuer knows. */
  releaseCredentials(registrationId: string): void;
  /** Ends a registration. Returns false when there is none. */
  endRegistration(registrationId: string): boolean;
  /** Finds a user among the registrations; `undefined` where nothing runs that knows users. */
  findUser(text: string): NamedUser | undefined;
}

export interface RevokerContext {
  readonly config: Config;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly events: TypedEvents<ServerEvents>;
  /** The running parts; `undefined` while the server is stopped. */
  readonly parts: () => RevocableParts | undefined;
}

/** Where every revocation of this process is made or heard, and ends what it must. It outlives a restart, as the credentials do. */
export class Revoker {
  readonly revocations: RevocationList;
  readonly held: HeldCredentials;
  readonly #context: RevokerContext;
  readonly #forgotten: ForgottenRevocations;

  constructor(context: RevokerContext) {
    const { maxRegistrations } = context.config.credentials;
    this.#context = context;
    this.#forgotten = new ForgottenRevocations(context);
    this.held = new HeldCredentials(maxRegistrations);
    this.revocations = new RevocationList({
      max: maxRegistrations,
      onForgotten: (entry) => {
        this.#forgotten.note(entry);
      },
    });
    this.revocations.observe((entry) => {
      this.#heard(entry);
    });
  }

  /** Wraps the issuer of the edge, so that revocations know who holds what. */
  accountIssuer(issuer: CredentialIssuer): CredentialIssuer {
    const { skewSec } = this.#context.config.credentials;
    return accountedIssuer(issuer, {
      held: this.held,
      revocations: this.revocations,
      entryOf: ({ name, expiresAtSec }) => ({ user: name, untilSec: expiresAtSec + skewSec }),
    });
  }

  /** For whoever hands out tokens. */
  accountTokenIssuer(issuer: AccessTokenIssuer): AccessTokenIssuer {
    const { skewSec } = this.#context.config.oauth;
    return accountedIssuer(issuer, {
      held: this.held,
      revocations: this.revocations,
      entryOf: ({ user, expiresAtSec }) => ({ user, untilSec: expiresAtSec + skewSec }),
    });
  }

  revoke(entry: Revocation): void {
    this.revocations.revoke(entry, this.#now);
  }

  /** See `Server.revokeName`. */
  revokeName(text: string, untilSec?: number): CredentialRevoked {
    const { config } = this.#context;
    const user = turnNameIn(config, text);
    const knownSec = this.held.find(user, this.#now)?.untilSec;
    const entry = { user, untilSec: untilSec ?? knownSec ?? longestEndSec(config, this.#now.unixMs) };
    const [revoked] = this.#during(() => {
      this.revoke(entry);
    });
    return revoked ?? { name: user, untilSec: entry.untilSec, allocations: 0 };
  }

  /** See `Server.revokeUser`. */
  revokeUser(text: string, { endRegistrations = false }: RevokeUserOptions): UserRevoked {
    const parts = this.#context.parts();
    const user = parts?.findUser(text);
    if (!parts || !user) {
      throw new EpcscfTurnError(
        'ERR_INVALID_STATE',
        'revoke: no edge runs here, and no authorization server, to tell which TURN names a user holds',
      );
    }
    let registrationsEnded = 0;
    const credentials = this.#during(() => {
      const held = user.persons.flatMap((person) => this.held.of(person, this.#now));
      for (const registrationId of [...user.registrationIds, ...held.map((entry) => entry.registrationId)]) {
        parts.releaseCredentials(registrationId);
      }
      // What an issuer has forgotten, since its registration has lapsed, is revoked all the same.
      for (const entry of held) this.revoke(entry);
      if (endRegistrations) registrationsEnded = user.registrationIds.filter((id) => parts.endRegistration(id)).length;
    });
    return { credentials, registrationsEnded };
  }

  /** See `Server.revokeClient`. */
  revokeClient(client: string): UserRevoked {
    const credentials = this.#during(() => {
      for (const entry of this.held.ofClient(client, this.#now)) this.revoke(entry);
    });
    return { credentials, registrationsEnded: 0 };
  }

  /** See `Server.revokedNames`. */
  revokedNames(): readonly Revocation[] {
    return this.revocations.all(this.#now);
  }

  /** Names that were denied and are so no longer, although their credentials have not ended: the list was full. */
  get forgottenNames(): number {
    return this.#forgotten.total;
  }

  /** How many names can be denied at once. */
  get maxNames(): number {
    return this.#context.config.credentials.maxRegistrations;
  }

  get #now(): Now {
    return this.#context.clock.now();
  }

  #heard({ user, untilSec }: Revocation): void {
    const { logger, events, parts } = this.#context;
    this.held.forget(user);
    const allocations = parts()?.endRevoked({ user, untilSec }) ?? 0;
    logger.info({ user, untilSec, allocations }, 'credential revoked');
    events.emit('credential-revoked', { name: user, untilSec, allocations });
  }

  /** The revocations that `work` makes. */
  #during(work: () => void): CredentialRevoked[] {
    const revoked: CredentialRevoked[] = [];
    const stop = this.#context.events.on('credential-revoked', (event) => revoked.push(event));
    work();
    stop();
    return revoked;
  }
}
