import { SIGNING_ALGORITHMS } from '../../credentials/signing-keys.ts';
import { type OAuthClients } from '../oauth-client.ts';
import { JWT_BEARER, SCOPES } from '../oauth-words.ts';

export const PATHS = {
  token: '/oauth/token',
  introspection: '/oauth/introspect',
  authorization: '/oauth/authorize',
  keys: '/oauth/jwks.json',
} as const;

/** What clients learn of an authorization server (RFC 8414 §2): only what it does. */
export function metadata(
  issuer: string,
  { allowsImplicit, clients }: { readonly allowsImplicit: boolean; readonly clients: OAuthClients },
) {
  const proofs = ['client_secret_basic', 'client_secret_post', 'private_key_jwt'];
  const hasPublicClients = [...clients.values()].some(({ proof }) => proof.kind === 'none');
  return {
    issuer,
    authorization_endpoint: `${issuer}${PATHS.authorization}`,
    token_endpoint: `${issuer}${PATHS.token}`,
    jwks_uri: `${issuer}${PATHS.keys}`,
    scopes_supported: Object.keys(SCOPES),
    response_types_supported: ['code', ...(allowsImplicit ? ['token'] : [])],
    response_modes_supported: ['query', ...(allowsImplicit ? ['fragment'] : [])],
    grant_types_supported: [
      'client_credentials',
      JWT_BEARER,
      'authorization_code',
      ...(allowsImplicit ? ['implicit'] : []),
    ],
    token_endpoint_auth_methods_supported: [...proofs, ...(hasPublicClients ? ['none'] : [])],
    token_endpoint_auth_signing_alg_values_supported: [...SIGNING_ALGORITHMS],
    introspection_endpoint: `${issuer}${PATHS.introspection}`,
    introspection_endpoint_auth_methods_supported: proofs,
    introspection_endpoint_auth_signing_alg_values_supported: [...SIGNING_ALGORITHMS],
    code_challenge_methods_supported: ['S256'],
    authorization_response_iss_parameter_supported: true,
  };
}
