import { describe, expect, it } from 'vitest';
import { silentLogger } from '../../../../src/base/logger.ts';
import { CoreBorder } from '../../../../src/edge/border/core-border.ts';
import { deregisterLost } from '../../../../src/edge/core/external/deregister-lost.ts';
import { FlowTokens } from '../../../../src/edge/flow/flow-token.ts';
import { HomeDomain } from '../../../../src/edge/home-domain.ts';
import { type Deregistrations } from '../../../../src/edge/registration/deregistration.ts';
import { reportRegistrations } from '../../../../src/edge/registration/report-registrations.ts';
import { PassedChallenges } from '../../../../src/edge/registration/passed-challenges.ts';
import { Registrations } from '../../../../src/edge/registration/registrations.ts';
import { createResponse } from '../../../../src/sip/create-response.ts';
import { type SipRequest, type SipResponse } from '../../../../src/sip/message.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { FakeHop } from '../../support/fake-hop.ts';
import { FakeIssuer } from '../../support/fake-issuer.ts';
import { RecordedEvents } from '../../support/recorded-events.ts';
import { WicMessages } from '../../support/wic.ts';

const PROOF = 'Digest username="alice@example.com", realm="ims", nonce="n", uri="sip:example.com", response="00"';

class Bench {
  readonly clock = new FakeClock();
  readonly issuer = new FakeIssuer();
  readonly tokens = new FlowTokens();
  readonly challenges = new PassedChallenges();
  readonly sent: { readonly request: SipRequest; readonly onFinal: (response: SipResponse) => void }[] = [];
  readonly registrations: Registrations;
  readonly deregistrations: Deregistrations;
  readonly hop = new FakeHop();

  constructor() {
    const { clock, tokens, challenges, issuer } = this;
    const home = new HomeDomain('example.com');
    const { timers } = clock;
    const listen = { addresses: ['192.0.2.7'], port: 5060, tlsPort: undefined, publicHost: undefined };
    const handleOf = (registrationId: string): string => tokens.handleOf(registrationId);
    const registrations = new Registrations({ handleOf, challenges, clock, timers, maxLapsed: 2, maxPerFlow: 16 });
    registrations.observe(
      reportRegistrations({ events: new RecordedEvents(), logger: silentLogger, issuers: [issuer] }),
    );
    const options = { listen, visitedNetworkId: undefined, accessNetworkInfo: undefined };
    const border = new CoreBorder({ options, home, registrations, challenges, tokens });
    const coreSide = {
      addresses: [{ transport: 'tcp', address: '192.0.2.7', port: 5060 }] as const,
      sendRequest: (request: SipRequest, onFinal: (response: SipResponse) => void) => {
        this.sent.push({ request, onFinal });
      },
    };
    this.registrations = registrations;
    this.deregistrations = deregisterLost({
      options,
      afterSec: () => 20,
      namesEntity: true,
      border,
      home,
      registrations,
      clock,
      timers,
      coreSide,
    });
    registrations.observe(this.deregistrations);
  }

  register(wic: WicMessages, hop: FakeHop, expires = 600): void {
    const challenge = createResponse(wic.buildRegister(), 401);
    challenge.headers.append('WWW-Authenticate', 'Digest realm="ims", nonce="n"');
    const request = wic.buildRegister({ headers: { Authorization: PROOF } });
    this.challenges.note(challenge, request, wic.aor, hop);
    const response = createResponse(request, 200);
    if (expires > 0) response.headers.append('Contact', `${wic.contact};expires=${expires}`);
    this.registrations.applySuccess(request, response, wic.aor, hop);
  }
}

