import { randomBytes } from 'node:crypto';
import { givenAdminToken } from './admin-token.ts';
import { isWildcard } from '../base/ip.ts';
import { EpcscfTurnError } from '../base/errors.ts';
import { type KeyPair } from '../base/key-pair.ts';
import { Secret } from '../base/secret.ts';
import { givenTokenKeys, type GivenTokenKey } from './access-token-keys.ts';
import { type CoreSecrets, givenCoreSecrets } from './core-secrets.ts';
import { type Environment } from './environment.ts';
import { atOnce, type Attempt, Findings } from './findings.ts';
import { givenCertificate } from './given-certificate.ts';
import { longTermUsers, type LongTermUser } from './long-term-users.ts';
import { generatedSigningKey, givenOAuthSecrets, isWithoutSigningKey, type OAuthSecrets } from './oauth-secrets.ts';
import { usesHttps } from './schema/https-use.ts';
import { givenRedisSecrets, type RedisSecrets } from './redis-secrets.ts';
import { asFarAsKnown, knownEntries, UnknownValue } from './schema/known-part.ts';
import { type Config } from './schema/tree.ts';
import { secretOf } from './secret-files.ts';
import { labCa, labCaFile, labCertificate } from './state/lab-certificate.ts';
import { type KeyFile, labKey, labUsers } from './state/lab-secrets.ts';
import { defaultStateDir, StateFolder } from './state/state-folder.ts';
import { type StateStore } from './state/state-store.ts';
import { TrialState } from './state/trial-state.ts';
import { givenWebIdentitySecrets, type WebIdentitySecrets } from './web-identity-secrets.ts';

/** The keys of TURN credentials of approach 1 (TS 33.203 X.5.2). */
export interface CredentialKeys {
  /** Km, the newest first: the edge makes credentials with the first, the TURN server accepts all. */
  readonly keys: readonly { readonly id: string; readonly secret: Secret }[];
  /** Encrypts registration ids into TURN names. */
  readonly pseudonymKey: Secret;
}

/** Secrets and certificates of a configuration: given in it, read from the files it names, or generated in the state folder where it gives none. */
export interface LoadedSecrets extends CredentialKeys {
  /** Passwords of the users of the embedded core, by name. */
  readonly users: ReadonlyMap<string, Secret>;
  /** Users of the TURN server with a password of their own. */
  readonly longTermUsers: readonly LongTermUser[];
  /** Keys of access tokens, newest first; none where there are no such tokens. */
  readonly tokenKeys: readonly GivenTokenKey[];
  /** The certificate of the HTTPS and TLS listeners; absent when no listener speaks TLS. */
  readonly certificate?: KeyPair;
  /** Capture password of the HEP collector; absent when the collector wants none. */
  readonly captureKey?: Secret;
  /** Keys and certificates for an external core; absent with the embedded core. */
  readonly core?: CoreSecrets;
  /** Secrets for signing in by web tokens; absent when no issuer is configured. */
  readonly webIdentity?: WebIdentitySecrets;
  /** Keys and secrets of the authorization server and its clients. */
  readonly oauth: OAuthSecrets;
  /** The token of the operator; absent when `/admin` is not served. */
  readonly adminToken?: Secret;
  /** Secrets for Redis; absent when no Redis is configured. */
  readonly redis?: RedisSecrets;
  /** Which of these were generated, because the configuration gives none. */
  readonly generated: { readonly km: boolean; readonly certificate: boolean; readonly users: boolean };
  /** Path of the state folder, whether it is used or not. */
  readonly stateDir: string;
  /** Where the web server keeps which identities are lent; absent where it lends none. */
  readonly state?: StateStore;
  /** PEM of the lab CA, when it has signed `certificate`. */
  readonly ca?: string;
  /** The file that holds `ca`. Absent when the lab CA is in memory only. */
  readonly caFile?: string;
}

/** Longest capture key: it travels in every copy, and a copy must fit into one datagram. */
const MAX_CAPTURE_KEY_BYTES = 255;

/** Opens the state folder at the first need: a start that is given everything leaves no trace on the disk. */
type OpenState = () => StateStore;

function stateFolderOf(config: Config, environment: Environment): OpenState {
  let folder: StateFolder | undefined;
  return () => (folder ??= new StateFolder(stateDirOf(config, environment)));
}

/** Path of the state folder, whether it exists or not. */
export function stateDirOf(config: Config, environment: Environment): string {
  return config.stateDir ?? defaultStateDir(environment);
}

/**
 * Loads the secrets and certificates of a configuration, and generates what it does not give. `state` replaces the state folder. Nothing is
 * generated when a named file cannot be used. Throws ERR_CONFIG_UNREADABLE, ERR_CERTIFICATE_UNREADABLE or ERR_STATE_DIR_UNUSABLE; of files, with
 * a line for each.
 */
export async function loadSecrets(
  config: Config,
  environment: Environment,
  nowMs: number,
  state?: StateStore,
): Promise<LoadedSecrets> {
  const findings = new Findings();
  const given = readGiven(config, findings.attempt);
  findings.throwAny();
  return complete(config, given, environment, nowMs, state ? () => state : stateFolderOf(config, environment));
}

