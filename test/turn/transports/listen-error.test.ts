import { expect, it } from 'vitest';
import { relayAddressError, turnListenError } from '../../../src/turn/transports/listen-error.ts';

const at = { family: 6, address: '2001:db8::1', port: 443 } as const;

it.each([
  ['EADDRINUSE', 'ERR_ADDRESS_IN_USE', 'port 443 is in use'],
  ['EADDRNOTAVAIL', 'ERR_ADDRESS_UNAVAILABLE', '2001:db8::1 is no address of this host'],
  ['EAFNOSUPPORT', 'ERR_ADDRESS_UNAVAILABLE', '2001:db8::1 is no address of this host'],
  ['EACCES', 'ERR_PERMISSION_DENIED', 'no permission to bind port 443'],
  ['EMFILE', 'ERR_LISTEN_FAILED', 'could not be opened'],
])('turns %s into %s and one line that names the listener', (systemCode, code, text) => {
  const cause = Object.assign(new Error('bind'), { code: systemCode });
  const error = turnListenError('tls', at, cause);
  expect(error.code).toBe(code);
  expect(error.cause).toBe(cause);
  expect(error.message).toMatch(/^TURN tls listener \[2001:db8::1\]:443: [^\n]+$/);
  expect(error.message).toContain(text);
  expect(error.message).toContain(systemCode);
});

it.each([
  ['EADDRNOTAVAIL', 'ERR_ADDRESS_UNAVAILABLE', '192.0.2.7 is no address of this host'],
  ['EMFILE', 'ERR_LISTEN_FAILED', '192.0.2.7 could not be opened'],
])('turns %s of a relay address into %s and one line that names the key', (systemCode, code, text) => {
  const error = relayAddressError('192.0.2.7', Object.assign(new Error('bind'), { code: systemCode }));
  expect(error.code).toBe(code);
  expect(error.message).toMatch(/^turn\.relay\.addresses: [^\n]+$/);
  expect(error.message).toContain(text);
});
