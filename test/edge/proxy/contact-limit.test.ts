import { describe, expect, it } from 'vitest';
import { type SipResponse } from '../../../src/sip/message.ts';
import { type FakeHop } from '../support/fake-hop.ts';
import { ProxyBench } from '../support/proxy-bench.ts';
import { type RegisterOptions, WicMessages } from '../support/wic.ts';

const MAX = 16;

class Bench extends ProxyBench {
  readonly wic = new WicMessages('alice');
  readonly hop: FakeHop = this.addHop();
  asked = 0;

  constructor() {
    super();
    const { handle } = this;
    this.handle = (...asking) => {
      this.asked += 1;
      handle(...asking);
    };
  }

  ask(options: RegisterOptions = {}): SipResponse {
    this.receive(this.wic.buildRegister(options), this.hop);
    return this.hop.lastResponse();
  }
}

function contacts(count: number, prefix = 'a'): string {
  return Array.from({ length: count }, (_, i) => `<sip:${prefix}${i}@x.invalid>`).join(', ');
}

describe('a REGISTER', () => {
  it('of more Contacts than one connection may have registered reaches no core', () => {
    const bench = new Bench();
    expect(bench.ask({ contact: contacts(MAX + 1) })).toMatchObject({
      status: 400,
      reason: 'Bad Request (more than 16 contacts)',
    });
    expect([bench.asked, bench.registrations.size, bench.layer.size]).toEqual([0, 0, 0]);
    expect(bench.events.named('limited')).toMatchObject([{ flowId: bench.hop.id, cause: 'contacts-per-flow' }]);
  });

  it('of as many as that is served, and refreshed, and ended', () => {
    const bench = new Bench();
    const contact = contacts(MAX);
    for (let i = 0; i < 3; i++) expect(bench.ask({ contact }).status).toBe(200);
    expect(bench.registrations.count(bench.hop)).toBe(MAX);
    expect(bench.ask({ contact, expires: 0 }).status).toBe(200);
    expect(bench.registrations.count(bench.hop)).toBe(0);
  });

  it('of one more than the connection has room for is told to wait, until there is room', () => {
    const bench = new Bench();
    bench.ask({ contact: contacts(MAX) });
    const [one, another] = [contacts(1), contacts(1, 'b')];
    expect(bench.ask({ contact: another })).toMatchObject({
      status: 480,
      reason: 'Temporarily Unavailable (too many contacts on this connection)',
    });
    expect(bench.registrations.count(bench.hop)).toBe(MAX);
    expect(bench.ask({ contact: one }).status).toBe(200);
    expect(bench.ask({ contact: one, expires: 0 }).status).toBe(200);
    expect(bench.ask({ contact: another }).status).toBe(200);
    expect(bench.ask({ contact: '*', expires: 0 }).status).toBe(200);
    expect(bench.registrations.count(bench.hop)).toBe(0);
  });

  it('finds no room that others take which are under way at the same time', () => {
    const bench = new Bench();
    const answers: (() => void)[] = [];
    const { handle } = bench;
    bench.handle = (...asking) => {
      answers.push(() => {
        handle(...asking);
      });
    };
    bench.ask({ contact: contacts(MAX) });
    bench.ask({ contact: contacts(MAX, 'b') });
    for (const answer of answers) answer();
    expect(bench.registrations.count(bench.hop)).toBe(MAX);
  });
});
