import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readTurnMessage } from '../../src/lab/turn-message-text.ts';
import { accessToken } from '../../src/stun/attributes/rfc7635.ts';
import { iceControlled } from '../../src/stun/attributes/rfc8445.ts';
import {
  errorCode,
  nonce,
  passwordAlgorithm,
  passwordAlgorithms,
  realm,
  username,
} from '../../src/stun/attributes/rfc8489.ts';
import {
  lifetime,
  requestedTransport,
  reservationToken,
  xorPeerAddress,
  xorRelayedAddress,
} from '../../src/stun/attributes/rfc8656.ts';
import { ATTRIBUTES } from '../../src/stun/attribute-registry.ts';
import { Method } from '../../src/stun/message-type.ts';
import { StunWriter } from '../../src/stun/writer.ts';

const ID = Buffer.from('000102030405060708090a0b', 'hex');
const KEY = Buffer.from('the key that nobody sees');
const RELAYED = { family: 4, address: '192.0.2.7', port: 50_000 } as const;

describe('a STUN message as text', () => {
  it('names the method, the class, and each attribute in its order', () => {
    const bytes = new StunWriter(Method.Allocate, 'request', ID)
      .add(requestedTransport, 17)
      .add(username, '1789000000:uabc')
      .add(realm, 'localhost')
      .add(nonce, 'n1')
      .addIntegrity(KEY)
      .finish();
    const { facts, username: found } = readTurnMessage(bytes);
    expect(found).toBe('1789000000:uabc');
    expect(facts).toMatchObject({ method: 'Allocate', class: 'request' });
    expect(facts.text?.split('\n')).toEqual([
      `Allocate request, ${bytes.length} bytes`,
      'transaction 000102030405060708090a0b',
      'REQUESTED-TRANSPORT: UDP (17)',
      'USERNAME: 1789000000:uabc',
      'REALM: localhost',
      'NONCE: n1',
      'MESSAGE-INTEGRITY: present, 20 bytes',
    ]);
  });

  it('tells the code of an error, and addresses as they are written', () => {
    const refused = new StunWriter(Method.Refresh, 'error', ID).add(errorCode, { code: 437, reason: 'Mismatch' });
    expect(readTurnMessage(refused.finish()).facts).toMatchObject({
      method: 'Refresh',
      class: 'error',
      code: 437,
      text: expect.stringContaining('ERROR-CODE: 437 Mismatch') as string,
    });
    const granted = new StunWriter(Method.Allocate, 'success', ID).add(xorRelayedAddress, RELAYED).add(lifetime, 600);
    const { facts } = readTurnMessage(granted.finish());
    expect(facts.text).toContain('XOR-RELAYED-ADDRESS: 192.0.2.7:50000\nLIFETIME: 600');
    expect(facts).not.toHaveProperty('code');
  });

  it('names the password algorithms that were offered and chosen, and numbers one without a name', () => {
    const choices = [2, 1, 9].map((algorithm) => ({ algorithm, parameters: Buffer.alloc(0) }));
    const bytes = new StunWriter(Method.Allocate, 'request', ID)
      .add(passwordAlgorithms, choices)
      .add(passwordAlgorithm, choices[0]!)
      .finish();
    const text = 'PASSWORD-ALGORITHMS: SHA-256, MD5, algorithm 9\nPASSWORD-ALGORITHM: SHA-256';
    expect(readTurnMessage(bytes).facts.text).toContain(text);
  });

  it('shows every address of a CreatePermission', () => {
    const bytes = new StunWriter(Method.CreatePermission, 'request', ID)
      .add(xorPeerAddress, { family: 4, address: '192.0.2.1', port: 0 })
      .add(xorPeerAddress, { family: 6, address: '2001:db8::1', port: 0 });
    expect(readTurnMessage(bytes.finish()).facts.text).toMatch(/192\.0\.2\.1:0\nXOR-PEER-ADDRESS: \[2001:db8::1\]:0$/);
  });

  it('shows nothing that grants something to whoever reads it', () => {
    const bytes = new StunWriter(Method.Allocate, 'request', ID)
      .add(accessToken, Buffer.from('opaque-token'))
      .add(reservationToken, Buffer.from('reserved'))
      .finish();
    const { text } = readTurnMessage(bytes).facts;
    expect(text).toContain('ACCESS-TOKEN: present\nRESERVATION-TOKEN: present');
  });

  it('keeps a name of several lines on one', () => {
    const bytes = new StunWriter(Method.Binding, 'request', ID).add(username, 'a\nREALM: forged\u2028x').finish();
    expect(readTurnMessage(bytes).facts.text?.split('\n')).toHaveLength(3);
  });

  it('says what it cannot name or read', () => {
    const odd = Buffer.concat([new StunWriter(0x0ab, 'request', ID).finish(), Buffer.from('7abc000400000000', 'hex')]);
    odd.writeUInt16BE(8, 2);
    expect(readTurnMessage(odd).facts).toMatchObject({
      method: '0x0ab',
      text: expect.stringContaining('0x7abc: 4 bytes') as string,
    });
    const short = Buffer.concat([
      new StunWriter(Method.Refresh, 'request', ID).finish(),
      Buffer.from('000d0000', 'hex'),
    ]);
    short.writeUInt16BE(4, 2);
    expect(readTurnMessage(short).facts.text).toContain('LIFETIME: malformed, 0 bytes');
    expect(readTurnMessage(Buffer.of(1)).facts).toMatchObject({
      method: 'unreadable',
      text: '1 byte that are no STUN message (too-short)',
    });
  });

  it('is JSON, with numbers too large for it as well', () => {
    const bytes = new StunWriter(Method.Binding, 'request', ID).add(iceControlled, 2n ** 63n).finish();
    expect(JSON.stringify(readTurnMessage(bytes))).toContain('9223372036854775808');
  });

  it('never throws, whatever the bytes', () => {
    const types = ATTRIBUTES.map(({ type }) => type);
    const attribute = fc.tuple(fc.constantFrom(...types), fc.uint8Array({ maxLength: 40 })).map(([type, value]) => {
      const head = Buffer.alloc(4);
      head.writeUInt16BE(type);
      head.writeUInt16BE(value.length, 2);
      return Buffer.concat([head, value, Buffer.alloc((4 - (value.length % 4)) % 4)]);
    });
    const message = fc.tuple(fc.nat(0x3fff), fc.array(attribute, { maxLength: 8 })).map(([type, attributes]) => {
      const body = Buffer.concat(attributes);
      const head = Buffer.from(`0000 0000 2112a442 ${ID.toString('hex')}`.replaceAll(' ', ''), 'hex');
      head.writeUInt16BE(type);
      head.writeUInt16BE(body.length, 2);
      return Buffer.concat([head, body]);
    });
    fc.assert(
      fc.property(fc.oneof(message, fc.uint8Array({ maxLength: 200 })), (bytes) => {
        const { text } = readTurnMessage(bytes).facts;
        expect(text).toBeTypeOf('string');
      }),
    );
  });
});
