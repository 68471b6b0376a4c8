import { X509Certificate } from 'node:crypto';
import { type LoadedSecrets } from '../config/secrets.ts';
import { type Clock } from '../base/clock.ts';
import { EpcscfTurnError } from '../base/errors.ts';
import { type Server } from '../server/server.ts';
import { type ServerAddresses, type ServerSnapshot } from '../server/server-types.ts';
import { type Faults } from './faults/fault-registry.ts';
import { spkiHashOf } from './lab-authority.ts';
import { type LabAddresses } from './lab-addresses.ts';
import { type LabCredentials, type IssuedCredential, type LabCredential } from './lab-credentials.ts';
import { type LabTokens, type LabWebToken } from './lab-tokens.ts';
import { type LabEventLog, type WaitOptions } from './lab-event-log.ts';
import { LabEventRecorder } from './lab-event-recorder.ts';
import { SERVER_EVENT_NAMES, type LabEvent, type LabEventName } from './lab-events.ts';
import { type LabIdentities, userOfAor } from './lab-identities.ts';
import { labUsersOf, type LabUser } from './lab-users.ts';
import { type MintOptions, type TokenOptions } from './token-options.ts';
import { tryAllocate, type AllocateCredential, type AllocateOutcome } from './try-allocate.ts';
import { trustingWebSocket, type LabWebSocket } from './trusting-web-socket.ts';

/** A user of the lab, or one without a password: a guest, or a user of the web. */
type Anybody<Name extends string> = Name | (string & {});

type Known<T> = Readonly<T> & {
  /** The lab user; `undefined` when not known. */
  readonly user: string | undefined;
};

/** Figures of the server; `turn.drops` tells besides what faults have lost, as `impaired`. */
interface LabStats extends Omit<ServerSnapshot['stats'], 'turn'> {
  readonly turn?: Omit<TurnStats, 'drops'> & {
    readonly drops: TurnStats['drops'] & Readonly<Partial<Record<'impaired', number>>>;
  };
}
type TurnStats = NonNullable<ServerSnapshot['stats']['turn']>;

/** What goes on in a lab at the moment. `user` is the lab user's name. */
export interface LabSnapshot {
  readonly flows: readonly Known<ServerSnapshot['flows'][number]>[];
  readonly registrations: readonly Known<ServerSnapshot['registrations'][number]>[];
  readonly allocations: readonly Known<
    Omit<ServerSnapshot['allocations'][number], 'user'> & {
      /** u, the TURN name. */
      readonly turnName: string;
    }
  >[];
  /** All that the edge has issued, oldest first, with passwords. */
  readonly credentials: readonly IssuedCredential[];
  readonly stats: LabStats;
}

/** What a lab is put together from; `createLab` does. */
export interface LabParts {
  readonly server: Server;
  /** Secrets and certificates of `server`. */
  readonly secrets: LoadedSecrets;
  readonly addresses: LabAddresses;
  readonly log: LabEventLog;
  readonly identities: LabIdentities;
  readonly credentials: LabCredentials;
  readonly tokens: LabTokens;
  /** Whether somebody without a password may sign in by that name. */
  readonly isWebUser: (name: string) => boolean;
  readonly faults: Faults;
  readonly clock: Clock;
  /** Datagrams that faults have lost on relays since the server has started. */
  readonly lostPackets: () => number;
}

/** A running edge and TURN server for one test; `startLab` makes it. */
export class Lab<Name extends string = string> implements AsyncDisposable {
  /** Users by name: `lab.users.alice.password`. */
  readonly users: Readonly<Record<Name, LabUser<Name>>>;
  /** SIP home domain. */
  readonly domain: string;
  /** TURN realm. */
  readonly realm: string;
  /**
   * PEM of the CA to trust, one for all labs of this process: option `ca` of `tls.connect`, `https.request` and `ws`. For
   * NODE_EXTRA_CA_CERTS of another process, write it to a file.
   */
  readonly ca: string;
  /** For Chromium: `--ignore-certificate-errors-spki-list=<this>`. */
  readonly spkiHash: string;
  /** A WebSocket for Node that trusts the lab: `Object.assign(globalThis, { WebSocket: lab.WebSocket })` before JsSIP or SIP.js connect. */
  readonly WebSocket: LabWebSocket;
  /** Causes faults: `lab.faults.add({ kind: 'answer-lost', user: 'alice', times: 1 })`. */
  readonly faults: Faults;
  /** Edge and TURN server of this lab, for what the lab has no word for. Their events have pseudonyms, not lab users. */
  readonly server: Server;
  readonly #log: LabEventLog;
  readonly #identities: LabIdentities;
  readonly #credentials: LabCredentials;
  readonly #tokens: LabTokens;
  readonly #isWebUser: (name: string) => boolean;
  readonly #clock: Clock;
  readonly #lostPackets: () => number;
  readonly #addresses: LabAddresses;
  #stopped: Promise<void> | undefined;

