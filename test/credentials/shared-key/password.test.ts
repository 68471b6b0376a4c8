import { expect, it } from 'vitest';
import { Secret } from '../../../src/base/secret.ts';
import { createPasswordFunction } from '../../../src/credentials/shared-key/password.ts';
import { coturnProfile } from './support.ts';

// Each made with: printf '%s' TEXT | openssl dgst -HASH -hmac north -binary | base64
it.each([
  ['sha1', 'Cd/49soE35ICqcJF/bCTn8Z4OyE='],
  ['sha256', 'EuME0Xh0HllnbpbObfs8aBsd78Vr1EMwxArqbyCrGl8='],
  ['sha384', 'HVq3vANxPfszOHxweLv7JpYXQ3hfnjrjtOiCzDr2PX6GCFYVMsR34yhmpeltzmCT'],
  ['sha512', 'NO/mrcTtqU47uK+3/ZrTM3OMeVdf0XqXNVVddtcCwUJz5xFHKSTuNUkZNUbCFEZjOOjPIniDp1h2iSRh6xAtwA=='],
] as const)('is base64(HMAC-%s(Km, username)), as OpenSSL computes it', (hash, password) => {
  expect(
    createPasswordFunction(new Secret('north'), { ...coturnProfile, hash })('1700000000:alice', 'example.org'),
  ).toBe(password);
});

it('takes the realm in when the profile is bound to it', () => {
  const profile = { ...coturnProfile, realmBound: true };
  expect(createPasswordFunction(new Secret('north'), profile)('1700000000:alice', 'example.org')).toBe(
    'CRYBElYLCUbdjQbocuoZFyWL/KM=',
  );
  expect(createPasswordFunction(new Secret('north'), profile)('1700000000:alice', 'example.net')).not.toBe(
    'CRYBElYLCUbdjQbocuoZFyWL/KM=',
  );
});
