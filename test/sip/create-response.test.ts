import { describe, expect, it } from 'vitest';
import { createResponse } from '../../src/sip/create-response.ts';
import { reasonPhrase } from '../../src/sip/status.ts';
import { inviteText, registerText, request } from './sample-messages.ts';
import { NO_BODY } from '../../src/sip/message.ts';

describe('createResponse', () => {
  it('copies every Via in order, From, To, Call-ID and CSeq, and nothing else', () => {
    const answer = createResponse(request(inviteText), 486, { toTag: 'mine' });
    expect(answer).toMatchObject({ kind: 'response', status: 486, reason: 'Busy Here', body: NO_BODY });
    expect([...answer.headers.entries()]).toEqual([
      ['Via', 'SIP/2.0/WSS edge.example.com;branch=z9hG4bKtop;rport, SIP/2.0/WSS x.invalid;branch=z9hG4bKclient'],
      ['Via', 'SIP/2.0/WSS y.invalid;branch=z9hG4bKthird'],
      ['From', '<sip:alice@example.com>;tag=1928301774'],
      ['To', 'Bob <sip:bob@example.com>;tag=mine'],
      ['Call-ID', 'a84b4c76e66710'],
      ['CSeq', '314159 INVITE'],
    ]);
  });

  it.each([
    [180, true],
    [200, true],
    [100, false],
    [302, false],
    [486, false],
  ])('copies Record-Route into a %d of an INVITE: %s', (status, copied) => {
    expect(createResponse(request(inviteText), status).headers.has('Record-Route')).toBe(copied);
  });

  it('copies no Record-Route into the answer to a REGISTER', () => {
    const register = request(registerText);
    register.headers.append('Record-Route', '<sip:edge.example.com;lr>');
    expect(createResponse(register, 200).headers.has('Record-Route')).toBe(false);
  });

  it('gives a 100 no tag, but the Timestamp', () => {
    const invite = request(inviteText);
    invite.headers.append('Timestamp', '54');
    const answer = createResponse(invite, 100);
    expect(answer.headers.get('To')).toBe('Bob <sip:bob@example.com>');
    expect(answer.headers.get('Timestamp')).toBe('54');
    expect(createResponse(invite, 200).headers.has('Timestamp')).toBe(false);
  });

  it('keeps the tag that a To has, and makes a fresh one when none is given', () => {
    const invite = request(inviteText);
    const tags = [1, 2].map(() => createResponse(invite, 200).headers.get('To'));
    expect(tags[0]).toMatch(/^Bob <sip:bob@example\.com>;tag=[\w-]{12}$/);
    expect(tags[0]).not.toBe(tags[1]);
    invite.headers.set('To', '<sip:bob@example.com;tag=no>;TAG=yes');
    expect(createResponse(invite, 200, { toTag: 'mine' }).headers.get('To')).toBe(
      '<sip:bob@example.com;tag=no>;TAG=yes',
    );
  });

  it('answers a request that lacks everything', () => {
    const answer = createResponse(request('INVITE sip:a SIP/2.0\r\nVia: x\r\n\r\n'), 400, { reason: 'No From' });
    expect([answer.reason, [...answer.headers.entries()]]).toEqual(['No From', [['Via', 'x']]]);
  });
});

describe('reasonPhrase', () => {
  it.each([
    [200, 'OK'],
    [423, 'Interval Too Brief'],
    [299, 'OK'],
    [499, 'Bad Request'],
    [699, 'Busy Everywhere'],
    [42, 'Unknown'],
  ])('of %d is %s', (status, phrase) => {
    expect(reasonPhrase(status)).toBe(phrase);
  });
});