/** Does what `loadSecrets` does, but writes nothing to the disk and returns all problems. The configuration may be known in part. */
export async function trySecrets(
  config: Config,
  environment: Environment,
  nowMs: number,
): Promise<{ readonly secrets: LoadedSecrets | undefined; readonly findings: Findings }> {
  const findings = new Findings();
  const given = readGiven(config, findings.attempt);
  const state = findings.attempt(() => new TrialState(stateDirOf(config, environment)));
  const isFit = findings.attempt(() => {
    if (usesState(config)) state?.check();
    return true;
  });
  const secrets =
    state && isFit
      ? await findings.attemptLater(() => complete(config, given, environment, nowMs, () => state))
      : undefined;
  return { secrets, findings };
}

/** What the configuration gives, in itself or by files. A value that cannot be read is `undefined`, or missing in its list. */
interface Given {
  readonly certificate: KeyPair | undefined;
  readonly users: ReadonlyMap<string, Secret> | undefined;
  readonly keys: CredentialKeys['keys'] | undefined;
  readonly pseudonymKey: Secret | undefined;
  readonly captureKey: Secret | undefined;
  readonly core: Partial<CoreSecrets> | undefined;
  readonly webIdentity: WebIdentitySecrets | undefined;
  readonly redis: RedisSecrets | undefined;
  readonly longTermUsers: readonly LongTermUser[] | undefined;
  readonly oauth: OAuthSecrets | undefined;
  readonly adminToken: Secret | undefined;
  readonly tokenKeys: readonly GivenTokenKey[] | undefined;
}

function readGiven(config: Config, attempt: Attempt): Given {
  return {
    certificate: attempt(() => givenCertificate(config, attempt)),
    users: attempt(() => givenUsers(config, attempt)),
    keys: attempt(() => givenKeys(config, attempt)),
    pseudonymKey: attempt(() => givenPseudonymKey(config, attempt)),
    captureKey: attempt(() => givenCaptureKey(config)),
    core: attempt(() => givenCoreSecrets(config, attempt)),
    webIdentity: attempt(() => givenWebIdentitySecrets(config, attempt)),
    redis: attempt(() => givenRedisSecrets(config, attempt)),
    longTermUsers: attempt(() => longTermUsers(config, attempt)),
    oauth: attempt(() => givenOAuthSecrets(config, attempt)),
    adminToken: attempt(() => givenAdminToken(config)),
    tokenKeys: attempt(() => givenTokenKeys(config, attempt)),
  };
}

function isWithoutUsers({ edge }: Config): boolean {
  return edge.enabled && edge.core.kind === 'embedded' && edge.core.users.length === 0;
}

function isWithoutCertificate(config: Config): boolean {
  return config.tls.certFile === undefined && speaksTls(config);
}

function isWithoutKm(config: Config): boolean {
  const { secret, secretFile, keys } = config.credentials;
  return usesKm(config) && secret === undefined && secretFile === undefined && keys.length === 0;
}

/** Whether anything here makes or checks credentials with Km. An authorization server alone does not. */
function usesKm({ edge, turn, oauth }: Config): boolean {
  return edge.enabled || turn.enabled || oauth.wwsf.enabled;
}

function isWithoutPseudonymKey({ credentials: { pseudonymKey, pseudonymKeyFile } }: Config): boolean {
  return pseudonymKey === undefined && pseudonymKeyFile === undefined;
}

function lendsIdentities({ oauth: { wwsf } }: Config): boolean {
  return wwsf.enabled && wwsf.guests;
}

function isWithoutFlowTokenKey({ edge: { enabled, core } }: Config): boolean {
  return enabled && core.kind === 'external' && core.flowTokenKey === undefined && core.flowTokenKeyFile === undefined;
}

const WANTS = [
  isWithoutUsers,
  isWithoutCertificate,
  isWithoutKm,
  isWithoutPseudonymKey,
  isWithoutFlowTokenKey,
  isWithoutSigningKey,
  lendsIdentities,
];

/** Whether a start would read or write the state folder, as far as the configuration is known. */
function usesState(config: Config): boolean {
  return WANTS.some((isWithout) => asFarAsKnown(() => isWithout(config)));
}

