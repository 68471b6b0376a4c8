import { silentLogger } from '../../../../src/base/logger.ts';
import { ObeyCore } from '../../../../src/edge/reg-event/obey-core.ts';
import { RegistrationWatch } from '../../../../src/edge/reg-event/registration-watch.ts';
import { RejectedUsers } from '../../../../src/edge/registration/rejected-users.ts';
import { Registrations } from '../../../../src/edge/registration/registrations.ts';
import { createResponse } from '../../../../src/sip/create-response.ts';
import { type SipRequest, type SipResponse } from '../../../../src/sip/message.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { type FakeHop } from '../../support/fake-hop.ts';
import { RecordedEvents } from '../../support/recorded-events.ts';
import { type WicMessages } from '../../support/wic.ts';

/** The watch over registrations before a core whose answers a test writes. */
export class WatchBench {
  readonly clock = new FakeClock();
  readonly events = new RecordedEvents();
  readonly lines: string[] = [];
  readonly closed: string[] = [];
  readonly sent: { readonly request: SipRequest; readonly onFinal: (response: SipResponse) => void }[] = [];
  readonly registrations = new Registrations({
    handleOf: (id) => id,
    clock: this.clock,
    timers: this.clock.timers,
    maxLapsed: 10,
    maxPerFlow: 10,
  });
  readonly watch: RegistrationWatch;

  constructor(mode: 'auto' | 'on' = 'auto') {
    const { clock, registrations, events } = this;
    const keep = (_fields: object, message: string): void => void this.lines.push(message);
    const ports = { clock, timers: clock.timers, registrations };
    const obey = new ObeyCore({
      ...ports,
      rejected: new RejectedUsers(clock),
      closeFlow: (_hop, cause) => this.closed.push(cause),
      partingMs: 32_000,
    });
    this.watch = new RegistrationWatch({
      ...ports,
      mode,
      logger: { ...silentLogger, info: keep, warn: keep },
      events,
      obey,
      send: (request, onFinal) => this.sent.push({ request, onFinal }),
      self: () => ({ host: '192.0.2.1', port: 5060 }),
    });
    registrations.observe(this.watch);
  }

  /** `identities`: what the core says that the user may speak as; the default one first. */
  register(wic: WicMessages, hop: FakeHop, { identities = [wic.aor], expires = 7200, path = 'token' } = {}): void {
    const request = wic.buildRegister({ expires });
    const response = createResponse(request, 200);
    if (expires > 0) response.headers.append('Contact', request.headers.get('Contact')!);
    response.headers.append('Path', `<sip:${path}@192.0.2.1:5060;lr>`);
    response.headers.append('P-Associated-URI', identities.map((uri) => `<${uri}>`).join(', '));
    this.registrations.applySuccess(request, response, wic.aor, hop);
  }

  /** Answers the last SUBSCRIBE. */
  answer(status: number): void {
    const { request, onFinal } = this.sent.at(-1)!;
    const response = createResponse(request, status, { toTag: 't' });
    response.headers.append('Contact', '<sip:scscf.example.com>');
    onFinal(response);
  }

  /** Those that were sent since the last look: to whom, and for how long. */
  take(): string[] {
    return this.sent
      .splice(0)
      .map(({ request: { headers } }) => `${/sip:\w+/.exec(headers.get('To')!)![0]} ${headers.get('Expires')}`);
  }
}