  /** Internal: use `startLab`. */
  constructor(parts: LabParts) {
    const { server, secrets, log, identities, credentials, faults, clock, lostPackets } = parts;
    const { config, realm } = server.facts;
    const cert = secrets.certificate?.cert ?? '';
    this.users = labUsersOf<Name>(secrets.users, config.domain);
    this.domain = config.domain;
    this.realm = realm;
    this.ca = secrets.ca ?? cert;
    this.spkiHash = cert === '' ? '' : spkiHashOf(new X509Certificate(cert));
    this.WebSocket = trustingWebSocket(this.ca);
    this.faults = faults;
    this.server = server;
    this.#log = log;
    this.#identities = identities;
    this.#credentials = credentials;
    this.#tokens = parts.tokens;
    this.#isWebUser = parts.isWebUser;
    this.#clock = clock;
    this.#lostPackets = lostPackets;
    this.#addresses = parts.addresses;
    const recorder = new LabEventRecorder(identities, clock);
    for (const name of SERVER_EVENT_NAMES) this.#record(name, recorder);
  }

  /** Addresses of the server. While it restarts, they are those that it had. */
  get addresses(): ServerAddresses {
    return this.#addresses.known;
  }

  /** `wss://localhost:…/`. Throws ERR_INVALID_STATE in a lab without the edge. */
  get webSocket(): string {
    return this.#need('webSocket');
  }

  /** `https://localhost:…/`, the demo page. Throws ERR_INVALID_STATE in a lab without it. */
  get page(): string {
    return this.#need('page');
  }

  /** `turn:127.0.0.1:…?transport=udp` and so on, as the edge hands them out. */
  get turnUris(): readonly string[] {
    return this.addresses.turnUris;
  }

  /**
   * The first event of that name that meets the condition. What has happened already counts, unless an earlier `waitFor` was given it: so
   * the order of doing and waiting does not matter, and waiting twice waits for two events. Rejects with `LabWaitError`, which tells what
   * happened instead, after `timeoutMs` (ERR_LAB_TIMEOUT) or when the lab is stopped (ERR_LAB_STOPPED).
   *
   * @example
   * await lab.waitFor('allocation-created', ({ user }) => user === 'alice');
   */
  waitFor<E extends LabEventName>(
    name: E,
    condition: (event: LabEvent<E>) => boolean = () => true,
    options: WaitOptions = {},
  ): Promise<LabEvent<E>> {
    return this.#log.waitFor(name, condition, options);
  }

  /** What has happened: the last 10,000 events, oldest first. */
  events(): readonly LabEvent[];
  events<E extends LabEventName>(name: E): readonly LabEvent<E>[];
  events(name?: LabEventName): readonly LabEvent[] {
    const all = this.#log.events();
    return name === undefined ? all : all.filter(({ type }) => type === name);
  }