/** Adds generated secrets where the configuration names none. A secret that is named but could not be read is not generated. */
async function complete(
  config: Config,
  {
    keys = [],
    users = new Map(),
    longTermUsers = [],
    tokenKeys = [],
    core,
    webIdentity,
    redis,
    captureKey,
    pseudonymKey,
    certificate: given,
    oauth,
    adminToken,
  }: Given,
  environment: Environment,
  nowMs: number,
  open: OpenState,
): Promise<LoadedSecrets> {
  const { credentials, edge } = config;
  const makesUsers = isWithoutUsers(config);
  const makesCertificate = isWithoutCertificate(config);
  const makesKm = isWithoutKm(config);
  const certificate = makesCertificate ? await labCertificate(open(), certificateNames(config), nowMs) : given;
  const ca = makesCertificate ? labCa(open()) : undefined;
  const key = (name: KeyFile, file: string | undefined): Secret => {
    if (file !== undefined) throw new UnknownValue();
    return labKey(open(), name);
  };
  const caFile = makesCertificate ? labCaFile(open()) : undefined;
  return {
    keys: makesKm ? [{ id: 'lab', secret: labKey(open(), 'km.key') }] : usesKm(config) ? keys : [unusedKm(), ...keys],
    users: makesUsers ? labUsers(open()) : users,
    pseudonymKey: pseudonymKey ?? key('pseudonym.key', credentials.pseudonymKeyFile),
    longTermUsers,
    oauth: completeOAuth(config, oauth, open),
    tokenKeys,
    generated: { km: makesKm, certificate: makesCertificate, users: makesUsers },
    stateDir: stateDirOf(config, environment),
    ...(lendsIdentities(config) && { state: open() }),
    ...(certificate && { certificate }),
    ...(ca !== undefined && { ca }),
    ...(caFile !== undefined && { caFile }),
    ...(captureKey && { captureKey }),
    ...(adminToken && { adminToken }),
    ...(webIdentity && { webIdentity }),
    ...(redis && { redis }),
    ...(core && {
      core: { ...core, flowTokenKey: core.flowTokenKey ?? key('flow-token.key', edge.core.flowTokenKeyFile) },
    }),
  };
}

/** It makes nothing that anybody sees, so it is not kept. */
function unusedKm(): CredentialKeys['keys'][number] {
  return { id: 'unused', secret: new Secret(randomBytes(32).toString('base64')) };
}

function completeOAuth(config: Config, given: OAuthSecrets | undefined, open: OpenState): OAuthSecrets {
  const known = given ?? { signingKeys: undefined, clientProofs: new Map(), userPasswords: new Map() };
  return isWithoutSigningKey(config) ? { ...known, signingKeys: [generatedSigningKey(open())] } : known;
}

/** Km of the configuration, or of the files it names; empty when it gives none. Throws ERR_CONFIG_UNREADABLE. */
export function givenKeys({ credentials }: Config, attempt: Attempt = atOnce): { id: string; secret: Secret }[] {
  const single = attempt(() => secretOf(credentials.secret, credentials.secretFile, 'credentials.secretFile'));
  if (single) return [{ id: 'k1', secret: single }];
  return knownEntries(credentials.keys).flatMap(({ entry: key, i }) => {
    const secret = attempt(() => secretOf(key.secret, key.secretFile, `credentials.keys.${i}.secretFile`));
    const id = attempt(() => key.id);
    return secret && id !== undefined ? [{ id, secret }] : [];
  });
}

/** The pseudonym key of the configuration, or of the file it names; `undefined` when it gives none. Throws ERR_CONFIG_UNREADABLE. */
export function givenPseudonymKey({ credentials }: Config, attempt: Attempt = atOnce): Secret | undefined {
  const { pseudonymKey, pseudonymKeyFile } = credentials;
  return attempt(() => secretOf(pseudonymKey, pseudonymKeyFile, 'credentials.pseudonymKeyFile'));
}

function givenCaptureKey({ edge }: Config): Secret | undefined {
  const { captureKey, captureKeyFile } = edge.trace.hep;
  const key = secretOf(captureKey, captureKeyFile, 'edge.trace.hep.captureKeyFile');
  if (key && key.byteLength > MAX_CAPTURE_KEY_BYTES) {
    const got = `got ${key.byteLength}`;
    const text = `edge.trace.hep.captureKey: expected at most ${MAX_CAPTURE_KEY_BYTES} bytes, ${got}`;
    throw new EpcscfTurnError('ERR_CONFIG_INVALID', text);
  }
  return key;
}

function givenUsers({ edge }: Config, attempt: Attempt): Map<string, Secret> {
  const users = new Map<string, Secret>();
  knownEntries(edge.core.users).forEach(({ entry: user, i }) => {
    const path = `edge.core.users.${i}.passwordFile`;
    const secret = attempt(() => secretOf(user.password, user.passwordFile, path));
    if (secret) attempt(() => users.set(user.name, secret));
  });
  return users;
}

function speaksTls(config: Config): boolean {
  const { turn } = config;
  return usesHttps(config) || (turn.enabled && turn.listeners.some(({ transport }) => transport === 'tls'));
}

/** Every name under which a client may reach a TLS listener. */
export function certificateNames(config: Config): string[] {
  const { domain, edge, turn } = config;
  const listened = [
    ...(usesHttps(config) ? edge.listen.addresses : []),
    ...(turn.enabled ? turn.listeners.flatMap(({ transport, address }) => (transport === 'tls' ? [address] : [])) : []),
  ];
  const names = ['localhost', '127.0.0.1', '::1', domain, ...(turn.publicHost ? [turn.publicHost] : []), ...listened];
  return [...new Set(names)].filter((name) => !isWildcard(name));
}
