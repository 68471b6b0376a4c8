import { describe, expect, it } from 'vitest';
import { Registrations } from '../../../src/edge/registration/registrations.ts';
import { type Registration } from '../../../src/edge/registration/registration.ts';
import { createIdentity } from '../../../src/edge/registration/identity.ts';
import { createResponse } from '../../../src/sip/create-response.ts';
import { type SipRequest } from '../../../src/sip/message.ts';
import { parseSipMessage } from '../../../src/sip/parse-message.ts';
import { unwrap } from '../../support/unwrap.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { FakeHop } from '../support/fake-hop.ts';

const AOR = 'sip:alice@example.com';
const CONTACT = '<sip:abc@h.invalid;transport=ws>;+sip.instance="<urn:uuid:1>";reg-id=1';

interface Answer {
  readonly expires?: number;
  readonly associated?: string;
  readonly temporary?: string;
  readonly more?: string;
}

/** A client that writes the same REGISTER over and over, and what a registrar makes of it. */
class Client {
  readonly clock = new FakeClock();
  readonly log: string[] = [];
  readonly hop = new FakeHop();
  readonly registrations = new Registrations({
    handleOf: (registrationId) => `handle of ${registrationId}`,
    clock: this.clock,
    timers: this.clock.timers,
    maxLapsed: 2,
    maxPerFlow: 16,
  });
  #sequence = 0;

  constructor() {
    this.registrations.observe({
      registered: ({ grantedExpiresSec }, refresh) =>
        this.log.push(`${refresh ? 'refreshed' : 'registered'} ${grantedExpiresSec}`),
      unregistered: (_registration, cause) => this.log.push(cause),
    });
  }

  register({ expires = 60, associated, temporary, more = '' }: Answer = {}, hop = this.hop): Registration | undefined {
    const request = this.#request(hop);
    const response = createResponse(request, 200);
    const gruus = temporary === undefined ? '' : `;pub-gruu="${AOR};gr=1";temp-gruu="${temporary}"`;
    response.headers.append('Contact', `${CONTACT};expires=${expires}${gruus}${more}`);
    if (associated !== undefined) response.headers.append('P-Associated-URI', associated);
    const [registration] = this.registrations.applySuccess(request, response, AOR, hop);
    return registration;
  }

  #request(hop: FakeHop): SipRequest {
    const text =
      `REGISTER sip:example.com SIP/2.0\r\nVia: SIP/2.0/WSS h.invalid;branch=z9hG4bK${this.#sequence}\r\n` +
      `From: <${AOR}>;tag=1\r\nTo: <${AOR}>\r\nCall-ID: 1\r\nCSeq: ${++this.#sequence} REGISTER\r\n` +
      `Contact: ${CONTACT};expires=60\r\nSupported: outbound, gruu\r\nContent-Length: 0\r\n\r\n`;
    const limits = { maxHeaders: 32, maxLineBytes: 1000 };
    return unwrap(parseSipMessage(Buffer.from(text), limits, hop.memory)) as SipRequest;
  }
}

describe('a REGISTER that is the same once more, and so is its answer', () => {
  it('makes nothing new: the registration that stands ends later and has the CSeq of the refresh', () => {
    const client = new Client();
    client.register();
    client.clock.advance(10_000);
    const second = client.register();
    client.clock.advance(10_000);
    const third = client.register();
    expect(third).toBe(second);
    expect(third).toMatchObject({ cseq: 3, expiresAtMs: client.clock.now().monotonicMs + 60_000 });
    expect(client.log).toEqual(['registered 60', 'refreshed 60', 'refreshed 60']);
    client.clock.advance(59_999);
    expect(client.registrations.size).toBe(1);
    client.clock.advance(1);
    expect(client.registrations.size).toBe(0);
    expect(client.log.at(-1)).toBe('expired');
  });

  it('is the same with another temporary GRUU in the answer', () => {
    const client = new Client();
    client.register({ temporary: 'sip:tgruu.1@example.com;gr' });
    const second = client.register({ temporary: 'sip:tgruu.2@example.com;gr' });
    expect(client.register({ temporary: 'sip:tgruu.3@example.com;gr' })).toBe(second);
  });
});

describe('what a registrar says otherwise is followed, though the REGISTER is the same', () => {
  it('of the time', () => {
    const client = new Client();
    for (const expires of [60, 60, 60, 45]) client.register({ expires });
    expect(client.registrations.first(client.hop)?.grantedExpiresSec).toBe(45);
    expect(client.log.at(-1)).toBe('refreshed 45');
  });

  it('of the time, where that stands behind a temporary GRUU', () => {
    const client = new Client();
    for (const expires of [60, 60, 60, 45]) {
      client.register({ expires: 30, temporary: 'sip:tgruu.1@example.com;gr', more: `;x=1` });
      client.register({ expires, temporary: 'sip:tgruu.1@example.com;gr', more: `;x="${expires}"` });
    }
    expect(client.registrations.first(client.hop)?.grantedExpiresSec).toBe(45);
  });

  it('of the identities, also when they come and go', () => {
    const client = new Client();
    const values = (): string[] | undefined =>
      client.registrations.first(client.hop)?.identities.map(({ value }) => value);
    for (let i = 0; i < 3; i++) client.register();
    client.register({ associated: '<sip:a@example.com>, <sip:b@example.com>' });
    expect(values()).toEqual(['<sip:a@example.com>', '<sip:b@example.com>']);
    client.register();
    expect(values()).toEqual([`<${AOR}>`]);
  });

  it('after it was amended in between', () => {
    const client = new Client();
    for (let i = 0; i < 3; i++) client.register();
    const id = client.registrations.first(client.hop)?.registrationId ?? '';
    client.registrations.amend(id, { identities: [createIdentity('sip:z@example.com') as never] });
    client.register();
    expect(client.registrations.first(client.hop)?.identities[0]?.value).toBe(`<${AOR}>`);
  });
});

it('a refresh of what has ended meanwhile is a new registration', () => {
  const client = new Client();
  for (let i = 0; i < 3; i++) client.register();
  client.registrations.end(client.registrations.first(client.hop)?.registrationId ?? '', 'operator');
  client.register();
  client.register();
  expect(client.log.slice(-3)).toEqual(['operator', 'registered 60', 'refreshed 60']);
});

it('a refresh over the flow that another one has taken the registration from takes it back', () => {
  const client = new Client();
  const other = new FakeHop();
  for (let i = 0; i < 3; i++) client.register();
  for (let i = 0; i < 3; i++) client.register({}, other);
  client.register();
  expect([client.registrations.count(client.hop), client.registrations.count(other)]).toEqual([1, 0]);
  expect(client.log.slice(-2)).toEqual(['replaced', 'registered 60']);
});
