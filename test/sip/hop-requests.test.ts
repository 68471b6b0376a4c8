import { describe, expect, it } from 'vitest';
import { createResponse } from '../../src/sip/create-response.ts';
import { createAck, createCancel } from '../../src/sip/hop-requests.ts';
import { inviteText, request } from './sample-messages.ts';
import { NO_BODY } from '../../src/sip/message.ts';

const path = [
  ['Via', 'SIP/2.0/WSS edge.example.com;branch=z9hG4bKtop;rport'],
  ['Max-Forwards', '70'],
  ['Route', '<sip:core.example.com;lr>, <sip:other.example.com;lr>'],
  ['From', '<sip:alice@example.com>;tag=1928301774'],
];

describe('createAck', () => {
  it('takes the path of the INVITE and the To of the response', () => {
    const invite = request(inviteText);
    const ack = createAck(invite, createResponse(invite, 486, { toTag: 'theirs' }));
    expect(ack).toMatchObject({ kind: 'request', method: 'ACK', uri: 'sip:bob@example.com', body: NO_BODY });
    expect([...ack.headers.entries()]).toEqual([
      ...path,
      ['To', 'Bob <sip:bob@example.com>;tag=theirs'],
      ['Call-ID', 'a84b4c76e66710'],
      ['CSeq', '314159 ACK'],
    ]);
  });
});

describe('createCancel', () => {
  it('takes the path of the INVITE and its To', () => {
    const cancel = createCancel(request(inviteText));
    expect(cancel).toMatchObject({ method: 'CANCEL', uri: 'sip:bob@example.com' });
    expect([...cancel.headers.entries()]).toEqual([
      ...path,
      ['To', 'Bob <sip:bob@example.com>'],
      ['Call-ID', 'a84b4c76e66710'],
      ['CSeq', '314159 CANCEL'],
    ]);
  });
});
