import fc from 'fast-check';
import { describe as group, expect, it } from 'vitest';
import { encodeHep3, MAX_DATAGRAM_BYTES, type CapturedMessage } from '../../../src/edge/trace/hep3.ts';
import { describe, parseHep3 } from './hep-collector.ts';

const captured: CapturedMessage = {
  source: { family: 4, address: '192.0.2.7', port: 50_123 },
  destination: { family: 4, address: '198.51.100.1', port: 8443 },
  transport: 'tcp',
  atUs: 1_764_547_200_123_456,
  payload: 'OPTIONS sip:example.com SIP/2.0\r\n\r\n',
  correlationId: 'call-1@example.com',
};

function read(message: CapturedMessage, key?: Buffer) {
  return describe({ chunks: parseHep3(encodeHep3(message, { id: 4_000_000_000, key }).datagram) });
}

group('a HEP3 packet', () => {
  it('has every generic chunk a collector files a SIP message by', () => {
    expect(read(captured, Buffer.from('geheim'))).toEqual({
      family: 2,
      protocol: 6,
      source: '192.0.2.7 50123',
      destination: '198.51.100.1 8443',
      atUs: captured.atUs,
      microseconds: 123_456,
      payloadType: 1,
      captureId: 4_000_000_000,
      key: 'geheim',
      payload: captured.payload,
      correlationId: 'call-1@example.com',
    });
  });

  it('is these bytes', () => {
    const message = { ...captured, transport: 'udp' as const, payload: 'SIP', correlationId: 'c' };
    expect(encodeHep3(message, { id: 1 }).datagram.toString('hex')).toBe(
      [
        '48455033006d', // HEP3, 109 bytes
        '0000000100070200000002000711',
        '0000 0003 000a c0000207 0000 0004 000a c6336401',
        '0000 0007 0008 c3cb 0000 0008 0008 20fb',
        '0000 0009 000a 692cda80 0000 000a 000a 0001e240',
        '0000 000b 0007 01 0000 000c 000a 00000001',
        '0000 0011 0007 63 0000 000f 0009 534950',
      ]
        .join('')
        .replaceAll(' ', ''),
    );
  });

  it('carries IPv6 addresses in chunks of their own', () => {
    const address = '2001:db8::1';
    const message: CapturedMessage = {
      ...captured,
      source: { family: 6, address, port: 1 },
      destination: { family: 6, address: '::', port: 2 },
    };
    expect(read(message)).toMatchObject({
      family: 10,
      source: '2001:0db8:0000:0000:0000:0000:0000:0001 1',
      destination: '0000:0000:0000:0000:0000:0000:0000:0000 2',
      key: undefined,
    });
  });

  it('of a message that is too long for a datagram ends with a note of how much is missing', () => {
    const payload = `MESSAGE sip:bob@example.com SIP/2.0\r\n\r\n${'€'.repeat(20_000)}`;
    const { datagram, cutBytes } = encodeHep3({ ...captured, payload }, { id: 1 });
    expect(datagram.length).toBeLessThanOrEqual(MAX_DATAGRAM_BYTES);
    expect(datagram.length).toBeGreaterThan(MAX_DATAGRAM_BYTES - 10);
    const text = describe({ chunks: parseHep3(datagram) }).payload;
    const note = `\r\n[cut: ${cutBytes} bytes more]`;
    expect(text.endsWith(`€${note}`)).toBe(true);
    expect(payload.startsWith(text.slice(0, -note.length))).toBe(true);
    expect(Buffer.byteLength(text) - note.length + cutBytes).toBe(Buffer.byteLength(payload));
  });

  it('can be read whatever the message, the key and the Call-ID', () => {
    const text = fc.string({ unit: 'binary', size: 'large', maxLength: 12_000 });
    fc.assert(
      fc.property(text, text, fc.uint8Array({ maxLength: 255 }), (payload, correlationId, key) => {
        const { datagram, cutBytes } = encodeHep3(
          { ...captured, payload, correlationId },
          { id: 1, key: Buffer.from(key) },
        );
        expect(datagram.length).toBeLessThanOrEqual(MAX_DATAGRAM_BYTES);
        const read = parseHep3(datagram);
        expect(read.get(14)?.equals(key)).toBe(true);
        if (cutBytes === 0) expect(read.get(15)?.equals(Buffer.from(payload))).toBe(true);
      }),
      { numRuns: 100 },
    );
  });
});
