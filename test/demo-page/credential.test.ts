import { describe, expect, it } from 'vitest';
import { credentialIn, iceConfiguration, maskSecrets } from '../../src/demo-page/credential.ts';

const NOW_MS = 1_800_000_000_000;
const MESSAGE = [
  'SIP/2.0 200 OK',
  'Via: SIP/2.0/WSS a.invalid;branch=z9hG4bK1',
  'CSeq: 2 REGISTER',
  'TURN-Cred-Rsp: name="u1";pwd="c2VjcmV0";lifetime=1800000600;ttl=600;uris="turn:r:1?transport=udp turns:r:2?transport=tcp"',
  'TURN-Username: 1800000600:u1',
  'TURN-Password: c2VjcmV0',
  'Authorization: Digest username="alice", response="0123456789abcdef", nonce="n"',
  '',
  'TURN-Password: of the body',
].join('\r\n');

describe('the credential of a SIP message', () => {
  it('ends by its ttl, whatever the clock of the browser says', () => {
    expect(credentialIn(MESSAGE, NOW_MS + 5000)).toEqual({
      username: '1800000600:u1',
      password: 'c2VjcmV0',
      uris: ['turn:r:1?transport=udp', 'turns:r:2?transport=tcp'],
      receivedAtMs: NOW_MS + 5000,
      endsAtMs: NOW_MS + 605_000,
    });
  });

  it.each([
    ['an answer without one', 'SIP/2.0 200 OK\r\nCSeq: 1 INVITE\r\n\r\n'],
    ['a refusal', 'SIP/2.0 200 OK\r\nTURN-Cred-Rsp: error=quota\r\n\r\n'],
    [
      'a body that looks like one',
      'MESSAGE sip:a SIP/2.0\r\n\r\nTURN-Username: 1:u\r\nTURN-Password: p\r\nTURN-Lifetime: 1\r\n',
    ],
    ['nothing at all', ''],
  ])('is not seen in %s', (_what, message) => {
    expect(credentialIn(message, NOW_MS)).toBeUndefined();
  });
});

it('a message is shown without passwords and digest responses, and otherwise as it is', () => {
  const shown = maskSecrets(MESSAGE);
  expect(shown).not.toContain('c2VjcmV0');
  expect(shown).not.toContain('0123456789abcdef');
  expect(shown).toContain('pwd="••••••";lifetime=1800000600');
  expect(shown).toContain('response="••••••", nonce="n"');
  expect(shown.split('\r\n')).toHaveLength(MESSAGE.split('\r\n').length);
});

it('shows no registration token, by which anybody could register', () => {
  for (const name of ['Authorization', 'Proxy-Authorization', 'authorization']) {
    expect(maskSecrets(`REGISTER sip:h SIP/2.0\r\n${name}: Bearer aaa.bbb-c_c.ddd\r\nTo: <sip:a@h>\r\n\r\n`)).toBe(
      `REGISTER sip:h SIP/2.0\r\n${name}: Bearer ••••••\r\nTo: <sip:a@h>\r\n\r\n`,
    );
  }
});

describe('what a call gives to its connection', () => {
  const urls = ['turn:r:1?transport=udp', 'turn:r:1?transport=tcp', 'turns:r:2?transport=tcp'];
  const server = { urls, username: 'u', credential: 'p' };

  it.each([
    ['all', urls],
    ['udp', ['turn:r:1?transport=udp']],
    ['tcp', ['turn:r:1?transport=tcp']],
    ['tls', ['turns:r:2?transport=tcp']],
  ] as const)('is the servers of the chosen transport: %s', (transport, kept) => {
    expect(iceConfiguration([server], transport, true)).toEqual({
      iceServers: [{ ...server, urls: kept }],
      iceTransportPolicy: 'relay',
    });
  });

  it('is no server where none fits', () => {
    expect(iceConfiguration([{ ...server, urls: urls.slice(0, 1) }], 'tls', false)).toEqual({
      iceServers: [],
      iceTransportPolicy: 'all',
    });
  });
});
