import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { EpcscfTurnError } from '../../src/base/errors.ts';
import { iceControlled, priority } from '../../src/stun/attributes/rfc8445.ts';
import {
  nonce,
  passwordAlgorithm,
  realm,
  software,
  userhash,
  username,
  xorMappedAddress,
} from '../../src/stun/attributes/rfc8489.ts';
import { data } from '../../src/stun/attributes/rfc8656.ts';
import { checkFingerprint } from '../../src/stun/fingerprint.ts';
import { checkIntegrity } from '../../src/stun/integrity.ts';
import { unwrap } from '../support/unwrap.ts';
import { longTermKeyMd5, longTermKeySha256 } from './long-term-key.ts';
import { decodeMessage, type StunMessage } from '../../src/stun/message.ts';
import { Method } from '../../src/stun/message-type.ts';
import { PasswordAlgorithm } from '../../src/stun/password-algorithm.ts';
import { usernameHash } from '../../src/credentials/username-hash.ts';
import { StunWriter } from '../../src/stun/writer.ts';
import { hex } from '../vectors/hex.ts';
import {
  RFC5769_IPV4_RESPONSE,
  RFC5769_IPV6_RESPONSE,
  RFC5769_LONG_TERM,
  RFC5769_LONG_TERM_REQUEST,
  RFC5769_REQUEST,
} from '../vectors/rfc5769.ts';
import { RFC8489_B1, RFC8489_B1_REQUEST } from '../vectors/rfc8489-appendix-b.ts';

const SHORT_TERM_ID = hex('b7e7a701 bc34d686 fa87dfae');
const LONG_TERM_ID = hex('78ad3433 c6ad72c0 29da412e');

function read(bytes: Buffer): StunMessage {
  return unwrap(decodeMessage(bytes));
}

describe('StunWriter', () => {
  it('writes the long-term request of RFC 5769 byte for byte', () => {
    const { username: user, realm: domain, password, nonce: number } = RFC5769_LONG_TERM;
    const bytes = new StunWriter(Method.Binding, 'request', LONG_TERM_ID)
      .add(username, user)
      .add(nonce, number)
      .add(realm, domain)
      .addIntegrity(longTermKeyMd5(user, domain, password))
      .finish();
    expect(bytes.toString('hex')).toBe(RFC5769_LONG_TERM_REQUEST.toString('hex'));
  });

  it('writes the request of RFC 8489 appendix B.1 byte for byte', () => {
    const { username: user, realm: domain, password, nonce: number } = RFC8489_B1;
    const bytes = new StunWriter(Method.Binding, 'request', LONG_TERM_ID)
      .add(userhash, usernameHash(user, domain))
      .add(nonce, number)
      .add(realm, domain)
      .add(passwordAlgorithm, { algorithm: PasswordAlgorithm.Sha256, parameters: Buffer.alloc(0) })
      .addIntegrity(longTermKeySha256(user, domain, password), 'sha256')
      .finish();
    expect(bytes.toString('hex')).toBe(RFC8489_B1_REQUEST.toString('hex'));
  });

  it('reads from the vectors of RFC 5769 what their text says', () => {
    const request = read(RFC5769_REQUEST);
    expect(request.get(software)).toBe('STUN test client');
    expect(request.get(username)).toBe('evtj:h6vY');
    expect(request.get(priority)).toBe(0x6e0001ff);
    expect(request.get(iceControlled)).toBe(0x932ff9b151263b36n);
    expect(read(RFC5769_IPV4_RESPONSE).get(software)).toBe('test vector');
    expect(read(RFC5769_IPV4_RESPONSE).get(xorMappedAddress)).toEqual({ family: 4, address: '192.0.2.1', port: 32853 });
    expect(read(RFC5769_IPV6_RESPONSE).get(xorMappedAddress)).toEqual({
      family: 6,
      address: '2001:db8:1234:5678:11:2233:4455:6677',
      port: 32853,
    });
    expect(read(RFC5769_LONG_TERM_REQUEST).get(username)).toBe(RFC5769_LONG_TERM.username);
  });

  it('writes the addresses of RFC 5769 as its responses have them', () => {
    for (const response of [RFC5769_IPV4_RESPONSE, RFC5769_IPV6_RESPONSE]) {
      const address = read(response).get(xorMappedAddress)!;
      const bytes = new StunWriter(Method.Binding, 'success', SHORT_TERM_ID).add(xorMappedAddress, address).finish();
      expect(response.toString('hex')).toContain(bytes.subarray(20).toString('hex'));
    }
  });

  it('pads with zeros, so that no old memory leaves the process', () => {
    const dirty = vi.spyOn(Buffer, 'allocUnsafe').mockImplementation((size) => Buffer.alloc(size, 0xee));
    onTestFinished(() => {
      dirty.mockRestore();
    });
    new StunWriter(Method.Binding, 'request', SHORT_TERM_ID).add(data, Buffer.alloc(2000, 0xee)).finish();
    const bytes = new StunWriter(Method.Binding, 'request', SHORT_TERM_ID)
      .add(data, Buffer.alloc(1001, 0xff))
      .add(software, 'a')
      .finish();
    expect(bytes.includes(0xee)).toBe(false);
  });

  it.each([0, 1, 3, 4, 200, 236, 1200, 65_000])('carries %i bytes of data with integrity and fingerprint', (length) => {
    const key = Buffer.from('key');
    const payload = Buffer.alloc(length, 0x5a);
    const message = read(
      new StunWriter(Method.Send, 'indication', SHORT_TERM_ID)
        .add(data, payload)
        .addIntegrity(key)
        .addIntegrity(key, 'sha256')
        .addFingerprint()
        .finish(),
    );
    expect(message.get(data)).toEqual(payload);
    expect(checkIntegrity(message, key, 'sha1')).toBe('valid');
    expect(checkIntegrity(message, key, 'sha256')).toBe('valid');
    expect(checkFingerprint(message)).toBe('valid');
  });

  it('refuses a message that no length field could announce', () => {
    const longest = () => new StunWriter(Method.Data, 'indication', SHORT_TERM_ID).add(data, Buffer.alloc(65_528));
    expect(longest().finish()).toHaveLength(20 + 0xfffc);
    expect(() => longest().add(software, '')).toThrow(EpcscfTurnError);
  });

  it('writes two messages at a time without mixing them', () => {
    const one = new StunWriter(Method.Data, 'indication', SHORT_TERM_ID).add(software, 'one');
    const other = new StunWriter(Method.Data, 'indication', LONG_TERM_ID).add(software, 'other');
    const messages = [one.add(realm, 'a').finish(), other.add(realm, 'b').finish()].map(read);
    expect(messages.map((message) => [message.get(software), message.get(realm)])).toEqual([
      ['one', 'a'],
      ['other', 'b'],
    ]);
  });

  it('gives the same message each time, and leaves the next writer its whole room', () => {
    const writer = new StunWriter(Method.Data, 'indication', SHORT_TERM_ID).add(software, 'short');
    const first = writer.finish();
    expect(writer.finish()).toBe(first);
    const payload = Buffer.alloc(2000, 0x5a);
    const next = new StunWriter(Method.Data, 'indication', LONG_TERM_ID).add(data, payload).finish();
    expect(read(next).get(data)).toEqual(payload);
    expect(read(first).get(software)).toBe('short');
  });

  it.each([0, 11, 13])('refuses a transaction id of %i bytes', (length) => {
    expect(() => new StunWriter(Method.Binding, 'request', Buffer.alloc(length))).toThrow(EpcscfTurnError);
  });
});
