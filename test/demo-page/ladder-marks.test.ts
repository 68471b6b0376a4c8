import { describe, expect, it } from 'vitest';
import { markedParts } from '../../src/demo-page/ladder/marks.ts';
import { type Arrow } from '../../src/demo-page/ladder/arrow.ts';
import { invite, register } from './ladder-events.ts';

function marked(text: string, kind: Arrow['kind']): readonly string[] {
  return markedParts(text, kind)
    .filter((part) => part.marked)
    .map((part) => part.text);
}

describe('the marks in a message', () => {
  it('are on the fields of the credential and of the login', () => {
    const headers = [
      'Authorization: Digest x="y"',
      'TURN-Cred-Req: turn',
      'TURN-Username: 1:u',
      'X: TURN-Cred-Req: no',
    ];
    expect(marked(register(...headers), 'sip')).toEqual(headers.slice(0, 3));
    expect(marked('SIP/2.0 401 Unauthorized\r\nwww-authenticate: Digest\r\n', 'sip')).toEqual([
      'www-authenticate: Digest',
    ]);
  });

  it('go on where a field goes on in the next line', () => {
    expect(marked('TURN-Cred-Rsp: name="u"\r\n ;pwd="x"\r\nTo: x', 'sip')).toEqual([
      'TURN-Cred-Rsp: name="u"',
      ' ;pwd="x"',
    ]);
  });

  it('are on the relay candidates of an SDP', () => {
    const host = 'a=candidate:2 1 udp 1 10.0.0.1 1 typ host';
    expect(marked(`${invite()}${host}\r\n`, 'sip')).toEqual([expect.stringMatching(/^a=candidate:.* typ relay/)]);
  });

  it('are on what TURN authenticates with, and on what it grants', () => {
    const lines = ['USERNAME: 1:u', 'REALM: r', 'NONCE: n', 'ERROR-CODE: 401 x', 'XOR-RELAYED-ADDRESS: 127.0.0.1:1'];
    expect(marked(['Allocate error', ...lines, 'SOFTWARE: USERNAME'].join('\n'), 'turn')).toEqual(lines);
  });

  it('leave the text as it is', () => {
    const parts = markedParts(invite(), 'sip').map(({ text }) => text);
    expect(parts.join('')).toBe(invite().replaceAll('\r\n', '\n'));
  });
});
