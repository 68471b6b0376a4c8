import { describe, expect, it } from 'vitest';
import { PassedChallenges } from '../../../src/edge/registration/passed-challenges.ts';
import { Registrations } from '../../../src/edge/registration/registrations.ts';
import { createResponse } from '../../../src/sip/create-response.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { FakeHop } from '../support/fake-hop.ts';
import { WicMessages } from '../support/wic.ts';

class Bench {
  readonly clock = new FakeClock();
  readonly log: string[] = [];
  readonly challenges = new PassedChallenges();
  readonly registrations = new Registrations({
    challenges: this.challenges,
    handleOf: (registrationId) => `handle of ${registrationId}`,
    clock: this.clock,
    timers: this.clock.timers,
    maxLapsed: 2,
    maxPerFlow: 16,
  });

  constructor() {
    this.registrations.observe({
      registered: ({ aor }, refresh) => this.log.push(`${refresh ? 'refreshed' : 'registered'} ${aor}`),
      unregistered: ({ aor }, cause) => this.log.push(`${cause} ${aor}`),
      released: (_id, _claim, how) => this.log.push(how === 'revoke' ? 'revoked' : 'released'),
    });
  }

  register(wic: WicMessages, hop: FakeHop, grantedSec = 60): void {
    const request = wic.buildRegister();
    const response = createResponse(request, 200);
    if (grantedSec > 0) response.headers.append('Contact', `${wic.contact};expires=${grantedSec}`);
    this.registrations.applySuccess(request, response, wic.aor, hop);
  }

  /** 90 s with that Contact, or with the whole field. */
  registerAs(user: string, contactUri: string, hop: FakeHop, contact = `<${contactUri}>`): void {
    const wic = new WicMessages(user);
    const request = wic.buildRegister({ contact: `${contact};expires=90` });
    const response = createResponse(request, 200);
    response.headers.append('Contact', `${contact};expires=90`);
    this.registrations.applySuccess(request, response, wic.aor, hop);
  }

  take(): string[] {
    return this.log.splice(0);
  }
}

const ALICE = 'sip:alice@example.com';

