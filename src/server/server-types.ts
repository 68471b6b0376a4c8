import { type Environment } from '../config/environment.ts';
import { type LoadedSecrets } from '../config/secrets.ts';
import { type Config } from '../config/schema/tree.ts';
import { type StateStore } from '../config/state/state-store.ts';
import { type Clock } from '../base/clock.ts';
import { type Logger } from '../base/logger.ts';
import { type TransportAddress } from '../base/transport-address.ts';
import { type SharedKeyProfile } from '../credentials/shared-key/profile.ts';
import { type DeliveryEvents } from '../credentials/delivered/delivery-events.ts';
import { type CoreDestination } from '../edge/core/core-destination.ts';
import { type EdgeEvents } from '../edge/edge-events.ts';
import { type EdgeSnapshot, type FlowSnapshot, type RegistrationSnapshot } from '../edge/edge-snapshot.ts';
import { type OAuthEvents } from '../oauth/oauth-events.ts';
import { type SessionSnapshot } from '../turn/engine/observe/session-snapshot.ts';
import { type TurnEvents } from '../turn/engine/observe/turn-events.ts';
import { type TurnServerStats } from '../turn/turn-server.ts';
import { type TurnListenAddress } from '../turn/turn-server-options.ts';
import { type DrainProgress } from './server-drain.ts';
import { type RevocationLoss } from './revocation-words.ts';
import { type AccessTokens } from './access-tokens.ts';
import { type SharedKey } from './shared-key.ts';

/** Where a started server is reached. */
export interface ServerAddresses {
  /** `https://…/` of the demo page; absent without the edge or without the page. */
  readonly page?: string;
  /** `wss://…`; absent without the edge. */
  readonly webSocket?: string;
  readonly https: readonly TransportAddress[];
  readonly turn: readonly TurnListenAddress[];
  /** Addresses at which an external core reaches the edge; absent with the embedded core. */
  readonly core?: readonly CoreDestination[];
  /** TURN URIs that the edge hands out. */
  readonly turnUris: readonly string[];
}

/** What the parts of a server tell. */
export interface PartEvents extends TurnEvents, EdgeEvents, OAuthEvents, DeliveryEvents {}

/** Everything that the parts tell, and the server's own coming and going. */
export interface ServerEvents extends PartEvents {
  ready: ServerAddresses;
  stopped: Readonly<Record<string, never>>;
  /** What a drain still waits for, at its start and every second. */
  draining: DrainProgress;
  /** A TURN name is denied from here on, in every process that shares revocations with this one. */
  'credential-revoked': CredentialRevoked;
  /** Names that were revoked are good again before their end. At most one such event every ten seconds. */
  'revocations-forgotten': RevocationsForgotten;
}

export interface CredentialRevoked {
  /** u, the TURN name. */
  readonly name: string;
  /** UNIX seconds until which it is denied: the end of its credentials. */
  readonly untilSec: number;
  /** Allocations of the TURN server of this process that ended with it. */
  readonly allocations: number;
}

export interface RevocationsForgotten {
  readonly cause: RevocationLoss;
  /** How many names were forgotten since the event before. */
  readonly names: number;
}

export interface RevokeUserOptions {
  /** Ends the user's registrations too. Absent: a client that is registered goes on, and gets another credential when it asks for one. */
  readonly endRegistrations?: boolean;
}

/** What was revoked of a user. */
export interface UserRevoked {
  readonly credentials: readonly CredentialRevoked[];
  readonly registrationsEnded: number;
}

export interface ServerOptions {
  /** Default: a logger made from `log` of the configuration. */
  readonly logger?: Logger;
  /** Environment in which the default state folder is looked up. Default: that of the process. `EPCSCF_…` variables are not read. */
  readonly environment?: Environment;
  readonly clock?: Clock;
  /** Keeps generated secrets instead of the state folder. */
  readonly state?: StateStore;
}

/** What a server is doing at the moment, as plain data without secrets. */
export interface ServerSnapshot {
  readonly flows: readonly FlowSnapshot[];
  readonly registrations: readonly RegistrationSnapshot[];
  readonly allocations: readonly SessionSnapshot[];
  readonly stats: {
    /** Figures of the TURN server; absent unless it runs. */
    readonly turn?: TurnServerStats;
    /** Figures of the edge; absent unless it runs. `timers`: deadlines that are waited for. */
    readonly edge?: Pick<EdgeSnapshot, 'transactions' | 'timers' | 'hep'>;
  };
}

export interface RestartOptions {
  /** Milliseconds for which the server stays down. Default: 0. */
  readonly downMs?: number;
}

/** What a server was made of, for the program that runs it. Keys and passwords are not among it; `config` holds those that it was given. */
export interface ServerFacts {
  /** The effective configuration. */
  readonly config: Config;
  /** The realm of TURN clients for whom no entry of `turn.realms` holds. */
  readonly realm: string;
  /** Names of the users that can register here; empty with a core outside. */
  readonly users: readonly string[];
  /** Which secrets were generated because the configuration gives none. */
  readonly generated: { readonly km: boolean; readonly certificate: boolean; readonly users: boolean };
  /** Path of the state folder, whether it is used or not. */
  readonly stateDir: string;
  /** PEM of the lab CA, when the certificate was generated. */
  readonly ca?: string;
  /** The file that holds `ca`. Absent when the lab CA is in memory only. */
  readonly caFile?: string;
  readonly credentials: SharedKeyFacts;
}

/** How TURN credentials are made by approach 1 of TS 33.203 X.5.2. Keys are not part of it. */
export interface SharedKeyFacts {
  /** By which approach of TS 33.203 X.5.2 the edge makes credentials: 1 is `shared-key`, 2 is `delivered`. The other fields are about approach 1. */
  readonly approach: 'shared-key' | 'delivered';
  /** Labels of the keys, the newest first: what `keyId` of an event may be. */
  readonly keyIds: readonly string[];
  /** How u and t make USERNAME and password. */
  readonly profile: SharedKeyProfile;
  /** Seconds that a credential is good after its end, for clocks that differ. */
  readonly skewSec: number;
}

/** What a server was made of and tells nobody: for the lab and for the command that prints generated passwords. */
export interface ServerSecrets {
  readonly loaded: LoadedSecrets;
  /** What makes and checks the credentials of Km. */
  readonly sharedKey: SharedKey;
  readonly accessTokens: AccessTokens | undefined;
}
