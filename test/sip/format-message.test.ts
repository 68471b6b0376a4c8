import { describe, expect, it } from 'vitest';
import { formatSipMessage } from '../../src/sip/format-message.ts';
import { SipHeaders } from '../../src/sip/message.ts';
import { inviteText, request } from './sample-messages.ts';

describe('formatSipMessage', () => {
  it('sets Content-Length to the UTF-8 bytes of the body, in the place and spelling it had', () => {
    const message = request(inviteText.replace('Content-Length: 7', 'l: 7'));
    message.body = '€';
    expect(formatSipMessage(message)).toBe(inviteText.replace('Content-Length: 7', 'l: 3').replace('v=0 ä\n', '€'));
    expect(message.headers.get('Content-Length')).toBe('7');
  });

  it('adds Content-Length when there is none and writes one when there are several', () => {
    const headers = new SipHeaders();
    expect(formatSipMessage({ kind: 'response', status: 200, reason: 'OK', headers, body: 'ab' })).toBe(
      'SIP/2.0 200 OK\r\nContent-Length: 2\r\n\r\nab',
    );
    headers.append('Content-Length', '9');
    headers.append('X', 'y');
    headers.append('l', '8');
    expect(formatSipMessage({ kind: 'response', status: 200, reason: 'OK', headers, body: '' })).toBe(
      'SIP/2.0 200 OK\r\nContent-Length: 0\r\nX: y\r\n\r\n',
    );
  });

  it.each(['sip:a SIP/2.0\r\nEvil: x', 'sip:a\nb', 'sip:a\r'])('refuses to write the Request-URI %j', (uri) => {
    const message = request(inviteText);
    message.uri = uri;
    expect(() => formatSipMessage(message)).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARGUMENT' }) as Error);
  });
});
