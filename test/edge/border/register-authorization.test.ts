import { describe, expect, it } from 'vitest';
import { vouchForProofs } from '../../../src/edge/border/register-authorization.ts';
import { SipHeaders } from '../../../src/sip/message.ts';

describe('a proof', () => {
  const vouched = (value: string): string | undefined => {
    const headers = new SipHeaders();
    headers.append('Authorization', value);
    vouchForProofs(headers, ({ username, realm }) => username === 'known' && realm === 'here');
    return headers.get('Authorization');
  };

  it.each([
    ['Digest username="known", realm="here", response="1"', ', integrity-protected="tls-yes"'],
    ['Digest username="known", realm="there", response="1"', ', integrity-protected="tls-pending"'],
    ['Digest username=other,realm=here,response=1', ', integrity-protected="tls-pending"'],
    ['Digest username="known", realm="here", response=""', ''],
    ['Digest username="known", realm="here"', ''],
    ['Digest username="known, response="1"', ''],
    ['Bearer username="known", response="1"', ''],
    ['Digest username="known", realm="here", response="1", algorithm=AKAv1-MD5', ', integrity-protected="tls-yes"'],
    [
      'Digest username="known", realm="here", response="1", algorithm=AKAv2-SHA-256',
      ', integrity-protected="tls-connected"',
    ],
    ['Digest username="other", algorithm="akav2-sha-256", response=""', ', integrity-protected="tls-connected"'],
  ])('%s has %j added to it', (value, added) => {
    expect(vouched(value)).toBe(`${value}${added}`);
  });
});
