import { describe, expect, it } from 'vitest';
import { fail } from '../../../../src/base/result.ts';
import { KEY_ALGORITHMS, type CredentialVerifier } from '../../../../src/credentials/credential.ts';
import { securityFeatures } from '../../../../src/turn/engine/authentication/security-features.ts';

const lookup = () => fail('unknown-user');
const old: CredentialVerifier = { lookup };
const able: CredentialVerifier = { lookup, lookupHash: lookup, keyAlgorithms: KEY_ALGORITHMS };
const wished = { passwordAlgorithms: KEY_ALGORITHMS, usernameAnonymity: true };

describe('what a challenge offers', () => {
  it.each([
    ['both, when wished and possible', wished, able, ['sha256', 'md5'], 'obMatJos2wAAA'],
    ['what the verifier can do, of what was wished', wished, old, ['md5'], 'obMatJos2gAAA'],
    ['algorithms alone', { ...wished, usernameAnonymity: false }, able, ['sha256', 'md5'], 'obMatJos2gAAA'],
    ['anonymity alone', { ...wished, passwordAlgorithms: [] }, able, [], 'obMatJos2QAAA'],
    ['nothing', { passwordAlgorithms: [], usernameAnonymity: false }, able, [], 'obMatJos2AAAA'],
  ] as const)('is %s: the algorithms, and a cookie with their bits', (_what, options, verifier, algorithms, cookie) => {
    const features = securityFeatures(options, verifier);
    expect(features.algorithms).toEqual(algorithms);
    expect(features.nonceCookie).toBe(cookie);
    expect(features.offer.map(({ algorithm }) => algorithm)).toEqual(
      algorithms.map((algorithm) => ({ md5: 1, sha256: 2 })[algorithm]),
    );
  });

  it('keeps the order of the configuration', () => {
    const options = { passwordAlgorithms: ['md5', 'sha256'] as const, usernameAnonymity: false };
    expect(securityFeatures(options, able).algorithms).toEqual(['md5', 'sha256']);
  });
});
