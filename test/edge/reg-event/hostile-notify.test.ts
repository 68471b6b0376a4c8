import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { formatSipMessage } from '../../../src/sip/format-message.ts';
import { type SipResponse } from '../../../src/sip/message.ts';
import { parseSipMessage } from '../../../src/sip/parse-message.ts';
import { validateRequest } from '../../../src/sip/validate-request.ts';
import { FakeHop } from '../support/fake-hop.ts';
import { WicMessages } from '../support/wic.ts';
import { formatReginfo } from './support/format-reginfo.ts';
import { WatchBench } from './support/watch-bench.ts';

const wic = new WicMessages('alice');
const DOCUMENT = formatReginfo({
  version: 0,
  isFull: true,
  registrations: [
    {
      aor: wic.aor,
      state: 'active',
      contacts: [
        { uri: wic.contactUri, state: 'active', event: 'shortened', expiresSec: 9000, callId: wic.registerCallId },
      ],
    },
  ],
});
/** What a NOTIFY may be answered by. */
const ANSWERS = [200, 400, 415, 481, 489, 500, 503];

let bench: WatchBench;

beforeEach(() => {
  bench = new WatchBench();
  bench.register(wic, new FakeHop());
  bench.answer(200);
});

/** A NOTIFY in the dialog of the subscription, or in none, as octets. */
function notify(isOwn: boolean, sequence: number, body: string): Buffer {
  const { headers } = bench.sent[0]!.request;
  return formatSipMessage(
    wic.build(
      'NOTIFY',
      'sip:edge@192.0.2.1',
      wic.aor,
      {
        'Call-ID': isOwn ? headers.get('Call-ID')! : 'forged',
        From: `<${wic.aor}>;tag=t`,
        To: headers.get('From')!,
        CSeq: `${sequence} NOTIFY`,
        Event: 'reg',
        'Subscription-State': 'active;expires=3600',
        'Content-Type': 'application/reginfo+xml',
      },
      body,
    ),
  );
}

/** What comes of octets; `undefined` for what is no request that can be answered. */
function serve(bytes: Buffer): SipResponse | undefined {
  const parsed = parseSipMessage(bytes, { maxHeaders: 128, maxLineBytes: 8192 });
  if (!parsed.ok || parsed.value.kind !== 'request') return undefined;
  const essentials = validateRequest(parsed.value);
  return essentials.ok ? bench.watch.answer(parsed.value, essentials.value) : undefined;
}

const cut = fc.record({ at: fc.double({ min: 0, max: 1, noNaN: true }), length: fc.nat(12), put: fc.string() });

function mutated(text: string, { at, length, put }: { at: number; length: number; put: string }): string {
  const from = Math.floor(at * text.length);
  return text.slice(0, from) + put + text.slice(from + length);
}

describe('a hostile NOTIFY', () => {
  it('in a dialog of the edge never makes anything throw, and is answered in a closed set of ways', () => {
    let sequence = 0;
    fc.assert(
      fc.property(cut, fc.boolean(), (change, isInBody) => {
        sequence += 1;
        const body = isInBody ? mutated(DOCUMENT, change) : DOCUMENT;
        const whole = notify(true, sequence, body);
        const answer = serve(isInBody ? whole : Buffer.from(mutated(whole.toString(), change)));
        if (answer) expect(ANSWERS).toContain(answer.status);
        // Its allowance comes back, so that each is read.
        bench.clock.advance(1000);
      }),
      { numRuns: 1000 },
    );
    expect(bench.clock.timers.size).toBeLessThan(10);
  });

  it('in no dialog of the edge is answered 481 and read no further', () => {
    fc.assert(
      fc.property(cut, (change) => {
        expect(serve(notify(false, 1, mutated(DOCUMENT, change)))?.status).toBe(481);
      }),
    );
    expect([bench.registrations.size, bench.sent.length]).toEqual([1, 1]);
  });

  it('that is sent without end is put off, and asks nothing more of the core than its share', () => {
    const statuses = Array.from({ length: 1000 }, (_, i) => serve(notify(true, i + 1, '<'))?.status);
    expect(statuses.filter((status) => status === 400)).toHaveLength(20);
    expect(statuses.filter((status) => status === 503)).toHaveLength(980);
    expect(bench.sent.length).toBeLessThan(5);
  });
});
