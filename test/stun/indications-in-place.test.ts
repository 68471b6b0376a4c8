import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatIp, parseIp } from '../../src/base/ip.ts';
import { type TransportAddress } from '../../src/base/transport-address.ts';
import { UNDERSTOOD_TYPES } from '../../src/stun/attribute-registry.ts';
import { realm, software } from '../../src/stun/attributes/rfc8489.ts';
import { data, dontFragment, xorPeerAddress } from '../../src/stun/attributes/rfc8656.ts';
import { checkFingerprint } from '../../src/stun/fingerprint.ts';
import {
  DATA_HEADROOM_BYTES,
  DATA_TAILROOM_BYTES,
  dataHeaderBytes,
  SendReader,
  writeDataIndication,
} from '../../src/stun/indications-in-place.ts';
import { decodeMessage } from '../../src/stun/message.ts';
import { Method } from '../../src/stun/message-type.ts';
import { StunWriter } from '../../src/stun/writer.ts';
import { addresses, transactionIds } from './arbitrary-values.ts';

interface Sent {
  readonly peer: TransportAddress;
  readonly payload: string;
  readonly isWhole: boolean;
}

/** Of a server that can set the DF bit. */
const UNDERSTOOD = new Set([...UNDERSTOOD_TYPES, dontFragment.type]);

const bytes = (maxLength: number): fc.Arbitrary<Buffer> => fc.uint8Array({ maxLength }).map((all) => Buffer.from(all));

const usualPart = fc.oneof(
  addresses.map((value) => (to: StunWriter) => to.add(xorPeerAddress, value)),
  bytes(20).map((value) => (to: StunWriter) => to.add(data, value)),
  fc.constant((to: StunWriter) => to.add(software, 'a client')),
);
const part = fc.oneof(
  { weight: 6, arbitrary: usualPart },
  { weight: 1, arbitrary: fc.constant((to: StunWriter) => to.add(dontFragment, true)) },
  { weight: 1, arbitrary: fc.constant((to: StunWriter) => to.add(realm, 'a realm')) },
);
const message = fc
  .record({
    id: transactionIds,
    parts: fc.array(part, { maxLength: 10 }),
    isSend: fc.boolean(),
    isSealed: fc.boolean(),
    follower: fc.option(usualPart),
  })
  .map(({ id, parts, isSend, isSealed, follower }) => {
    const writer = new StunWriter(isSend ? Method.Send : Method.Data, 'indication', id);
    for (const add of parts) add(writer);
    if (isSealed) writer.addFingerprint();
    if (isSealed && follower) follower(writer);
    return writer.finish();
  });

/** What the slow way finds: decoding, then the rules of RFC 8656 §11.2. */
function slowly(bytes: Buffer): Sent | undefined {
  const decoded = decodeMessage(bytes);
  if (!decoded.ok) return undefined;
  const { value } = decoded;
  if (value.method !== Method.Send || value.messageClass !== 'indication') return undefined;
  if (checkFingerprint(value) === 'invalid' || value.unknownRequired(UNDERSTOOD).length > 0) return undefined;
  const to = value.get(xorPeerAddress);
  const payload = value.get(data);
  return to && payload && { peer: to, payload: payload.toString('hex'), isWhole: value.has(dontFragment) };
}

/** What the reader finds, in the midst of a larger buffer. */
function inPlace(bytes: Buffer, before: number): Sent | undefined {
  const buffer = Buffer.concat([Buffer.alloc(before, 0xa5), bytes, Buffer.alloc(40, 0x5a)]);
  const reader = new SendReader();
  if (!reader.read(buffer, before, bytes.length)) return undefined;
  const { family, dataAt, dataBytes } = reader;
  const ip = new Uint8Array(family === 4 ? 4 : 16);
  reader.copyAddress(buffer, ip, 0);
  return {
    peer: { family, address: formatIp(ip), port: reader.port },
    payload: buffer.subarray(dataAt, dataAt + dataBytes).toString('hex'),
    isWhole: reader.dontFragment,
  };
}

