import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatSipMessage } from '../../src/sip/format-message.ts';
import { edgeOptions } from './support/edge-options.ts';
import { startEdge } from './support/edge-server.ts';
import { ProxyBench } from './support/proxy-bench.ts';
import { Wic, type WicMessages } from './support/wic.ts';
import { formatText } from '../sip/message-text.ts';

const METHODS = ['REGISTER', 'INVITE', 'ACK', 'CANCEL', 'BYE', 'OPTIONS', 'MESSAGE', 'REFER', '__proto__'];
const URIS = [
  'sip:example.com',
  'sip:bob@example.com',
  'sip:alice@example.com',
  'sip:x@y.invalid',
  'tel:1',
  'sip:%00@example.com',
];
const SNIPPETS = [
  '\r\n',
  '\n',
  '\0',
  ';',
  ',',
  '<',
  '>',
  '"',
  '\\',
  '%',
  ' ',
  ':',
  '@',
  'é',
  '😀',
  '\r\n ',
  'SIP/2.0',
  '*',
  '-1',
  '4294967296',
];
const FIELDS = [
  'Via',
  'Route',
  'Record-Route',
  'Contact',
  'To',
  'From',
  'CSeq',
  'Authorization',
  'TURN-Cred-Req',
  'Expires',
  'Max-Forwards',
  'Proxy-Require',
  'Supported',
];

interface Edit {
  readonly at: number;
  readonly cut: number;
  readonly insert: string;
}

const edit = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  cut: fc.nat(12),
  insert: fc.constantFrom('', ...SNIPPETS),
});
const hostileMessage = fc.record({
  method: fc.constantFrom(...METHODS),
  uri: fc.constantFrom(...URIS),
  field: fc.constantFrom(...FIELDS),
  value: fc.oneof(
    fc.string({ maxLength: 40 }),
    fc.constantFrom('*', '<sip:a@b>;expires=0', '<sip:a@b>;q=2', 'Digest a=b', ''),
  ),
  edits: fc.array(edit, { maxLength: 4 }),
});

function write(
  wic: WicMessages,
  { method, uri, field, value, edits }: typeof hostileMessage extends fc.Arbitrary<infer T> ? T : never,
): string {
  const request = wic.build(method, uri, wic.aor);
  const text = formatText(request).replace(/\r\n\r\n$/, `\r\n${field}: ${value}\r\n\r\n`);
  return edits.reduce((message: string, { at, cut, insert }: Edit) => {
    const index = Math.floor(at * message.length);
    return message.slice(0, index) + insert + message.slice(index + cut);
  }, text);
}

describe('hostile SIP', () => {
  it('never makes the proxy throw, nor hold more than its bounds', () => {
    const limits = { transactions: 50, transactionsPerFlow: 20 };
    fc.assert(
      fc.property(fc.array(hostileMessage, { minLength: 1, maxLength: 40 }), (messages) => {
        const bench = new ProxyBench(edgeOptions({ limits }));
        const alice = bench.register('alice');
        const bob = bench.register('bob');
        bench.routeTo(bob);
        for (const message of messages) {
          bench.proxy.receive(Buffer.from(write(alice.wic, message)), alice.hop);
          for (const sent of bob.hop.sent.splice(0)) bench.proxy.receive(formatSipMessage(sent), bob.hop);
        }
        expect(bench.layer.size).toBeLessThanOrEqual(limits.transactions + 1);
        bench.clock.advance(400_000);
        expect(bench.layer.size).toBe(0);
      }),
      { numRuns: 150 },
    );
  });

  it('is answered or dropped, while a registered client is served', async () => {
    await using server = await startEdge(edgeOptions({ limits: { messagesPerSec: 100_000, messageBurst: 100_000 } }));
    const attackers = await Promise.all([1, 2, 3].map(async () => new Wic('alice', await server.connect())));
    await attackers[0]!.register();
    const victim = new Wic('bob', await server.connect());
    await victim.register();
    for (const message of fc.sample(hostileMessage, 600)) {
      for (const attacker of attackers) {
        if (attacker.socket.webSocket.readyState === 1) attacker.socket.send(write(attacker, message));
      }
    }
    victim.send(victim.build('OPTIONS', 'sip:example.com', 'sip:example.com', { 'TURN-Cred-Req': '' }));
    await victim.socket.response(200, 'OPTIONS');
    expect(server.errors).toEqual([]);
    const { transactions, timers, flows } = server.edge.snapshot();
    expect(transactions).toBeLessThanOrEqual(2000);
    expect(timers).toBeLessThanOrEqual(4 * (transactions + flows.length) + 100);
  });
});
