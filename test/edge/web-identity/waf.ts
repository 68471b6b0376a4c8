import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';
import { type WebIdentityOptions } from '../../../src/edge/edge-options.ts';

const DOMAIN = 'example.com';
export const ISSUER = `https://waf.${DOMAIN}`;

type Signer = Awaited<ReturnType<typeof generateKeyPair>>;

export interface TokenWishes {
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly header?: Readonly<Record<string, unknown>>;
  /** Seconds from the clock of the test. */
  readonly lifetimeSec?: number;
  readonly signer?: string;
}

/** An authorization server (WAF) of the test: it signs by jose, an implementation that the edge does not share. */
export class Waf {
  readonly #signers = new Map<string, { readonly algorithm: string; readonly pair: Signer }>();
  readonly #domain: string;
  readonly #nowSec: () => number;

  /** `domain`: whose users it knows. `nowSec`: the time that tokens are issued at. */
  constructor(domain: string = DOMAIN, nowSec: () => number = () => Math.floor(Date.now() / 1000)) {
    this.#domain = domain;
    this.#nowSec = nowSec;
  }

  async addKey(kid: string, algorithm: 'ES256' | 'RS256' | 'ES384' = 'ES256'): Promise<void> {
    this.#signers.set(kid, { algorithm, pair: await generateKeyPair(algorithm, { extractable: true }) });
  }

  dropKey(kid: string): void {
    this.#signers.delete(kid);
  }

  /** Its public keys, as it publishes them. */
  async keySet(): Promise<{ keys: JWK[] }> {
    const keys = [...this.#signers].map(async ([kid, { algorithm, pair }]) => ({
      ...(await exportJWK(pair.publicKey)),
      kid,
      alg: algorithm,
      use: 'sig',
    }));
    return { keys: await Promise.all(keys) };
  }

  /** A registration token for a user. */
  async token(user: string, { claims, header, lifetimeSec = 600, signer }: TokenWishes = {}): Promise<string> {
    const [kid] = signer === undefined ? this.#signers.keys() : [signer];
    const { algorithm, pair } = this.#signers.get(kid!)!;
    const nowSec = this.#nowSec();
    const domain = this.#domain;
    const payload = {
      iss: `https://waf.${domain}`,
      sub: user,
      aud: domain,
      iat: nowSec,
      exp: nowSec + lifetimeSec,
      jti: `${user}-${Math.random()}`,
      client_id: 'wwsf',
      impi: `${user}@${domain}`,
      impu: [`sip:${user}@${domain}`],
      ...claims,
    };
    return new SignJWT(payload)
      .setProtectedHeader({ alg: algorithm, kid: kid!, typ: 'at+jwt', ...header })
      .sign(pair.privateKey);
  }
}

/** Options that take the tokens of a `Waf`. */
export function webIdentity(
  overrides: Partial<WebIdentityOptions> & { readonly uri?: string } = {},
): WebIdentityOptions {
  const { uri = 'https://waf.example.com/jwks', ...more } = overrides;
  return {
    issuers: [
      {
        issuer: ISSUER,
        entity: 'waf.example.com',
        clients: [{ id: 'wwsf', pools: ['guest-*@example.com'] }],
        check: { kind: 'jwks', uri },
      },
    ],
    audience: 'example.com',
    scope: 'sip',
    allowDigest: true,
    requireOnEveryRequest: false,
    authorizationEntity: true,
    graceSec: 30,
    skewSec: 30,
    ...more,
  };
}

/** An HTTP server on loopback that answers as it is told. */
export async function startHttp(
  answer: (request: IncomingMessage, body: string, response: ServerResponse) => void,
): Promise<AsyncDisposable & { readonly url: string }> {
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      answer(request, body, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
