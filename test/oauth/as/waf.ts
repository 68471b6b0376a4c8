import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { Hono } from 'hono';
import { type Now } from '../../../src/base/clock.ts';
import { ok } from '../../../src/base/result.ts';
import { Secret } from '../../../src/base/secret.ts';
import { TypedEvents } from '../../../src/base/typed-events.ts';
import { AuthorizationServer, type AuthorizationServerOptions } from '../../../src/oauth/as/authorization-server.ts';
import { SigningRing } from '../../../src/oauth/as/signing-ring.ts';
import { type OAuthEvents } from '../../../src/oauth/oauth-events.ts';
import { type Grant, JWT_BEARER } from '../../../src/oauth/oauth-words.ts';
import { type OAuthClient } from '../../../src/oauth/oauth-client.ts';
import { WebUsers } from '../../../src/oauth/web-users.ts';

export const ISSUER = 'https://waf.example';
export const SECRET = 'a-secret-of-the-wwsf';
/** Long enough to sign by (RFC 7518 §3.2). */
export const LONG_SECRET = 'a-secret-of-forty-bytes-that-signs-HS256';
export const CALLBACK = 'https://app.example/back?from=waf';
/** A time of the wall clock, which a test may move. */
export const START_MS = Date.parse('2026-11-28T05:00:00Z');

export const clientKeys = generateKeyPairSync('ec', { namedCurve: 'P-256' });

export function oauthClient(changes: Partial<OAuthClient> & Pick<OAuthClient, 'id'>): OAuthClient {
  return {
    proof: { kind: 'secret', secret: new Secret(SECRET) },
    grants: new Set(['client_credentials']),
    scopes: ['sip', 'turn'],
    redirectUris: [],
    origins: [],
    namesUsers: false,
    pool: new Set(),
    introspects: false,
    ...changes,
  };
}

const CLIENTS = [
  oauthClient({
    id: 'wwsf',
    grants: new Set(['client_credentials', 'authorization_code', 'implicit']),
    redirectUris: [CALLBACK],
    origins: ['https://app.example'],
    namesUsers: true,
    pool: new Set(['guest1@ims.example', 'guest2@ims.example']),
  }),
  oauthClient({ id: 'signer', proof: { kind: 'key', key: clientKeys.publicKey, algorithm: 'ES256' } }),
  oauthClient({
    id: 'elsewhere',
    proof: { kind: 'key', key: clientKeys.publicKey, algorithm: 'ES256' },
    grants: new Set<Grant>([JWT_BEARER]),
    namesUsers: true,
    pool: new Set(['guest4@ims.example']),
  }),
  oauthClient({
    id: 'lender',
    proof: { kind: 'secret', secret: new Secret(LONG_SECRET) },
    grants: new Set<Grant>([JWT_BEARER]),
    pool: new Set(['guest5@ims.example']),
  }),
  oauthClient({ id: 'other', pool: new Set(['guest3@ims.example']), scopes: ['sip'] }),
  oauthClient({ id: 'edge', grants: new Set<Grant>(), introspects: true }),
  oauthClient({
    id: 'phone',
    proof: { kind: 'none' },
    grants: new Set(['authorization_code']),
    redirectUris: ['com.example.phone:/back'],
  }),
];

const USERS = new Map([
  [
    'alice',
    { impi: 'alice@ims.example', impus: ['sip:alice@ims.example', 'tel:+15551'], password: new Secret('her-word') },
  ],
]);

export interface Waf {
  readonly server: AuthorizationServer;
  readonly app: Hono;
  readonly ring: SigningRing;
  readonly reports: string[];
  readonly events: TypedEvents<OAuthEvents>;
  /** Moves both clocks on. */
  readonly pass: (seconds: number) => void;
  readonly now: () => Now;
  /** A request from this address. */
  readonly request: (path: string, init?: RequestInit, address?: string) => Promise<Response>;
  readonly post: (path: string, form: Record<string, string>, headers?: Record<string, string>) => Promise<Response>;
}

export function createWaf(changes: Partial<AuthorizationServerOptions> = {}, keys?: [KeyObject, ...KeyObject[]]): Waf {
  let passedMs = 0;
  const now = (): Now => ({ monotonicMs: 1000 + passedMs, unixMs: START_MS + passedMs });
  const reports: string[] = [];
  const events = new TypedEvents<OAuthEvents>((error) => {
    throw error;
  });
  const ring = new SigningRing(keys ?? [generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey]);
  const server = new AuthorizationServer(
    {
      issuer: () => ISSUER,
      audience: 'ims.example',
      registrationTokenSec: 3600,
      ring,
      users: new WebUsers('ims.example', USERS),
      clients: new Map(CLIENTS.map((client) => [client.id, client])),
      turn: {
        serverName: 'turn.example',
        issuer: {
          issue: ({ notAfterSec = Infinity }, { unixMs }) => {
            const expiresAtSec = Math.min(Math.floor(unixMs / 1000) + 1800, notAfterSec);
            const key = new Secret(Buffer.alloc(32, 7).toString('base64'));
            return ok({ kid: 'north', key, token: Buffer.from('opaque'), expiresAtSec, user: 'u' });
          },
          release: () => undefined,
        },
      },
      allowsImplicit: false,
      takesGet: false,
      limits: { requestsPerSec: 50, requestBurst: 200 },
      ...changes,
    },
    { clock: { now }, events, report: (address, cause) => reports.push(`${address} ${cause}`) },
  );
  const app = new Hono();
  server.mount(app);
  const request: Waf['request'] = async (path, init, address = '192.0.2.1') =>
    app.request(path, init, { incoming: { socket: { remoteAddress: address } } });
  const post: Waf['post'] = (path, form, headers = {}) =>
    request(path, { method: 'POST', body: new URLSearchParams(form), headers });
  const pass = (seconds: number): void => {
    passedMs += seconds * 1000;
  };
  return { server, app, ring, reports, events, pass, now, request, post };
}

export function basic(id: string, secret: string): Record<string, string> {
  return { Authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}` };
}
