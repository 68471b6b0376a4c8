import { describe, expect, it } from 'vitest';
import { NO_BODY, SipHeaders } from '../../src/sip/message.ts';
import { inviteText, request } from './sample-messages.ts';
import { formatText } from './message-text.ts';

describe('formatSipMessage', () => {
  it('sets Content-Length to the UTF-8 bytes of the body, in the place and spelling it had', () => {
    const message = request(inviteText.replace('Content-Length: 7', 'l: 7'));
    message.body = Buffer.from('€');
    expect(formatText(message)).toBe(inviteText.replace('Content-Length: 7', 'l: 3').replace('v=0 ä\n', '€'));
    expect(message.headers.get('Content-Length')).toBe('7');
  });

  it('adds Content-Length when there is none and writes one when there are several', () => {
    const headers = new SipHeaders();
    expect(formatText({ kind: 'response', status: 200, reason: 'OK', headers, body: Buffer.from('ab') })).toBe(
      'SIP/2.0 200 OK\r\nContent-Length: 2\r\n\r\nab',
    );
    headers.append('Content-Length', '9');
    headers.append('X', 'y');
    headers.append('l', '8');
    expect(formatText({ kind: 'response', status: 200, reason: 'OK', headers, body: NO_BODY })).toBe(
      'SIP/2.0 200 OK\r\nContent-Length: 0\r\nX: y\r\n\r\n',
    );
  });

  it.each(['sip:a SIP/2.0\r\nEvil: x', 'sip:a\nb', 'sip:a\r'])('refuses to write the Request-URI %j', (uri) => {
    const message = request(inviteText);
    message.uri = uri;
    expect(() => formatText(message)).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARGUMENT' }) as Error);
  });
});
