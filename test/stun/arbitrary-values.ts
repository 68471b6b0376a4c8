import fc from 'fast-check';
import { formatIp } from '../../src/base/ip.ts';
import { type TransportAddress } from '../../src/base/transport-address.ts';

const uint8 = fc.integer({ min: 0, max: 0xff });
const uint16 = fc.integer({ min: 0, max: 0xffff });
const uint32 = fc.integer({ min: 0, max: 0xffffffff });
const text = fc.string({ unit: 'binary', maxLength: 127 });
const code = fc.integer({ min: 300, max: 699 });

function bytes(minLength: number, maxLength: number): fc.Arbitrary<Buffer> {
  return fc.uint8Array({ minLength, maxLength }).map((array) => Buffer.from(array));
}

export const addresses: fc.Arbitrary<TransportAddress> = fc.oneof(
  fc.record({ family: fc.constant(4 as const), address: bytes(4, 4).map(formatIp), port: uint16 }),
  fc.record({ family: fc.constant(6 as const), address: bytes(16, 16).map(formatIp), port: uint16 }),
);
const algorithm = fc.record({ algorithm: uint16, parameters: bytes(0, 20) });

export const transactionIds = bytes(12, 12);

/** By attribute name: values that it must carry unchanged. */
export const VALUES: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  'MAPPED-ADDRESS': addresses,
  'XOR-MAPPED-ADDRESS': addresses,
  'XOR-PEER-ADDRESS': addresses,
  'XOR-RELAYED-ADDRESS': addresses,
  'ALTERNATE-SERVER': addresses,
  'RESPONSE-ORIGIN': addresses,
  'OTHER-ADDRESS': addresses,
  USERNAME: text,
  REALM: text,
  NONCE: text,
  SOFTWARE: text,
  ORIGIN: text,
  'THIRD-PARTY-AUTHORIZATION': text,
  'ALTERNATE-DOMAIN': fc.domain(),
  'CHANNEL-NUMBER': uint16,
  LIFETIME: uint32,
  'REQUESTED-ADDRESS-FAMILY': uint8,
  'ADDITIONAL-ADDRESS-FAMILY': uint8,
  'REQUESTED-TRANSPORT': uint8,
  'CONNECTION-ID': uint32,
  PRIORITY: uint32,
  'RESPONSE-PORT': uint16,
  'CACHE-TIMEOUT': uint32,
  'ICE-CONTROLLED': fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  'ICE-CONTROLLING': fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  DATA: bytes(0, 1500),
  'RESERVATION-TOKEN': bytes(8, 8),
  'MESSAGE-INTEGRITY': bytes(20, 20),
  'MESSAGE-INTEGRITY-SHA256': bytes(32, 32),
  FINGERPRINT: bytes(4, 4),
  USERHASH: bytes(32, 32),
  'MOBILITY-TICKET': bytes(0, 100),
  'ACCESS-TOKEN': bytes(0, 200),
  PADDING: bytes(0, 100),
  'DONT-FRAGMENT': fc.constant(true),
  'USE-CANDIDATE': fc.constant(true),
  'EVEN-PORT': fc.boolean(),
  'ERROR-CODE': fc.record({ code, reason: text }),
  'ADDRESS-ERROR-CODE': fc.record({ family: uint8, code, reason: text }),
  'UNKNOWN-ATTRIBUTES': fc.array(uint16, { maxLength: 20 }),
  ICMP: fc.record({ type: fc.integer({ min: 0, max: 127 }), code: fc.integer({ min: 0, max: 511 }), data: uint32 }),
  'CHANGE-REQUEST': fc.record({ changeIp: fc.boolean(), changePort: fc.boolean() }),
  TRANSACTION_TRANSMIT_COUNTER: fc.record({ request: uint8, response: uint8 }),
  'PASSWORD-ALGORITHM': algorithm,
  'PASSWORD-ALGORITHMS': fc.array(algorithm, { maxLength: 5 }),
};
