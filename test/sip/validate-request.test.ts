import { describe, expect, it } from 'vitest';
import { validateRequest } from '../../src/sip/validate-request.ts';
import { inviteText, request } from './sample-messages.ts';

describe('validateRequest', () => {
  it('hands over what every request must have, parsed', () => {
    const result = validateRequest(request(inviteText));
    expect(result).toMatchObject({
      ok: true,
      value: {
        via: { transport: 'WSS', sentBy: { host: 'edge.example.com' } },
        from: { uri: 'sip:alice@example.com' },
        to: { displayName: 'Bob', uri: 'sip:bob@example.com' },
        callId: 'a84b4c76e66710',
        cseq: { sequence: 314159, method: 'INVITE' },
        maxForwards: 70,
      },
    });
  });

  it('lets Max-Forwards be absent', () => {
    const invite = request(inviteText);
    invite.headers.remove('Max-Forwards');
    const result = validateRequest(invite);
    expect(result.ok && 'maxForwards' in result.value).toBe(false);
    expect(result.ok).toBe(true);
  });

  it.each([
    ['Via', 'SIP/2.0 broken', 'malformed-via'],
    ['Via', '', 'malformed-via'],
    ['From', '"unclosed <sip:a@b>', 'malformed-from'],
    ['To', '<sip:a@b', 'malformed-to'],
    ['Call-ID', '', 'malformed-call-id'],
    ['Call-ID', 'a b', 'malformed-call-id'],
    ['CSeq', '1', 'malformed-cseq'],
    ['CSeq', '2147483648 INVITE', 'malformed-cseq'],
    ['CSeq', '1 invite', 'cseq-method-mismatch'],
    ['Max-Forwards', '256', 'malformed-max-forwards'],
    ['Max-Forwards', '-1', 'malformed-max-forwards'],
  ])('finds fault with %s: %s', (name, value, reason) => {
    const invite = request(inviteText);
    invite.headers.set(name, value);
    expect(validateRequest(invite)).toEqual({ ok: false, reason });
  });

  it.each([
    ['Via', 'malformed-via'],
    ['From', 'malformed-from'],
    ['To', 'malformed-to'],
    ['Call-ID', 'malformed-call-id'],
    ['CSeq', 'malformed-cseq'],
  ])('finds fault with a missing %s', (name, reason) => {
    const invite = request(inviteText);
    invite.headers.remove(name);
    expect(validateRequest(invite)).toEqual({ ok: false, reason });
  });

  it.each(['From', 't', 'i', 'CSeq', 'Max-Forwards'])(
    'finds fault with a second %s, on which readers could differ',
    (name) => {
      const invite = request(inviteText);
      invite.headers.append(name, '1');
      expect(validateRequest(invite)).toEqual({ ok: false, reason: 'repeated-header' });
    },
  );
});
