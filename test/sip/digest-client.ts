import { fail, ok, type Result } from '../../src/base/result.ts';
import { parseAuthFields } from '../../src/sip/auth-params.ts';
import { type Secret } from '../../src/base/secret.ts';
import { DIGEST_ALGORITHMS, type DigestAlgorithm } from '../../src/sip/digest-algorithm.ts';
import { type DigestAuthorization, type DigestError } from '../../src/sip/digest-authorization.ts';
import { type DigestChallenge, ha2, requestDigest } from '../../src/sip/digest.ts';
import { quote } from '../../src/sip/params.ts';

/* The client's half of digest authentication (RFC 7616 §3.3 and §3.4), which the edge has no use for. */

export function parseChallenge(text: string): Result<DigestChallenge, DigestError> {
  const fields = parseAuthFields(text);
  if (!fields) return fail('malformed');
  if (fields.scheme !== 'digest') return fail('other-scheme');
  const field = (name: string): string | undefined => fields.params?.get(name);
  const [realm, nonce, opaque, domain] = [field('realm'), field('nonce'), field('opaque'), field('domain')];
  if (realm === undefined || nonce === undefined) return fail('malformed');
  const algorithm = DIGEST_ALGORITHMS.find(
    (known) => known.toLowerCase() === (field('algorithm') ?? 'MD5').toLowerCase(),
  );
  if (!algorithm) return fail('unsupported-algorithm');
  const qop = (field('qop') ?? '').toLowerCase().split(',');
  return ok({
    realm,
    nonce,
    algorithm,
    qop: qop.map((option) => option.trim()).filter((option) => option !== ''),
    stale: field('stale')?.toLowerCase() === 'true',
    ...(opaque !== undefined && { opaque }),
    ...(domain !== undefined && { domain }),
  });
}

export function formatAuthorization(authorization: DigestAuthorization): string {
  const { username, realm, nonce, uri, response, algorithm, qop, opaque } = authorization;
  return `Digest ${[
    `username=${quote(username)}`,
    `realm=${quote(realm)}`,
    `nonce=${quote(nonce)}`,
    `uri=${quote(uri)}`,
    `response=${quote(response)}`,
    `algorithm=${algorithm}`,
    ...(qop ? ['qop=auth', `nc=${qop.nc}`, `cnonce=${quote(qop.cnonce)}`] : []),
    ...(opaque === undefined ? [] : [`opaque=${quote(opaque)}`]),
  ].join(', ')}`;
}

export interface DigestInput extends Pick<DigestAuthorization, 'nonce' | 'uri'> {
  readonly algorithm: DigestAlgorithm;
  readonly ha1: Secret;
  readonly method: string;
  readonly qop?: { readonly nc: string; readonly cnonce: string };
}

export function computeDigestResponse({ algorithm, ha1, method, uri, nonce, qop }: DigestInput): string {
  const counted = qop && { ...qop, nonceCount: Number.parseInt(qop.nc, 16) };
  return requestDigest(algorithm, ha1.revealText(), ha2(algorithm, method, uri), { nonce, qop: counted });
}