describe('registrations as the edge sees them', () => {
  it('stand for the time the registrar granted, and are released when it has passed', () => {
    const bench = new Bench();
    const hop = new FakeHop();
    const wic = new WicMessages('alice');
    bench.register(wic, hop);
    bench.clock.advance(50_000);
    bench.register(wic, hop);
    bench.clock.advance(59_999);
    expect(bench.registrations.speaker(hop, ALICE)?.contactUri).toBe(wic.contactUri);
    bench.clock.advance(1);
    expect(bench.registrations.speaker(hop, ALICE)).toBeUndefined();
    expect(bench.take()).toEqual([`registered ${ALICE}`, `refreshed ${ALICE}`, `expired ${ALICE}`, 'released']);
    expect(bench.clock.timers.size).toBe(0);
  });

  it('end with a 200 that does not list the Contact any more', () => {
    const bench = new Bench();
    const hop = new FakeHop();
    const wic = new WicMessages('alice');
    bench.register(wic, hop);
    bench.register(wic, hop, 0);
    expect(bench.take()).toEqual([`registered ${ALICE}`, `requested ${ALICE}`, 'revoked']);
  });

  it('end with their flow, but are released only when they would have ended anyway', () => {
    const bench = new Bench();
    const [first, second] = [new FakeHop(), new FakeHop()];
    const wic = new WicMessages('alice');
    bench.register(wic, first);
    bench.registrations.endFlow(first);
    bench.clock.advance(30_000);
    bench.register(wic, second);
    bench.clock.advance(30_000);
    expect(bench.take()).toEqual([`registered ${ALICE}`, `flow-closed ${ALICE}`, `registered ${ALICE}`]);
    bench.registrations.endFlow(second);
    bench.clock.advance(30_000);
    expect(bench.take()).toEqual([`flow-closed ${ALICE}`, 'released']);
  });

  it('whose flow has gone are remembered up to a bound', () => {
    const bench = new Bench();
    for (let i = 0; i < 5; i++) {
      const hop = new FakeHop();
      bench.register(new WicMessages('alice'), hop);
      bench.registrations.endFlow(hop);
    }
    expect(bench.take().filter((entry) => entry === 'released')).toHaveLength(3);
    expect(bench.clock.timers.size).toBe(2);
  });

  it('are found by Contact whatever its parameters', () => {
    const bench = new Bench();
    const alice = new WicMessages('alice');
    bench.register(alice, new FakeHop());
    expect(bench.registrations.findByContact(`${alice.contactUri};ob`, () => true)?.aor).toBe(ALICE);
    expect(bench.registrations.findByContact(alice.contactUri, () => false)).toBeUndefined();
    expect(bench.registrations.ownerOfContact('sip:x@y.invalid')).toBeUndefined();
  });

  it('are found by what flow tokens call them, over whatever connection they stand, and while they stand', () => {
    const bench = new Bench();
    const [first, second] = [new FakeHop(), new FakeHop()];
    const wic = new WicMessages('alice');
    bench.register(wic, first);
    const handle = `handle of ${bench.registrations.all[0]!.registrationId}`;
    expect(bench.registrations.findByHandle(handle)?.hop).toBe(first);
    bench.register(wic, second);
    expect(bench.registrations.findByHandle(handle)?.hop).toBe(second);
    bench.registrations.endFlow(first);
    expect(bench.registrations.findByHandle(handle)?.hop).toBe(second);
    bench.registrations.endFlow(second);
    expect(bench.registrations.findByHandle(handle)).toBeUndefined();
  });

  it.each([
    ['as it was sent', (wic: WicMessages) => wic.contact, true],
    ['without the instance', (wic: WicMessages) => `<${wic.contactUri}>`, true],
    ['with its URI written anew', (wic: WicMessages) => `<${wic.contactUri.replace(';transport=ws', '')}>`, true],
    ['of another flow of the device', (wic: WicMessages) => wic.contact.replace('reg-id=1', 'reg-id=2'), false],
    [
      'of another device',
      (wic: WicMessages) => wic.contact.replace(wic.contactUri, 'sip:x@y.invalid').replace(wic.instance, 'urn:x'),
      false,
    ],
  ])('stand when the registrar gives the Contact back %s', (_how, contactOf, stands) => {
    const bench = new Bench();
    const wic = new WicMessages('alice');
    const request = wic.buildRegister();
    const response = createResponse(request, 200);
    response.headers.append('Contact', `${contactOf(wic)};expires=60`);
    bench.registrations.applySuccess(request, response, wic.aor, new FakeHop());
    expect(bench.registrations.size).toBe(stands ? 1 : 0);
  });

  it('keep what the registrar says of them, within bounds', () => {
    const bench = new Bench();
    const wic = new WicMessages('alice');
    const hop = new FakeHop();
    const challenge = createResponse(wic.buildRegister(), 401);
    challenge.headers.append('WWW-Authenticate', 'Digest realm="r", nonce="n"');
    const request = wic.buildRegister({
      headers: { Authorization: 'Digest username="a@b", realm="r", nonce="n", uri="", response="00"' },
    });
    bench.challenges.note(challenge, request, wic.aor, hop);
    const response = createResponse(request, 200);
    response.headers.append('Contact', `${wic.contact};expires=60`);
    for (let i = 0; i < 40; i++) response.headers.append('Service-Route', `<sip:s${i}.example.net;lr>`);
    const [registration] = bench.registrations.applySuccess(request, response, wic.aor, hop);
    expect(registration).toMatchObject({ outbound: true, address: ALICE, login: { username: 'a@b', realm: 'r' } });
    expect(registration?.serviceRoute).toHaveLength(16);
  });

  describe('with the same Contact as those of another user', () => {
    const BOB = 'sip:bob@example.com';

    function contested(): { bench: Bench; alice: WicMessages; hop: FakeHop; owner: () => string | undefined } {
      const bench = new Bench();
      const [alice, hop] = [new WicMessages('alice'), new FakeHop()];
      bench.register(alice, hop);
      bench.registerAs('bob', alice.contactUri, new FakeHop());
      return { bench, alice, hop, owner: () => bench.registrations.ownerOfContact(alice.contactUri) };
    }

    it('do not disturb them, and each is found by its user', () => {
      const { bench, alice, owner } = contested();
      expect(owner()).toBe(ALICE);
      for (const user of [ALICE, BOB]) {
        expect(bench.registrations.findByContact(alice.contactUri, (aor) => aor === user)?.aor).toBe(user);
      }
    });

    it('do not take it over by a refresh, nor while its owner is away', () => {
      const { bench, alice, hop, owner } = contested();
      bench.register(alice, hop);
      expect(owner()).toBe(ALICE);
      bench.registrations.endFlow(hop);
      expect(owner()).toBe(ALICE);
      expect(bench.registrations.findByContact(alice.contactUri, (aor) => aor === ALICE)).toBeUndefined();
      bench.register(alice, new FakeHop());
      expect(owner()).toBe(ALICE);
    });

    it('have it once its owner has let go of it', () => {
      const { bench, alice, hop, owner } = contested();
      bench.register(alice, hop, 0);
      expect(owner()).toBe(BOB);
    });

    it('have it once the registration of its owner has ended, and nothing is left after theirs', () => {
      const { bench, hop, owner } = contested();
      bench.clock.advance(30_000);
      bench.registrations.endFlow(hop);
      bench.clock.advance(30_000);
      expect(owner()).toBe(BOB);
      bench.clock.advance(30_000);
      expect(owner()).toBeUndefined();
    });

    it('have it once its owner has registered its device with another', () => {
      const { bench, alice, hop, owner } = contested();
      bench.registerAs(
        'alice',
        'sip:new@host.invalid',
        hop,
        alice.contact.replace(alice.contactUri, 'sip:new@host.invalid'),
      );
      expect(owner()).toBe(BOB);
      expect(bench.registrations.ownerOfContact('sip:new@host.invalid')).toBe(ALICE);
    });
  });
});
