import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { givenAdminToken, readToken } from '../config/admin-token.ts';
import { usesRedis } from '../config/schema/redis-rules.ts';
import { stateDirOf } from '../config/secrets.ts';
import { readTextFile } from '../config/text-file.ts';
import { type Config } from '../config/schema/tree.ts';
import { EpcscfTurnError } from '../base/errors.ts';
import { isWildcard } from '../base/ip.ts';
import { type Secret } from '../base/secret.ts';
import { configFrom, type ConfigFlags } from './config-options.ts';
import { EXIT } from './exit.ts';
import { revokeInRedis, type RevokeWayFlags } from './revoke-in-redis.ts';

export interface RevokeFlags extends ConfigFlags, RevokeWayFlags {
  readonly tokenFile?: string;
  readonly ca?: string;
}

interface Answer {
  readonly credentials: readonly {
    readonly turnName: string;
    readonly untilSec: number;
    readonly allocations: number;
  }[];
  readonly registrationsEnded: number;
}

interface AdminServer {
  readonly url: URL;
  /** The name that the certificate must have; absent: that of the URL. */
  readonly servername?: string;
}

const TIMEOUT_MS = 10_000;
const MAX_ANSWER_BYTES = 16_777_216;

/**
 * Tells the servers, or the Redis that they share, whom to revoke, and prints what ended. Returns the exit code: 1 when nothing did, or a server did not do
 * it.
 */
export async function revoke(user: string, flags: RevokeFlags): Promise<number> {
  const config = configFrom(flags);
  const token = flags.tokenFile === undefined ? givenAdminToken(config) : readToken(flags.tokenFile, '--token-file');
  if (flags.redis) return revokeInRedis(user, flags, config);
  if (!token) {
    if (usesRedis(config) && flags.url === undefined) return revokeInRedis(user, flags, config);
    throw invalid('revoke: name the file of the token by admin.tokenFile or --token-file, or a Redis by redis.servers');
  }
  const ca = flags.ca === undefined ? labCa(config) : readTextFile(flags.ca, '--ca', 'ERR_CERTIFICATE_UNREADABLE');
  const body = bodyOf(user, flags);
  let ended = 0;
  let failed = false;
  for (const server of serversOf(flags, config)) {
    try {
      const answer = await send(server, token, ca, JSON.stringify(body));
      ended += answer.credentials.length + answer.registrationsEnded;
      print(server, answer);
    } catch (error) {
      failed = true;
      const hint = flags.turnName && usesRedis(config) ? '; --redis needs no server' : '';
      console.error(`${server.url.origin}: ${error instanceof Error ? error.message : String(error)}${hint}`);
    }
  }
  if (ended === 0 && !failed) console.error(`${user}: no server there knows a credential or registration of it`);
  return failed || ended === 0 ? EXIT.failed : EXIT.ok;
}

function bodyOf(name: string, { turnName, client, registration }: RevokeFlags): object {
  if (client && (turnName || registration))
    throw invalid('--client: expected neither --turn-name nor --registration beside it');
  if (client) return { client: name };
  return turnName ? { turnName: name } : { user: name, ...(registration && { endRegistrations: true }) };
}

function print({ url }: AdminServer, { credentials, registrationsEnded }: Answer): void {
  for (const { turnName, untilSec, allocations } of credentials) {
    const end = new Date(untilSec * 1000).toISOString();
    console.log(`${url.origin}: revoked ${turnName} until ${end}, allocations ended there: ${allocations}`);
  }
  if (registrationsEnded > 0) console.log(`${url.origin}: registrations ended: ${registrationsEnded}`);
}

/** The URLs that were named; else the server of the configuration, on this machine. */
function serversOf({ url: urls = [] }: RevokeFlags, { edge, domain }: Config): AdminServer[] {
  if (urls.length > 0) return urls.map((text) => ({ url: httpsUrl(text) }));
  const { port, addresses } = edge.listen;
  const [address = '127.0.0.1'] = addresses;
  if (port === 0) throw invalid('revoke: edge.listen.port is 0, so name the server by --url');
  const local = isWildcard(address) ? (address.includes(':') ? '::1' : '127.0.0.1') : address;
  const host = isIP(local) === 6 ? `[${local}]` : local;
  return [{ url: new URL(`https://${host}:${port}/`), servername: domain }];
}

function httpsUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== 'https:') throw invalid(`--url: expected https://host:port, got ${text}`);
  return url;
}

/** The lab certificate is signed by a CA of its own, which a server that was given a certificate does not have. */
function labCa(config: Config): string | undefined {
  if (config.tls.certFile !== undefined) return undefined;
  try {
    return readFileSync(join(stateDirOf(config, process.env), 'ca.pem'), 'utf8');
  } catch {
    return undefined;
  }
}

function send({ url, servername }: AdminServer, token: Secret, ca: string | undefined, body: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${token.revealText()}`, 'content-type': 'application/json' };
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const trust = { ...(ca !== undefined && { ca }), ...(servername !== undefined && { servername }) };
    const asked = request(
      new URL('/admin/revocations', url),
      { method: 'POST', headers, signal, ...trust },
      (answer) => {
        let text = '';
        answer.setEncoding('utf8');
        answer.on('data', (chunk: string) => {
          text += chunk;
          if (text.length > MAX_ANSWER_BYTES) answer.destroy(new Error('the answer is too long'));
        });
        answer.on('error', reject);
        answer.on('end', () => {
          if (answer.statusCode === 200) resolve(JSON.parse(text) as Answer);
          else reject(new Error(`answered ${answer.statusCode ?? 0}: ${messageIn(text)}`));
        });
      },
    );
    asked.on('error', reject);
    asked.end(body);
  });
}

function messageIn(text: string): string {
  try {
    const { error } = JSON.parse(text) as { readonly error?: { readonly message?: string } };
    return error?.message ?? 'no reason';
  } catch {
    return 'there is no /admin; set admin.tokenFile there';
  }
}

function invalid(message: string): EpcscfTurnError {
  return new EpcscfTurnError('ERR_CONFIG_INVALID', message);
}
