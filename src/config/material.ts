import { EpcscfTurnError } from '../core/errors.ts';
import { type Secret } from '../core/secret.ts';
import { type CoreMaterial, givenCoreMaterial } from './core-material.ts';
import { type Environment } from './environment.ts';
import { atOnce, type Attempt, Findings } from './findings.ts';
import { givenCertificate } from './given-certificate.ts';
import { longTermUsers, type LongTermUser } from './long-term-users.ts';
import { isWildcard } from './loopback.ts';
import { type Config } from './schema/tree.ts';
import { secretOf } from './secret-files.ts';
import { labCa, labCaFile, labCertificate, type Certificate } from './state/lab-certificate.ts';
import { labKey, labUsers } from './state/lab-secrets.ts';
import { defaultStateDir, StateFolder } from './state/state-folder.ts';
import { type StateStore } from './state/state-store.ts';

export interface KeyMaterial {
  /** Newest first. */
  readonly keys: readonly { readonly id: string; readonly secret: Secret }[];
  readonly pseudonymKey: Secret;
}

/** Everything that a configuration only points to: read from files, or made in the state folder where nothing was given. */
export interface Material extends KeyMaterial {
  readonly users: ReadonlyMap<string, Secret>;
  /** Users of the TURN server. */
  readonly longTermUsers: readonly LongTermUser[];
  /** Absent when nothing here speaks TLS. */
  readonly certificate?: Certificate;
  /** Of the HEP collector; absent when it wants none. */
  readonly captureKey?: Secret;
  /** Absent with the embedded core. */
  readonly core?: CoreMaterial;
  /** What of it was generated. */
  readonly generated: { readonly km: boolean; readonly certificate: boolean; readonly users: boolean };
  /** The state folder, used or not. */
  readonly stateDir: string;
  /** PEM of the lab CA, when the certificate is of its making. */
  readonly ca?: string;
  /** The file that holds it, unless it is in memory only. */
  readonly caFile?: string;
}

/** It goes with every copy, whose room is that of one datagram. */
const MAX_CAPTURE_KEY_BYTES = 255;

/** Opens the state folder at the first need: a start that is given everything leaves no trace on the disk. */
type OpenState = () => StateStore;

function stateFolderOf(config: Config, environment: Environment): OpenState {
  let folder: StateFolder | undefined;
  return () => (folder ??= new StateFolder(stateDirOf(config, environment)));
}

/** The state folder, whether there is one or not. */
export function stateDirOf(config: Config, environment: Environment): string {
  return config.stateDir ?? defaultStateDir(environment);
}

/** `state` takes the place of the state folder, which is left alone when a file that is named cannot be used. Throws ERR_CONFIG_UNREADABLE, ERR_CERTIFICATE_UNREADABLE or ERR_STATE_DIR_UNUSABLE; of files, with a line for each. */
export async function loadMaterial(
  config: Config,
  environment: Environment,
  nowMs: number,
  state?: StateStore,
): Promise<Material> {
  const open = state ? () => state : stateFolderOf(config, environment);
  const findings = new Findings();
  const { attempt } = findings;
  const given = givenCertificate(config, attempt);
  const users = givenUsers(config, attempt);
  const keys = givenKeys(config, attempt);
  const pseudonymKey = givenPseudonymKey(config, attempt);
  const captureKey = attempt(() => givenCaptureKey(config));
  const core = givenCoreMaterial(config, attempt);
  const turnUsers = longTermUsers(config, attempt);
  findings.throwAny();
  const makesUsers = config.edge.enabled && config.edge.core.kind === 'embedded' && users.size === 0;
  const makesCertificate = !given && speaksTls(config);
  const certificate = makesCertificate ? await labCertificate(open(), certificateNames(config), nowMs) : given;
  const ca = makesCertificate ? labCa(open()) : undefined;
  const caFile = makesCertificate ? labCaFile(open()) : undefined;
  return {
    keys: keys.length > 0 ? keys : [{ id: 'lab', secret: labKey(open(), 'km.key') }],
    pseudonymKey: pseudonymKey ?? labKey(open(), 'pseudonym.key'),
    users: makesUsers ? labUsers(open()) : users,
    longTermUsers: turnUsers,
    generated: { km: keys.length === 0, certificate: makesCertificate, users: makesUsers },
    stateDir: stateDirOf(config, environment),
    ...(certificate && { certificate }),
    ...(ca !== undefined && { ca }),
    ...(caFile !== undefined && { caFile }),
    ...(captureKey && { captureKey }),
    ...(core && { core: { ...core, flowTokenKey: core.flowTokenKey ?? labKey(open(), 'flow-token.key') } }),
  };
}

/** Of the configuration or the files it names; empty when it gives none. Throws ERR_CONFIG_UNREADABLE. */
export function givenKeys({ credentials }: Config, attempt: Attempt = atOnce): { id: string; secret: Secret }[] {
  const single = attempt(() => secretOf(credentials.secret, credentials.secretFile, 'credentials.secretFile'));
  if (single) return [{ id: 'k1', secret: single }];
  return credentials.keys.flatMap(({ id, secret, secretFile }, i) => {
    const value = attempt(() => secretOf(secret, secretFile, `credentials.keys.${i}.secretFile`));
    return value ? [{ id, secret: value }] : [];
  });
}

/** As `givenKeys`. */
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
  edge.core.users.forEach(({ name, password, passwordFile }, i) => {
    const secret = attempt(() => secretOf(password, passwordFile, `edge.core.users.${i}.passwordFile`));
    if (secret) users.set(name, secret);
  });
  return users;
}

function speaksTls({ edge, turn }: Config): boolean {
  return edge.enabled || (turn.enabled && turn.listeners.some(({ transport }) => transport === 'tls'));
}

/** Every name under which a client may reach a TLS listener. */
export function certificateNames({ domain, edge, turn }: Config): string[] {
  const listened = [
    ...(edge.enabled ? edge.listen.addresses : []),
    ...(turn.enabled ? turn.listeners.flatMap(({ transport, address }) => (transport === 'tls' ? [address] : [])) : []),
  ];
  const names = ['localhost', '127.0.0.1', '::1', domain, ...(turn.publicHost ? [turn.publicHost] : []), ...listened];
  return [...new Set(names)].filter((name) => !isWildcard(name));
}