describe('SendReader', () => {
  it('finds peer, payload and DONT-FRAGMENT of each usual Send indication', () => {
    const flags = { isSealed: fc.boolean(), isWhole: fc.boolean() };
    const usual = fc.record({ id: transactionIds, to: addresses, payload: bytes(1500), ...flags });
    fc.assert(
      fc.property(usual, fc.nat(9), ({ id, to, payload, isSealed, isWhole }, before) => {
        const writer = new StunWriter(Method.Send, 'indication', id).add(xorPeerAddress, to).add(data, payload);
        if (isWhole) writer.add(dontFragment, true);
        const sent = isSealed ? writer.addFingerprint().finish() : writer.finish();
        expect(inPlace(sent, before)).toEqual({ peer: to, payload: payload.toString('hex'), isWhole });
      }),
    );
  });

  it('finds what the slow way finds, or leaves the message to it', () => {
    fc.assert(
      fc.property(message, fc.nat(9), (sent, before) => {
        const found = inPlace(sent, before);
        if (found) expect(found).toEqual(slowly(sent));
      }),
      { numRuns: 500 },
    );
  });

  it('does so with any byte changed and any end cut off', () => {
    const change = fc.record({ at: fc.nat(), to: fc.nat(0xff), cut: fc.nat(8) });
    fc.assert(
      fc.property(message, change, (sent, { at, to, cut }) => {
        sent[at % sent.length] = to;
        const changed = sent.subarray(0, Math.max(0, sent.length - cut));
        const found = inPlace(changed, 4);
        if (found) expect(found).toEqual(slowly(changed));
      }),
      { numRuns: 1000 },
    );
  });

  it.each<[string, (to: StunWriter) => StunWriter]>([
    ['an attribute that has to be understood', (to) => to.add(realm, 'example')],
    [
      'more attributes than clients send',
      (to) => Array.from({ length: 7 }).reduce<StunWriter>((w) => w.add(software, 'x'), to),
    ],
  ])('leaves a message with %s', (_what, add) => {
    const writer = new StunWriter(Method.Send, 'indication', Buffer.alloc(12));
    writer.add(xorPeerAddress, { family: 4, address: '192.0.2.1', port: 7 }).add(data, Buffer.from('x'));
    expect(inPlace(add(writer).finish(), 0)).toBeUndefined();
  });

  it('leaves a message whose FINGERPRINT is wrong', () => {
    const writer = new StunWriter(Method.Send, 'indication', Buffer.alloc(12));
    writer.add(xorPeerAddress, { family: 4, address: '192.0.2.1', port: 7 }).add(data, Buffer.from('x'));
    const sent = writer.addFingerprint().finish();
    expect(inPlace(sent, 0)).toBeDefined();
    sent[sent.length - 1] = sent[sent.length - 1]! ^ 1;
    expect(inPlace(sent, 0)).toBeUndefined();
  });
});

describe('writeDataIndication', () => {
  it('writes around a payload what StunWriter writes, and nothing else', () => {
    const source = fc.record({ id: transactionIds, from: addresses, payload: bytes(1500) });
    fc.assert(
      fc.property(source, ({ id, from, payload }) => {
        const expected = new StunWriter(Method.Data, 'indication', id).add(xorPeerAddress, from).add(data, payload);
        const before = 7 + DATA_HEADROOM_BYTES;
        const room = [Buffer.alloc(before, 0xa5), payload, Buffer.alloc(DATA_TAILROOM_BYTES + 5, 0xa5)];
        const buffer = Buffer.concat(room);
        const { family, address } = from;
        const ip = parseIp(address) ?? new Uint8Array();
        const origin = { family, port: from.port, address: ip, addressAt: 0, ids: id, idAt: 0 };
        const made = writeDataIndication(buffer, before, payload.length, origin);
        const start = before - dataHeaderBytes(family);
        expect(buffer.subarray(start, start + made)).toEqual(expected.finish());
        expect(buffer.subarray(0, start).every((byte) => byte === 0xa5)).toBe(true);
        expect(buffer.subarray(start + made).every((byte) => byte === 0xa5)).toBe(true);
      }),
    );
  });
});
