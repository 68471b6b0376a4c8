import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatMasked } from '../../src/sip/mask-secrets.ts';
import { validateRequest } from '../../src/sip/validate-request.ts';
import { generatedMessage } from '../sip/message-grammar.ts';
import { fuzz, FUZZ_TIMEOUT_MS } from '../turn/hardening/fuzz-run.ts';
import { edgeOptions } from './support/edge-options.ts';
import { ProxyBench } from './support/proxy-bench.ts';
import { formatSipMessage } from '../../src/sip/format-message.ts';
import { parseSipMessage } from '../../src/sip/parse-message.ts';

const LIMITS = { maxHeaders: 128, maxLineBytes: 8192 };
const BOUNDS = { transactions: 50, transactionsPerFlow: 20 };

const folder = join(dirname(createRequire(import.meta.url).resolve('sip')), 'test', 'messages');
const torture = readdirSync(folder)
  .filter((name) => name.endsWith('.dat'))
  .map((name) => readFileSync(join(folder, name)));

const valid = fc.oneof(
  generatedMessage.map(({ text }) => Buffer.from(text)),
  fc.constantFrom(...torture),
);
/** Where, how much is taken out, and what comes in its place. */
const change = fc.tuple(
  fc.double({ min: 0, max: 1, noNaN: true }),
  fc.oneof({ weight: 5, arbitrary: fc.nat(6) }, { weight: 1, arbitrary: fc.nat(400) }),
  fc.oneof(
    fc.uint8Array({ maxLength: 6 }).map((bytes) => Buffer.from(bytes)),
    fc
      .constantFrom('\r\n', '\r\n\r\n', '\r\n ', ',', ';', '"', '<', '>', '\\', '%', '\0', ':', 'sip:', '[', '=')
      .map((text) => Buffer.from(text)),
  ),
);
const changed = fc.tuple(valid, fc.array(change, { maxLength: 5 })).map(([message, changes]) =>
  changes.reduce((bytes, [where, length, piece]) => {
    const at = Math.floor(where * bytes.length);
    return Buffer.concat([bytes.subarray(0, at), piece, bytes.subarray(at + length)]);
  }, message),
);
const anyBytes = fc.uint8Array({ size: 'large', maxLength: 600 }).map((bytes) => Buffer.from(bytes));

const frame = fc.record({
  /** An octet a character. */
  octets: fc
    .oneof({ weight: 6, arbitrary: changed }, { weight: 1, arbitrary: anyBytes })
    .map((bytes) => bytes.toString('latin1')),
  sender: fc.constantFrom('alice', 'stranger', 'core'),
  /** The sender claims to be a user who is registered on the connection. */
  asAlice: fc.boolean(),
});

describe('bytes of any kind, and valid messages with changes', () => {
  it(
    'never make the parser, the checks or the proxy throw, and nothing unreadable leaves',
    { timeout: FUZZ_TIMEOUT_MS },
    async () => {
      let passed = 0;
      await fuzz(
        'changed messages',
        fc.property(fc.array(frame, { minLength: 1, maxLength: 8 }), (frames) => {
          const bench = new ProxyBench(edgeOptions({ limits: BOUNDS }));
          const alice = bench.register('alice');
          const bob = bench.register('bob');
          bench.routeTo(bob);
          const hops = { alice: alice.hop, stranger: bench.addHop(), core: bench.addHop({ kind: 'core' }) };
          for (const { octets, sender, asAlice } of frames) {
            const fromAlice = octets.replace(/^(f(?:rom)?\s*:[^]*?)sips?:[^\s;>]+/im, `$1${alice.wic.aor}`);
            const sent = Buffer.from(asAlice ? fromAlice : octets, 'latin1');
            const parsed = parseSipMessage(sent, LIMITS);
            const message = parsed.ok ? parsed.value : parsed.request;
            if (message) formatMasked(message);
            if (message?.kind === 'request') validateRequest(message);
            bench.proxy.receive(sent, hops[sender]);
            for (const left of [bob.hop, ...Object.values(hops)].flatMap((hop) => hop.sent.splice(0))) {
              const again = parseSipMessage(formatSipMessage(left), { maxHeaders: 200, maxLineBytes: 20_000 });
              expect(again.ok).toBe(true);
              if (left.kind !== 'request' || !again.ok || again.value.kind !== 'request') continue;
              passed++;
              expect(validateRequest(again.value).ok).toBe(true);
              expect(again.value.body).toEqual(left.body);
            }
          }
          expect(bench.layer.size).toBeLessThanOrEqual(BOUNDS.transactions + 1);
          bench.clock.advance(400_000);
          expect(bench.layer.size).toBe(0);
        }),
      );
      expect(passed).toBeGreaterThan(0);
    },
  );
});
