import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { EpcscfTurnError } from '../base/errors.ts';
import { type Secret } from '../base/secret.ts';
import { type Attempt } from './findings.ts';
import { readCa } from './given-certificate.ts';
import { knownEntries } from './schema/known-part.ts';
import { JWT_BEARER } from './schema/oauth-clients.ts';
import { type Config } from './schema/tree.ts';
import { secretOf } from './secret-files.ts';
import { type StateStore } from './state/state-store.ts';
import { readTextFile } from './text-file.ts';

/** Secrets of the authorization server, its clients and its users: given, or generated. */
export interface OAuthSecrets {
  /** Private keys that sign registration tokens, the newest first. */
  readonly signingKeys: readonly [KeyObject, ...KeyObject[]] | undefined;
  /** The secret or public key of each client, by client id. A public client, which proves nothing, has no entry. */
  readonly clientProofs: ReadonlyMap<string, Secret | KeyObject>;
  /** The password of each user, by name. A user whom only an OpenID provider logs in has no entry. */
  readonly userPasswords: ReadonlyMap<string, Secret>;
  /** The secret that an edge on another machine shows to the web server. */
  readonly webhookSecret?: Secret | undefined;
  /** The secret that this server shows the OpenID provider as its client. */
  readonly openIdSecret?: Secret | undefined;
  /** PEM bundle of the CAs that may sign the certificate of the OpenID provider; absent: the CAs that Node.js trusts. */
  readonly openIdCa?: string | undefined;
  /** The secret or private key by which the web server proves itself to an authorization server on another machine. */
  readonly wafProof?: Secret | KeyObject | undefined;
  /** PEM bundle of the CAs that may sign the certificate of that authorization server; absent: the CAs that Node.js trusts. */
  readonly wafCa?: string | undefined;
}

const SIGNING_KEY_FILE = 'waf-signing-key.pem';
/** Shortest client secret: 128 bits are not guessed (RFC 6749 §10.10). */
const MIN_SECRET_BYTES = 16;
/** RFC 7518 §3.2: of a secret that signs by HS256. */
const MIN_MAC_BYTES = 32;
const KEY_KINDS = 'a P-256 key, or an RSA key of 2048 bits or more, in PEM';

/** Reads the secrets of section `oauth` from the configuration and the files it names. */
export function givenOAuthSecrets({ oauth }: Config, attempt: Attempt): OAuthSecrets {
  const { signingKeyFiles } = oauth.authorizationServer;
  const signingKeys = knownEntries(signingKeyFiles).flatMap(({ entry: file, i }) => {
    const path = `oauth.authorizationServer.signingKeyFiles.${i}`;
    return attempt(() => readKey(file, path, createPrivateKey)) ?? [];
  });
  const clientProofs = knownEntries(oauth.clients).flatMap(({ entry: client, i }) => {
    const proof = attempt(() => proofOf(client, `oauth.clients.${i}`));
    return proof ? [[client.id, proof] as const] : [];
  });
  const userPasswords = knownEntries(oauth.users).flatMap(({ entry: user, i }) => {
    const path = `oauth.users.${i}.passwordFile`;
    const password = attempt(() => secretOf(user.password, user.passwordFile, path));
    return password ? [[user.name, password] as const] : [];
  });
  const { webhookSecret, webhookSecretFile } = oauth.wwsf;
  const webhook = attempt(() => secretOf(webhookSecret, webhookSecretFile, 'oauth.wwsf.webhookSecretFile'));
  const { clientSecret, clientSecretFile, caFile } = oauth.wwsf.openid;
  const openIdPath = 'oauth.wwsf.openid';
  const openIdSecret = attempt(() => secretOf(clientSecret, clientSecretFile, `${openIdPath}.clientSecretFile`));
  const openIdCa = caFile === undefined ? undefined : attempt(() => readCa(caFile, `${openIdPath}.caFile`));
  const { waf } = oauth.wwsf;
  const wafCaFile = waf.caFile;
  const [newest, ...older] = signingKeys;
  return {
    signingKeys: newest && [newest, ...older],
    clientProofs: new Map(clientProofs),
    userPasswords: new Map(userPasswords),
    webhookSecret: webhook,
    openIdSecret,
    openIdCa,
    wafProof: attempt(() => wafProofOf(waf)),
    wafCa: wafCaFile === undefined ? undefined : attempt(() => readCa(wafCaFile, 'oauth.wwsf.waf.caFile')),
  };
}

/** Whether an authorization server runs whose key is not given. */
export function isWithoutSigningKey({ oauth: { authorizationServer } }: Config): boolean {
  return authorizationServer.enabled && authorizationServer.signingKeyFiles.length === 0;
}

/** The key that was generated earlier, or one that is generated now. */
export function generatedSigningKey(state: StateStore): KeyObject {
  const fresh = (): string => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    return state.create(SIGNING_KEY_FILE, privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
  };
  const pem = state.read(SIGNING_KEY_FILE) ?? fresh();
  try {
    return checked(createPrivateKey(pem));
  } catch (cause) {
    throw state.broken(SIGNING_KEY_FILE, KEY_KINDS, cause);
  }
}

function proofOf(
  { secret, secretFile, publicKeyFile, grants }: Config['oauth']['clients'][number],
  path: string,
): Secret | KeyObject | undefined {
  if (publicKeyFile !== undefined) return readKey(publicKeyFile, `${path}.publicKeyFile`, createPublicKey);
  const given = secretOf(secret, secretFile, `${path}.secretFile`);
  return given && longEnough(given, `${path}.secret`, grants.includes(JWT_BEARER) ? MIN_MAC_BYTES : MIN_SECRET_BYTES);
}

function wafProofOf({
  clientSecret,
  clientSecretFile,
  privateKeyFile,
}: Config['oauth']['wwsf']['waf']): Secret | KeyObject | undefined {
  if (privateKeyFile !== undefined) return readKey(privateKeyFile, 'oauth.wwsf.waf.privateKeyFile', createPrivateKey);
  const given = secretOf(clientSecret, clientSecretFile, 'oauth.wwsf.waf.clientSecretFile');
  return given && longEnough(given, 'oauth.wwsf.waf.clientSecret', MIN_MAC_BYTES);
}

function longEnough(secret: Secret, path: string, minBytes: number): Secret {
  if (secret.byteLength >= minBytes) return secret;
  throw new EpcscfTurnError(
    'ERR_CONFIG_INVALID',
    `${path}: expected ${minBytes} bytes or more, got ${secret.byteLength}`,
  );
}

function readKey(file: string, path: string, create: (pem: string) => KeyObject): KeyObject {
  const pem = readTextFile(file, path, 'ERR_CONFIG_UNREADABLE');
  try {
    return checked(create(pem));
  } catch (cause) {
    throw new EpcscfTurnError('ERR_CONFIG_UNREADABLE', `${path}: expected ${KEY_KINDS} in ${file}`, { cause });
  }
}

/** Checks that a key can sign by RS256 or ES256 (RFC 7518 §3.3, §3.4). */
function checked(key: KeyObject): KeyObject {
  const { asymmetricKeyType: type, asymmetricKeyDetails: { namedCurve, modulusLength = 0 } = {} } = key;
  const isGood = (type === 'ec' && namedCurve === 'prime256v1') || (type === 'rsa' && modulusLength >= 2048);
  if (!isGood) throw new TypeError('key of another kind');
  return key;
}
