import { describe, expect, it } from 'vitest';
import { createResponse } from '../../../src/sip/create-response.ts';
import { createAck, createCancel } from '../../../src/sip/hop-requests.ts';
import { type SipRequest } from '../../../src/sip/message.ts';
import { clientTransactionKey, serverTransactionKey } from '../../../src/sip/transaction/transaction-key.ts';
import { topVia } from '../../../src/sip/via.ts';
import { requestOf } from './harness.ts';

function withVia(via: string): string | undefined {
  const request = requestOf('INVITE');
  request.headers.set('Via', via);
  return keyOf(request);
}

function keyOf(request: SipRequest, method = request.method): string | undefined {
  const via = topVia(request.headers);
  return via && serverTransactionKey(method, via);
}

describe('serverTransactionKey', () => {
  it('is the same for an INVITE, the ACK of its failure, and its CANCEL when that asks for the INVITE', () => {
    const invite = requestOf('INVITE');
    const key = keyOf(invite);
    expect(key).toBe('INVITE x.invalid z9hG4bKabc');
    expect(keyOf(createAck(invite, createResponse(invite, 486)))).toBe(key);
    const cancel = createCancel(invite);
    expect(keyOf(cancel)).toBe('CANCEL x.invalid z9hG4bKabc');
    expect(keyOf(cancel, 'INVITE')).toBe(key);
  });

  it('tells sent-by and branch apart', () => {
    const keys = [
      'SIP/2.0/WS a.invalid;branch=z9hG4bK1',
      'SIP/2.0/WS a.invalid:5060;branch=z9hG4bK1',
      'SIP/2.0/WS b.invalid;branch=z9hG4bK1',
      'SIP/2.0/WS a.invalid;branch=z9hG4bK2',
    ].map(withVia);
    expect(new Set(keys).size).toBe(4);
    expect(withVia('SIP/2.0/WS A.invalid ;x=y; branch = z9hG4bK1')).toBe(keys[0]);
  });

  it.each([
    'SIP/2.0/UDP a.invalid',
    'SIP/2.0/UDP a.invalid;branch',
    'SIP/2.0/UDP a.invalid;branch=1',
    'SIP/2.0/UDP a.invalid;branch=z9hG4bK',
    'broken',
  ])('is undefined for %j', (via) => {
    expect(withVia(via)).toBeUndefined();
  });
});

describe('clientTransactionKey', () => {
  it('is the same for a request and the responses to it, and another for its CANCEL', () => {
    const invite = requestOf('INVITE');
    expect(clientTransactionKey(invite)).toBe('INVITE z9hG4bKabc');
    expect(clientTransactionKey(createResponse(invite, 200))).toBe('INVITE z9hG4bKabc');
    expect(clientTransactionKey(createResponse(createCancel(invite), 200))).toBe('CANCEL z9hG4bKabc');
  });

  it('is undefined without a branch or CSeq', () => {
    const response = createResponse(requestOf('INVITE'), 200);
    response.headers.set('CSeq', 'x');
    expect(clientTransactionKey(response)).toBeUndefined();
    response.headers.set('CSeq', '1 INVITE');
    response.headers.set('Via', 'SIP/2.0/WS a.invalid');
    expect(clientTransactionKey(response)).toBeUndefined();
  });
});
