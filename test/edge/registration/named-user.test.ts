import { describe, expect, it } from 'vitest';
import { findNamedUser } from '../../../src/edge/registration/named-user.ts';
import { Registrations } from '../../../src/edge/registration/registrations.ts';
import { registrationIdOf } from '../../../src/edge/registration/registration-id.ts';
import { createResponse } from '../../../src/sip/create-response.ts';
import { ownText } from '../../../src/base/own-text.ts';
import { type WebLogin } from '../../../src/edge/registration/web-login.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { FakeHop } from '../support/fake-hop.ts';
import { WicMessages } from '../support/wic.ts';

function table() {
  const clock = new FakeClock();
  return new Registrations({
    handleOf: (registrationId) => `handle of ${registrationId}`,
    clock,
    timers: clock.timers,
    maxLapsed: 10,
    maxPerFlow: 16,
  });
}

interface Registered {
  readonly associated?: readonly string[];
  readonly impi?: string;
}

function register(registrations: Registrations, user: string, { associated = [], impi }: Registered = {}): FakeHop {
  const hop = new FakeHop();
  const wic = new WicMessages(user);
  const request = wic.buildRegister();
  const response = createResponse(request, 200);
  response.headers.append('Contact', `${wic.contact};expires=60`);
  for (const uri of associated) response.headers.append('P-Associated-URI', uri);
  const webLogin = impi === undefined ? undefined : loginOf(impi);
  registrations.applySuccess(request, response, wic.aor, hop, webLogin);
  return hop;
}

function loginOf(impi: string): WebLogin {
  return { impi: ownText(impi), entity: ownText('waf'), expiresAtSec: 4_000_000_000, isPool: false };
}

function found(registrations: Registrations, text: string) {
  const { persons, registrationIds } = findNamedUser(text, 'example.com', registrations);
  return { persons, devices: registrationIds.length };
}

describe('whom an operator means', () => {
  it.each(['alice', 'Alice', 'alice@example.com', 'sip:alice@example.com', 'sips:alice@EXAMPLE.com;transport=ws'])(
    '%s is the user of that address-of-record',
    (text) => {
      const registrations = table();
      register(registrations, 'alice');
      register(registrations, 'bob');
      const { persons, devices } = found(registrations, text);
      expect(persons).toContain('sip:alice@example.com');
      expect(persons).not.toContain('sip:bob@example.com');
      expect(devices).toBe(1);
    },
  );

  it.each(['+49 30 1234'.replaceAll(' ', '-'), 'tel:+49301234', 'sip:alice@example.com', 'sip:boss@example.com'])(
    '%s is the user of whom the core says so, whose default identity issuers know',
    (text) => {
      const registrations = table();
      register(registrations, 'alice', { associated: ['<sip:Boss@example.com>', '<tel:+49301234>'] });
      const { persons, devices } = found(registrations, text);
      expect(persons).toContain('sip:boss@example.com');
      expect(devices).toBe(1);
    },
  );

  it.each(['a.private', 'a.private@example.com'])('%s is the user with that private identity', (text) => {
    const registrations = table();
    register(registrations, 'alice', { impi: 'a.private@example.com' });
    const { persons, devices } = found(registrations, text);
    expect(persons).toContain('sip:alice@example.com');
    expect(devices).toBe(1);
  });

  it('a device that has lost its WebSocket is still one of the user', () => {
    const registrations = table();
    const hop = register(registrations, 'alice');
    registrations.endFlow(hop);
    const { registrationIds } = findNamedUser('alice', 'example.com', registrations);
    expect(registrationIds).toEqual(registrations.lapsed.map(({ registrationId }) => registrationId));
    expect(registrationIds[0]).toHaveLength(registrationIdOf('', '').length);
  });

  it.each(['mallory', '', 'sip:', '@', '%', '\0', 'tel:', '+'])('%j is nobody who has registered', (text) => {
    const registrations = table();
    register(registrations, 'alice');
    expect(found(registrations, text).devices).toBe(0);
  });
});
