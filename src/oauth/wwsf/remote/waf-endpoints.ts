import { type Clock } from '../../../base/clock.ts';
import { isLoopbackHost } from '../../../base/loopback-host.ts';
import { fail, ok, type Result } from '../../../base/result.ts';
import { type WafFault } from '../../oauth-words.ts';
import { parseMembers, type WafAnswer, type WafFetch } from './waf-fetch.ts';

export interface WafEndpoints {
  readonly tokenEndpoint: string;
  /** Absent: only the authorization server can read its tokens. */
  readonly jwksUri: string | undefined;
}

export interface EndpointsContext {
  /** URL of the authorization server. */
  readonly issuer: string;
  /** Absent: its metadata document tells. */
  readonly given: WafEndpoints | undefined;
  readonly fetch: WafFetch;
  readonly clock: Clock;
}

export type EndpointsFault = Extract<WafFault, 'no-answer' | 'server-error' | 'no-metadata'>;

/** How long metadata are used without another look. */
const FRESH_MS = 3_600_000;
const MAX_URL_CHARACTERS = 1024;

/** Where an authorization server takes what is asked of it: given, or as its metadata say (RFC 8414). */
export class EndpointFinder {
  readonly #context: EndpointsContext;
  #known: { readonly endpoints: WafEndpoints; readonly atMs: number } | undefined;
  #asking: Promise<Result<WafEndpoints, EndpointsFault>> | undefined;

  constructor(context: EndpointsContext) {
    this.#context = context;
  }

  /** One look at a time, whoever waits for it. What was known serves on where there is no newer. Never rejects. */
  async find(): Promise<Result<WafEndpoints, EndpointsFault>> {
    const { given, clock } = this.#context;
    if (given) return ok(given);
    const nowMs = clock.now().monotonicMs;
    if (this.#known && nowMs - this.#known.atMs < FRESH_MS) return ok(this.#known.endpoints);
    this.#asking ??= this.#look().finally(() => {
      this.#asking = undefined;
    });
    const found = await this.#asking;
    if (found.ok) this.#known = { endpoints: found.value, atMs: nowMs };
    return !found.ok && this.#known ? ok(this.#known.endpoints) : found;
  }

  async #look(): Promise<Result<WafEndpoints, EndpointsFault>> {
    const { issuer } = this.#context;
    for (const url of metadataUrls(issuer)) {
      const answer = await this.#get(url);
      if (!answer) return fail('no-answer');
      if (answer.status >= 500 || answer.status === 429) return fail('server-error');
      const endpoints = answer.status === 200 ? readMetadata(answer.body, issuer) : undefined;
      if (endpoints) return ok(endpoints);
    }
    return fail('no-metadata');
  }

  async #get(url: string): Promise<WafAnswer | undefined> {
    try {
      return await this.#context.fetch({ url, headers: { accept: 'application/json' } });
    } catch {
      return undefined;
    }
  }
}

/** RFC 8414 §3.1; then where an OpenID provider has the same (§5). */
function metadataUrls(issuer: string): readonly string[] {
  const { origin, pathname } = new URL(issuer);
  const path = pathname.replace(/\/$/, '');
  return [
    `${origin}/.well-known/oauth-authorization-server${path}`,
    `${origin}${path}/.well-known/openid-configuration`,
  ];
}

/** `undefined` where nothing can be done by it. Never throws. */
export function readMetadata(text: string, issuer: string): WafEndpoints | undefined {
  const members = parseMembers(text);
  // RFC 8414 §3.3: as it is written, or somebody else speaks for the issuer.
  if (members?.get('issuer') !== issuer) return undefined;
  // A server elsewhere leads nobody to the programs of this machine.
  const isLocal = isLoopbackHost(new URL(issuer).host);
  const tokenEndpoint = secureUrl(members.get('token_endpoint'), isLocal);
  const jwks = members.get('jwks_uri');
  const jwksUri = secureUrl(jwks, isLocal);
  if (tokenEndpoint === undefined || (jwks !== undefined && jwksUri === undefined)) return undefined;
  return { tokenEndpoint, jwksUri };
}

/** Secrets and keys go to no place that anybody on the way could stand in for. */
function secureUrl(value: unknown, isLocal: boolean): string | undefined {
  if (typeof value !== 'string' || value.length > MAX_URL_CHARACTERS || !URL.canParse(value)) return undefined;
  const { protocol, host, username, password } = new URL(value);
  if (username !== '' || password !== '') return undefined;
  if (isLoopbackHost(host)) return isLocal && (protocol === 'https:' || protocol === 'http:') ? value : undefined;
  return protocol === 'https:' ? value : undefined;
}