  snapshot(): LabSnapshot {
    const { flows, registrations, allocations, stats } = this.server.snapshot();
    return {
      flows: flows.map((flow) => ({ ...flow, user: this.#identities.userOfFlow(flow.id) })),
      registrations: registrations.map((one) => ({ ...one, user: userOfAor(one.aor) })),
      allocations: allocations.map(({ user: turnName, ...one }) => {
        return { ...one, turnName, user: this.#identities.userOfTurnName(turnName) };
      }),
      credentials: this.#credentials.issued,
      stats: this.#statsOf(stats),
    };
  }

  #statsOf({ turn, ...others }: ServerSnapshot['stats']): LabStats {
    return turn ? { ...others, turn: { ...turn, drops: { ...turn.drops, impaired: this.#lostPackets() } } } : others;
  }

  /** A credential as the edge would make it, without a registration. Throws ERR_INVALID_ARGUMENT. */
  mint(user: Name, options: MintOptions = {}): LabCredential {
    this.#check('mint', user);
    return this.#noted(this.#credentials.mint(user, options));
  }

  /**
   * An access token for the TURN server (RFC 7635), as the edge or the authorization server would make it. Throws ERR_INVALID_STATE in a lab without
   * `oauth.keys`, ERR_INVALID_ARGUMENT.
   *
   * @example
   * await lab.tryAllocate(lab.mintToken('alice', { unknownKid: true })); // { granted: false, code: 401 }
   */
  mintToken(user: Anybody<Name>, options: TokenOptions = {}): LabCredential {
    this.#check('mintToken', user);
    return this.#noted(this.#credentials.ofToken(user, this.#tokens.access(user, options)));
  }

  /**
   * A web token by which a user registers without a password, as the authorization server of the lab would issue it; without `user` it is for a guest, each
   * time the next one of the pool. Throws ERR_INVALID_STATE in a lab without an authorization server, or without guests; ERR_INVALID_ARGUMENT.
   *
   * @example
   * const lab = await startLab({ tokens: true });
   * const guest = lab.webToken();
   * const ua = new JsSIP.UA({ sockets, uri: guest.uri });
   * await attachWebToken(ua, async () => lab.webToken(guest.user)).ready();
   */
  webToken(user?: Anybody<Name>, options: TokenOptions = {}): LabWebToken {
    if (user !== undefined) this.#check('webToken', user);
    return this.#tokens.web(user, options);
  }

  /**
   * The newest that was issued to a user: by the edge, or to the page of a user of the web. Throws ERR_INVALID_STATE when there is none yet,
   * ERR_INVALID_ARGUMENT for no user here.
   */
  credentialOf(user: Anybody<Name>): IssuedCredential {
    this.#check('credentialOf', user);
    const issued = this.#credentials.lastOf(user);
    if (issued) return issued;
    const hint = 'a REGISTER or OPTIONS with "TURN-Cred-Req: turn" gets one';
    throw new EpcscfTurnError('ERR_INVALID_STATE', `credentialOf: ${user} has been issued no credential yet; ${hint}`);
  }

  /**
   * Shows whether the TURN server honours a credential or an access token, where no browser is at hand: allocates with it over UDP, and deletes at once.
   * Rejects when the server does not answer.
   */
  tryAllocate(credential: AllocateCredential): Promise<AllocateOutcome> {
    const udp = this.addresses.turn.find(({ transport }) => transport === 'udp');
    if (udp) return tryAllocate(udp, credential);
    return Promise.reject(
      new EpcscfTurnError('ERR_INVALID_STATE', 'tryAllocate: this lab has no TURN listener over UDP'),
    );
  }

  /**
   * Ends every connection, registration and allocation and comes back on the same ports after `downMs` (0 when absent). WebSockets close
   * with 1012. Throws what `Server.restart` does.
   */
  async restart({ downMs = 0 }: { readonly downMs?: number } = {}): Promise<void> {
    await this.server.restart({ downMs });
    const atUnixMs = this.#clock.now().unixMs;
    this.#log.add({ type: 'server-restarted', atUnixMs, user: undefined, turnName: undefined, downMs });
  }

  /** Stops the server and leaves no handle open; resolves when that is done, at the second call too. */
  stop(): Promise<void> {
    this.faults.clear();
    this.#stopped ??= this.server.stop().finally(() => {
      this.#log.close();
    });
    return this.#stopped;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  #record(name: (typeof SERVER_EVENT_NAMES)[number], recorder: LabEventRecorder): void {
    this.server.on(name, (event) => {
      const recorded = recorder.record(name, event);
      if (recorded.type === 'credential-issued') {
        const { name: issuedName, expiresAtSec, via, aor } = recorded;
        this.#credentials.noteIssued({ user: userOfAor(aor), turnName: issuedName, expiresAtSec, via });
      }
      this.#log.add(recorded);
    });
  }

  #noted(credential: LabCredential): LabCredential {
    this.#identities.noteTurnName(credential.turnName, credential.user);
    return credential;
  }

  #check(call: string, user: string): void {
    if (Object.hasOwn(this.users, user) || this.#isWebUser(user)) return;
    const names = Object.keys(this.users).join(', ');
    throw new EpcscfTurnError('ERR_INVALID_ARGUMENT', `${call}: expected a user of this lab (${names}), got "${user}"`);
  }

  #need(name: 'webSocket' | 'page'): string {
    const address = this.addresses[name];
    if (address !== undefined) return address;
    throw new EpcscfTurnError('ERR_INVALID_STATE', `${name}: switched off by this lab's configuration`);
  }
}
