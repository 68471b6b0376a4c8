import { beforeEach, describe, expect, it } from 'vitest';
import { ObeyCore } from '../../../src/edge/reg-event/obey-core.ts';
import { createIdentity } from '../../../src/edge/registration/identity.ts';
import { RejectedUsers } from '../../../src/edge/registration/rejected-users.ts';
import { type Registration } from '../../../src/edge/registration/registration.ts';
import { Registrations } from '../../../src/edge/registration/registrations.ts';
import { createResponse } from '../../../src/sip/create-response.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { FakeHop } from '../support/fake-hop.ts';
import { WicMessages } from '../support/wic.ts';

class Bench {
  readonly clock = new FakeClock();
  readonly registrations = new Registrations({
    handleOf: (id) => id,
    clock: this.clock,
    timers: this.clock.timers,
    maxLapsed: 10,
    maxPerFlow: 10,
  });
  readonly rejected = new RejectedUsers(this.clock);
  readonly closed: [hopId: string, cause: string][] = [];
  readonly released: [registrationId: string, how: string][] = [];
  readonly obey = new ObeyCore({
    clock: this.clock,
    timers: this.clock.timers,
    registrations: this.registrations,
    rejected: this.rejected,
    closeFlow: ({ id }, cause) => this.closed.push([id, cause]),
    partingMs: 32_000,
  });
  readonly hop = new FakeHop();

  constructor() {
    this.registrations.observe({
      registered: (registration) => {
        this.obey.registered(registration);
      },
      released: (registrationId, _claim, how) => {
        this.released.push([registrationId, how]);
        this.obey.released(registrationId);
      },
    });
  }

  register(wic = new WicMessages('alice'), hop = this.hop): Registration {
    const request = wic.buildRegister();
    const response = createResponse(request, 200);
    response.headers.append('Contact', request.headers.get('Contact')!);
    return this.registrations.applySuccess(request, response, wic.aor, hop)[0]!;
  }
}

let bench: Bench;

beforeEach(() => {
  bench = new Bench();
});

describe('a registration that the core ends', () => {
  it('revokes what was issued to it, and its connection is closed when calls had time to end', () => {
    const { claim, registrationId } = bench.register();
    bench.obey.end(claim, 'terminated');
    expect(bench.released).toEqual([[registrationId, 'revoke']]);
    bench.clock.advance(31_999);
    expect(bench.closed).toEqual([]);
    bench.clock.advance(1);
    expect(bench.closed).toEqual([[bench.hop.id, 'deregistered']]);
  });

  it('keeps a connection that carries another one, or whose client registers again in time', () => {
    const alice = new WicMessages('alice');
    const first = bench.register(alice);
    const bob = bench.register(new WicMessages('bob'));
    bench.obey.end(first.claim, 'terminated');
    bench.clock.advance(60_000);
    bench.obey.end(bob.claim, 'terminated');
    bench.clock.advance(20_000);
    bench.register(alice);
    bench.clock.advance(60_000);
    expect([bench.closed, bench.clock.timers.size]).toEqual([[], 1]);
  });

  it('whose connection is gone already is revoked as well', () => {
    const { claim, registrationId } = bench.register();
    bench.registrations.endFlow(bench.hop);
    bench.obey.end(claim, 'terminated');
    expect(bench.released).toEqual([[registrationId, 'revoke']]);
    expect([bench.registrations.lapsed, bench.clock.timers.size]).toEqual([[], 0]);
  });

  it('for a rejected user closes the connection at once, with the last of the user', () => {
    const [first, second] = [bench.register(), bench.register()];
    bench.obey.end(first.claim, 'rejected');
    expect(bench.closed).toEqual([]);
    bench.obey.end(second.claim, 'rejected');
    expect(bench.closed).toEqual([[bench.hop.id, 'deregistered']]);
    const register = new WicMessages('alice').buildRegister();
    expect(bench.rejected.isFrom(register, () => first.aor)).toBe(true);
  });
});

describe('a registration that the core shortens', () => {
  it('ends then, and its connection is closed ten seconds before, or in the last quarter of a short time', () => {
    const [long, short] = [new FakeHop(), new FakeHop()];
    const ofLong = bench.register(new WicMessages('alice'), long);
    const ofShort = bench.register(new WicMessages('bob'), short);
    expect(bench.obey.shorten(ofLong.registrationId, 60)).toBe(true);
    expect(bench.obey.shorten(ofShort.registrationId, 20)).toBe(true);
    bench.clock.advance(15_000);
    expect(bench.closed).toEqual([[short.id, 'shortened']]);
    bench.clock.advance(5000);
    expect(bench.registrations.all.map(({ aor }) => aor)).toEqual(['sip:alice@example.com']);
    bench.clock.advance(30_000);
    expect(bench.closed.at(-1)).toEqual([long.id, 'shortened']);
  });

  it('is left alone if its client refreshes it in time', () => {
    const wic = new WicMessages('alice');
    const { registrationId } = bench.register(wic);
    bench.obey.shorten(registrationId, 60);
    bench.register(wic);
    bench.clock.advance(300_000);
    expect([bench.closed, bench.registrations.size]).toEqual([[], 1]);
  });

  it('never lasts any longer for it, and what is said again changes nothing', () => {
    const { registrationId, expiresAtMs } = bench.register();
    expect(bench.obey.shorten(registrationId, 6000)).toBe(false);
    expect(bench.registrations.find(registrationId)?.expiresAtMs).toBe(expiresAtMs);
    expect(bench.obey.shorten(registrationId, 60)).toBe(true);
    bench.clock.advance(1500);
    expect(bench.obey.shorten(registrationId, 58)).toBe(false);
    expect(bench.obey.shorten('none', 60)).toBe(false);
  });

  it('leaves no timer when it ends otherwise', () => {
    const { registrationId } = bench.register();
    bench.obey.shorten(registrationId, 60);
    bench.registrations.end(registrationId, 'requested');
    expect(bench.clock.timers.size).toBe(0);
  });
});

it('a client speaks as whom the core says from then on', () => {
  const { registrationId } = bench.register();
  bench.obey.setIdentities(registrationId, [createIdentity('sip:office@example.com')]);
  expect(bench.registrations.speaker(bench.hop, 'sip:office@example.com')?.registrationId).toBe(registrationId);
  expect(bench.registrations.speaker(bench.hop, 'sip:alice@example.com')).toBeUndefined();
});
