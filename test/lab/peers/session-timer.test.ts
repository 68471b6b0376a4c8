import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SipHeaders } from '../../../src/sip/message.ts';
import { hangUpAfterSec, readSessionTimer } from '../../../src/lab/peers/session-timer.ts';

function read(sessionExpires: string, supported?: string): unknown {
  const headers = new SipHeaders();
  headers.append('Session-Expires', sessionExpires);
  if (supported !== undefined) headers.append('Supported', supported);
  return readSessionTimer(headers);
}

describe('a session timer', () => {
  it.each([
    ['90', 'timer', 90, 'uac'],
    ['90', undefined, 90, 'uas'],
    ['1800;refresher=uas', 'timer, ice', 1800, 'uas'],
    ['1800 ; refresher=uac', undefined, 1800, 'uac'],
    ['999999999', 'timer', 86_400, 'uac'],
  ])('%s with Supported %s is kept by the one it names, or by a caller who can', (value, supported, sec, refresher) => {
    expect(read(value, supported)).toEqual({ kind: 'timer', timer: { expiresSec: sec, refresher } });
  });

  it('is refused below 90 seconds', () => {
    expect(read('89')).toEqual({ kind: 'too-small' });
  });

  it('is none when it is malformed or absent', () => {
    expect(['', 'soon', '-90', '90;;', '90;a=b;a=c'].map((value) => read(value))).toEqual(
      Array.from({ length: 5 }, () => ({ kind: 'none' })),
    );
    expect(readSessionTimer(new SipHeaders())).toEqual({ kind: 'none' });
  });

  it('never throws', () => {
    fc.assert(
      fc.property(
        fc.string().filter((text) => !/[\r\n]/.test(text)),
        (text) => {
          read(text);
        },
      ),
    );
  });

  it('ends a third, at most 32 seconds, before its time', () => {
    expect([90, 93, 96, 1800].map(hangUpAfterSec)).toEqual([60, 62, 64, 1768]);
  });
});
