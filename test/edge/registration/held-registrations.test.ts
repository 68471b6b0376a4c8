import { describe, expect, it } from 'vitest';
import { Deregistrations } from '../../../src/edge/registration/deregistration.ts';
import { Registrations } from '../../../src/edge/registration/registrations.ts';
import { createResponse } from '../../../src/sip/create-response.ts';
import { formatSipMessage } from '../../../src/sip/format-message.ts';
import { type SipRequest } from '../../../src/sip/message.ts';
import { parseSipMessage } from '../../../src/sip/parse-message.ts';
import { heldPerMessage, LITTLE, MESSAGE_LENGTH } from '../../base/held-per-message.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { FakeHop } from '../support/fake-hop.ts';
import { WicMessages } from '../support/wic.ts';

const ANY = { maxHeaders: 100, maxLineBytes: 65_536 };

/** As it comes from a socket. */
function received(request: SipRequest): SipRequest {
  const parsed = parseSipMessage(Buffer.from(formatSipMessage(request)), ANY);
  if (!parsed.ok || parsed.value.kind !== 'request') throw new Error('expected a request');
  return parsed.value;
}

class Bench {
  readonly clock = new FakeClock();
  readonly deregistrations: Deregistrations;
  readonly registrations: Registrations;

  constructor() {
    const { clock } = this;
    const { timers } = clock;
    this.deregistrations = new Deregistrations({
      afterSec: () => 20,
      clock,
      timers,
      send: () => undefined,
      ended: () => undefined,
    });
    this.registrations = new Registrations({
      handleOf: (registrationId) => `handle of ${registrationId}`,
      clock,
      timers,
      maxLapsed: 100_000,
      maxPerFlow: 16,
    });
    this.registrations.observe({
      unregistered: (registration) => {
        this.deregistrations.unregistered(registration, 'flow-closed');
      },
    });
  }

  register(wic: WicMessages, hop: FakeHop): void {
    const request = received(wic.buildRegister({ headers: { 'X-Padding': 'x'.repeat(MESSAGE_LENGTH) } }));
    const response = createResponse(request, 200);
    response.headers.append('Contact', request.headers.get('Contact') ?? '');
    this.registrations.applySuccess(request, response, wic.aor, hop);
  }
}

describe('of a REGISTER', () => {
  it('a registration that stands holds no more than what it says itself', () => {
    const bench = new Bench();
    const held = heldPerMessage(() => {
      const hop = new FakeHop();
      bench.register(new WicMessages('alice'), hop);
      return hop;
    });
    expect(held).toBeLessThan(5 * LITTLE);
    expect(bench.registrations.size).toBeGreaterThan(0);
  });

  it('one that has lapsed and waits for its de-registration holds less than two kilobytes', () => {
    const bench = new Bench();
    const held = heldPerMessage(() => {
      const hop = new FakeHop();
      bench.register(new WicMessages('alice'), hop);
      bench.registrations.endFlow(hop);
    });
    expect(held).toBeLessThan(2 * LITTLE);
    expect(bench.deregistrations.size).toBeGreaterThan(0);
  });
});
