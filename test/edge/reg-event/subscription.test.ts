import { beforeEach, describe, expect, it } from 'vitest';
import { type Dialog, type DialogEnds } from '../../../src/edge/reg-event/dialog.ts';
import { type Reginfo } from '../../../src/edge/reg-event/reginfo.ts';
import { Subscription } from '../../../src/edge/reg-event/subscription.ts';
import { createResponse } from '../../../src/sip/create-response.ts';
import { SipHeaders, type SipRequest, type SipResponse } from '../../../src/sip/message.ts';
import { FakeClock } from '../support/fake-clock.ts';

const ENDS: DialogEnds = {
  identity: 'sip:alice@example.com',
  edgeUri: 'sip:token@192.0.2.1:5060;lr',
  sentBy: { host: '192.0.2.1', port: 5060 },
};

class Bench {
  readonly clock = new FakeClock();
  readonly sent: { readonly request: SipRequest; readonly onFinal: (response: SipResponse) => void }[] = [];
  readonly told: string[] = [];
  readonly dialogs = new Set<Dialog>();
  ends: DialogEnds | undefined = ENDS;
  readonly subscription = new Subscription({
    clock: this.clock,
    timers: this.clock.timers,
    expiresSec: 600_000,
    send: (request, onFinal) => this.sent.push({ request, onFinal }),
    ends: () => this.ends,
    dialogChanged: (dialog, before) => {
      if (before) this.dialogs.delete(before);
      if (dialog) this.dialogs.add(dialog);
    },
    accepted: (expiresSec) => this.told.push(`accepted ${expiresSec}`),
    lost: (cause, status) => this.told.push(`${cause} ${status ?? ''}`.trim()),
    refused: ({ status }) => this.told.push(`refused ${status}`),
  });

  answer(status: number, headers: Readonly<Record<string, string>> = {}): void {
    const { request, onFinal } = this.sent.at(-1)!;
    const response = createResponse(request, status, { toTag: 't' });
    if (status < 300) response.headers.append('Contact', '<sip:scscf.example.com>');
    for (const [name, value] of Object.entries(headers)) response.headers.set(name, value);
    onFinal(response);
  }

  /** Active, for so many seconds. */
  start(expiresSec = 600_000): void {
    this.subscription.start();
    this.answer(200, { Expires: String(expiresSec) });
  }

  state(value: string): void {
    const headers = new SipHeaders();
    headers.append('Subscription-State', value);
    this.subscription.takeState(headers);
  }
}

let bench: Bench;

beforeEach(() => {
  bench = new Bench();
});

function reginfo(version: number, isFull = true): Reginfo {
  return { version, isFull, registrations: [] };
}

