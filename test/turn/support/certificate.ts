import { generate } from 'selfsigned';
import { type KeyPair } from '../../../src/base/key-pair.ts';

/** A certificate of its own, named `name`, for the loopback addresses; valid for a year, unless told. */
export async function makeCertificate(
  name = 'localhost',
  valid: { readonly notBeforeDate?: Date; readonly notAfterDate?: Date } = {},
): Promise<KeyPair> {
  const pair = await generate([{ name: 'commonName', value: name }], {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    ...valid,
  });
  return { cert: pair.cert, key: pair.private };
}