describe('a client that has lost its connection', () => {
  it('is de-registered after a while by a REGISTER that the core can place', () => {
    const bench = new Bench();
    const alice = new WicMessages('alice');
    bench.register(alice, bench.hop);
    bench.registrations.endFlow(bench.hop);
    bench.clock.advance(19_999);
    expect(bench.sent).toEqual([]);
    bench.clock.advance(1);
    expect(bench.sent).toHaveLength(1);
    const { uri, headers } = bench.sent[0]!.request;
    const names = ['To', 'Contact', 'Expires', 'Supported', 'Require', 'P-Visited-Network-ID'];
    expect([uri, ...names.map((name) => headers.get(name))]).toEqual([
      'sip:example.com',
      '<sip:alice@example.com>',
      `<${alice.contactUri}>;+sip.instance="<${alice.instance}>";reg-id=1;expires=0`,
      '0',
      'path, outbound',
      'path',
      '"example.com"',
    ]);
    expect(headers.get('Path')).toMatch(/^<sip:[\w-]{64}@192\.0\.2\.7:5060;transport=tcp;lr;ob>$/);
    expect(headers.get('Authorization')).toBe(
      'Digest username="alice@example.com", realm="ims", uri="sip:example.com", nonce="", response="", integrity-protected="tls-yes"',
    );
  });

  it('is de-registered with the number after its last, so that one that has registered elsewhere since stays registered', () => {
    const bench = new Bench();
    const alice = new WicMessages('alice');
    bench.register(alice, bench.hop);
    bench.register(alice, bench.hop);
    bench.registrations.endFlow(bench.hop);
    bench.clock.advance(20_000);
    const next = alice.buildRegister();
    for (const name of ['Call-ID', 'CSeq']) {
      expect(bench.sent[0]!.request.headers.get(name)).toBe(next.headers.get(name));
    }
  });

  it('is not de-registered once the edge sends its clients elsewhere', () => {
    const bench = new Bench();
    const other = new FakeHop();
    bench.register(new WicMessages('alice'), bench.hop);
    bench.register(new WicMessages('bob'), other);
    bench.registrations.endFlow(bench.hop);
    bench.deregistrations.stop();
    bench.registrations.endFlow(other);
    bench.clock.advance(60_000);
    expect(bench.sent).toEqual([]);
  });

  it.each([
    [200, true],
    [404, true],
    [401, false],
    [503, false],
  ])('has its credential taken back after a %i: %s', (status, isReleased) => {
    const bench = new Bench();
    bench.register(new WicMessages('alice'), bench.hop);
    bench.registrations.endFlow(bench.hop);
    bench.clock.advance(20_000);
    const [sent] = bench.sent;
    sent!.onFinal(createResponse(sent!.request, status));
    expect(bench.issuer.released.length).toBe(isReleased ? 1 : 0);
  });

  it('and is back in time is not de-registered, nor when it comes back while the core is being told', () => {
    const bench = new Bench();
    const alice = new WicMessages('alice');
    bench.register(alice, bench.hop);
    bench.registrations.endFlow(bench.hop);
    bench.clock.advance(10_000);
    const [second, third] = [new FakeHop(), new FakeHop()];
    bench.register(alice, second);
    bench.clock.advance(60_000);
    expect(bench.sent).toEqual([]);
    bench.registrations.endFlow(second);
    bench.clock.advance(20_000);
    bench.register(alice, third);
    bench.sent[0]!.onFinal(createResponse(bench.sent[0]!.request, 200));
    expect(bench.registrations.of(third)).toHaveLength(1);
    expect(bench.issuer.released).toEqual([]);
  });

  it('leaves no ghost when its page was loaded anew, as another device by the look of it', () => {
    const bench = new Bench();
    const [before, after] = [new WicMessages('alice'), new WicMessages('alice')];
    bench.register(before, bench.hop);
    bench.register(after, new FakeHop());
    bench.registrations.endFlow(bench.hop);
    bench.clock.advance(20_000);
    expect(bench.sent.map(({ request }) => request.headers.get('Contact'))).toEqual([
      expect.stringContaining(before.contactUri),
    ]);
    expect(bench.registrations.size).toBe(1);
  });

  it('is left alone when it has gone by itself, or its registration runs out before', () => {
    const bench = new Bench();
    const [alice, bob] = [new WicMessages('alice'), new WicMessages('bob')];
    bench.register(alice, bench.hop);
    bench.register(alice, bench.hop, 0);
    bench.register(bob, bench.hop, 15);
    bench.registrations.endFlow(bench.hop);
    bench.clock.advance(60_000);
    expect([bench.sent, bench.deregistrations.size, bench.clock.timers.size]).toEqual([[], 0, 0]);
  });

  it('is left to the core where it has written more than anybody needs to', () => {
    const bench = new Bench();
    const request = new WicMessages('alice').buildRegister({
      contact: `<sip:${'a'.repeat(700)}@x.invalid>;expires=600`,
    });
    const response = createResponse(request, 200);
    response.headers.append('Contact', request.headers.get('Contact')!);
    bench.registrations.applySuccess(request, response, 'sip:alice@example.com', bench.hop);
    expect(bench.registrations.size).toBe(1);
    bench.registrations.endFlow(bench.hop);
    expect(bench.deregistrations.size).toBe(0);
  });

  it('waits among no more than are remembered', () => {
    const bench = new Bench();
    for (let i = 0; i < 10; i++) {
      const hop = new FakeHop();
      bench.register(new WicMessages('alice'), hop);
      bench.registrations.endFlow(hop);
    }
    expect(bench.deregistrations.size).toBe(2);
  });
});