describe('a subscription', () => {
  it.each([
    [600_000, 599_400],
    [3600, 3000],
    [1200, 600],
    [60, 30],
    [1, 10],
  ])('of %i seconds is refreshed after %i (TS 24.229 §5.2.3)', (expiresSec, afterSec) => {
    bench.start(expiresSec);
    bench.clock.advance(afterSec * 1000 - 1);
    expect(bench.sent).toHaveLength(1);
    bench.clock.advance(1);
    expect(bench.sent).toHaveLength(2);
    expect(bench.sent[1]!.request.headers.get('Call-ID')).toBe(bench.sent[0]!.request.headers.get('Call-ID'));
  });

  it('lasts as long as the notifier says, if that is told later', () => {
    bench.start();
    bench.state('active;expires=60');
    bench.clock.advance(30_000);
    expect(bench.sent).toHaveLength(2);
  });

  it('of which the notifier knows nothing any more begins anew, as another dialog', () => {
    bench.start(60);
    bench.clock.advance(30_000);
    bench.answer(481);
    bench.clock.advance(1000);
    expect(bench.told).toEqual(['accepted 60', 'failed 481']);
    expect(bench.sent).toHaveLength(3);
    expect(bench.sent[2]!.request.headers.get('Call-ID')).not.toBe(bench.sent[0]!.request.headers.get('Call-ID'));
    expect(bench.dialogs.size).toBe(1);
  });

  it('that fails again and again is asked for ever more seldom, ten minutes at most', () => {
    bench.subscription.start();
    const waits: number[] = [];
    for (let i = 0; i < 12; i += 1) {
      bench.answer(503);
      waits.push((bench.clock.timers.nextMs ?? 0) - bench.clock.now().monotonicMs);
      bench.clock.advance(waits.at(-1)!);
    }
    expect(waits).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 600, 600].map((sec) => sec * 1000));
  });

  it('that is granted for a moment only is not asked for at that pace', () => {
    bench.subscription.start();
    for (let i = 0; i < 5; i += 1) {
      bench.answer(200, { Expires: '1' });
      bench.state('terminated;reason=timeout');
      bench.clock.advance((bench.clock.timers.nextMs ?? 0) - bench.clock.now().monotonicMs);
    }
    bench.answer(200, { Expires: '1' });
    bench.state('terminated;reason=timeout');
    expect(bench.clock.timers.nextMs! - bench.clock.now().monotonicMs).toBe(32_000);
  });

  it('waits as long as Retry-After says, and asks for what Min-Expires wants', () => {
    bench.subscription.start();
    bench.answer(423, { 'Min-Expires': '700000', 'Retry-After': '30' });
    bench.clock.advance(29_999);
    expect(bench.sent).toHaveLength(1);
    bench.clock.advance(1);
    expect(bench.sent[1]!.request.headers.get('Expires')).toBe('700000');
  });

  it.each([403, 405, 489, 501])('that is refused by %i is not asked for again', (status) => {
    bench.subscription.start();
    bench.answer(status);
    bench.subscription.start();
    bench.clock.advance(86_400_000);
    expect([bench.sent.length, bench.told, bench.subscription.phase]).toEqual([1, [`refused ${status}`], 'refused']);
  });

  it.each([
    ['terminated', 1000],
    ['terminated;reason=deactivated;retry-after=20', 20_000],
    ['terminated;reason=rejected', 600_000],
    ['Terminated ; Reason=invariant', 600_000],
  ])('that the notifier ends by %s is asked for after %i ms', (value, afterMs) => {
    bench.start();
    bench.state(value);
    expect(bench.dialogs.size).toBe(0);
    bench.clock.advance(afterMs - 1);
    expect(bench.sent).toHaveLength(1);
    bench.clock.advance(1);
    expect(bench.sent).toHaveLength(2);
  });

  it('ends with Expires 0, and nothing of it is left', () => {
    bench.start();
    expect(bench.subscription.end()).toBe(true);
    expect(bench.sent[1]!.request.headers.get('Expires')).toBe('0');
    bench.answer(200);
    expect([bench.dialogs.size, bench.clock.timers.size, bench.subscription.end()]).toEqual([0, 0, false]);
  });

  it('that was never answered ends without a word, and a late answer changes nothing', () => {
    bench.subscription.start();
    expect(bench.subscription.end()).toBe(false);
    bench.answer(200, { Expires: '600' });
    expect([bench.sent.length, bench.told, bench.clock.timers.size]).toEqual([1, [], 0]);
  });

  it('is asked for later where the core cannot reach this edge yet', () => {
    bench.ends = undefined;
    bench.subscription.start();
    expect(bench.sent).toEqual([]);
    bench.ends = ENDS;
    bench.clock.advance(600_000);
    expect(bench.sent).toHaveLength(1);
  });
});

describe('documents of a subscription', () => {
  it('are news in order; an equal version only if it is whole, as some registrars never count', () => {
    bench.start();
    const news = [reginfo(0), reginfo(0), reginfo(0, false), reginfo(1, false), reginfo(0), reginfo(1), reginfo(9)];
    expect(news.map((it) => bench.subscription.isNews(it))).toEqual([true, true, false, true, false, true, true]);
    expect(bench.sent).toHaveLength(1);
  });

  it.each([
    ['after a gap', [reginfo(0), reginfo(2, false)]],
    ['as the first one', [reginfo(0, false)]],
  ])('that are partial %s have a whole one asked for', (_when, documents) => {
    bench.start();
    for (const document of documents) expect(bench.subscription.isNews(document)).toBe(true);
    expect(bench.sent).toHaveLength(2);
  });

  it('begin with any version in a dialog that is new', () => {
    bench.start(60);
    bench.subscription.isNews(reginfo(7));
    bench.clock.advance(30_000);
    bench.answer(481);
    bench.clock.advance(1000);
    bench.answer(200, { Expires: '60' });
    expect(bench.subscription.isNews(reginfo(0))).toBe(true);
  });

  it('are asked for out of turn three times at once, then once a minute', () => {
    bench.start();
    const ask = (): boolean => {
      const asked = bench.subscription.fetch();
      if (asked) bench.answer(200, { Expires: '600000' });
      return asked;
    };
    expect([ask(), ask(), ask(), ask()]).toEqual([true, true, true, false]);
    bench.clock.advance(60_000);
    expect([ask(), ask()]).toEqual([true, false]);
  });

  it('are taken twenty at once, then two a second', () => {
    bench.start();
    const waits = Array.from({ length: 21 }, () => bench.subscription.waitSec());
    expect(waits).toEqual([...Array.from({ length: 20 }, () => 0), 1]);
    bench.clock.advance(500);
    expect([bench.subscription.waitSec(), bench.subscription.waitSec()]).toEqual([0, 1]);
  });
});
