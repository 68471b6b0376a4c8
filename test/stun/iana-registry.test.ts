import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ATTRIBUTES } from '../../src/stun/attribute-registry.ts';
import { CHANNEL_MAX, CHANNEL_MIN } from '../../src/stun/channel-data.ts';
import { defaultReason, ErrorCode } from '../../src/stun/error-code.ts';
import { Method } from '../../src/stun/message-type.ts';
import { PasswordAlgorithm } from '../../src/stun/password-algorithm.ts';
import {
  IANA_ATTRIBUTES,
  IANA_ERROR_CODES,
  IANA_METHODS,
  IANA_PASSWORD_ALGORITHMS,
  IANA_TURN_CHANNELS,
} from '../vectors/iana-stun-parameters.ts';

/** Types that we know although IANA lists no name for them: reserved with a pointer to RFC 5780, and from a draft that was never registered. */
const NOT_IN_THE_REGISTRY = [
  [0x0003, 'CHANGE-REQUEST'],
  [0x802f, 'ORIGIN'],
] as const;

/** For media with ECN (RFC 6679): between peers, never to a server. */
const NOT_FOR_US = ['ECN-CHECK STUN'];
const FIRST_VENDOR_TYPE = 0xc000;

const ours = ATTRIBUTES.map(({ type, name }): readonly [number, string] => [type, name]);

describe('constants', () => {
  it('every attribute has the type and spelling of the IANA registry, and every standard one is there', () => {
    const standard = IANA_ATTRIBUTES.filter(([type, name]) => type < FIRST_VENDOR_TYPE && !NOT_FOR_US.includes(name));
    const expected = [...standard, ...NOT_IN_THE_REGISTRY].sort(([a], [b]) => a - b);
    expect(ours).toEqual(expected);
  });

  it('every row of every table of attributes is in the list', async () => {
    const folder = new URL('../../src/stun/attributes/', import.meta.url);
    const tables = await Promise.all(
      readdirSync(folder).map(async (file) => (await import(new URL(file, folder).href)) as object),
    );
    const rows = tables.flatMap((table) => Object.values(table) as { readonly type: number }[]);
    expect(rows.map(({ type }) => type).sort((a, b) => a - b)).toEqual(ATTRIBUTES.map(({ type }) => type));
  });

  it('a TURN server understands what RFC 8489, RFC 8656 and RFC 6062 have it understand, and no other comprehension-required type', () => {
    const understood = ATTRIBUTES.filter((attribute) => attribute.understood).map(({ name }) => name);
    expect(understood).toEqual([
      'MAPPED-ADDRESS',
      'USERNAME',
      'MESSAGE-INTEGRITY',
      'ERROR-CODE',
      'UNKNOWN-ATTRIBUTES',
      'CHANNEL-NUMBER',
      'LIFETIME',
      'XOR-PEER-ADDRESS',
      'DATA',
      'REALM',
      'NONCE',
      'XOR-RELAYED-ADDRESS',
      'REQUESTED-ADDRESS-FAMILY',
      'EVEN-PORT',
      'REQUESTED-TRANSPORT',
      'MESSAGE-INTEGRITY-SHA256',
      'PASSWORD-ALGORITHM',
      'USERHASH',
      'XOR-MAPPED-ADDRESS',
      'RESERVATION-TOKEN',
      'CONNECTION-ID',
    ]);
  });

  it('methods are those of the registry, without a vendor ping', () => {
    const expected = IANA_METHODS.filter(([, name]) => name !== 'GOOG-PING').map(([method, name]) => [name, method]);
    expect(Object.entries(Method)).toEqual(expected);
  });

  it('error codes are all those of the registry, each with its recommended reason phrase', () => {
    expect(Object.values(ErrorCode).map((code) => [code, defaultReason(code)])).toEqual(IANA_ERROR_CODES);
  });

  it('an error code that is not registered has an empty reason phrase', () => {
    expect(defaultReason(499)).toBe('');
  });

  it('password algorithms are those of the registry', () => {
    expect([PasswordAlgorithm.Md5, PasswordAlgorithm.Sha256]).toEqual(
      IANA_PASSWORD_ALGORITHMS.map(([number]) => number),
    );
  });

  it('channel numbers are those of the registry', () => {
    expect({ first: CHANNEL_MIN, last: CHANNEL_MAX }).toEqual(IANA_TURN_CHANNELS);
  });
});
