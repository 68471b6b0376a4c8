import { describe, expect, it } from 'vitest';
import { parseContacts, parseDeltaSeconds } from '../../src/sip/contact.ts';
import { SipHeaders } from '../../src/sip/message.ts';

function contactsOf(...values: readonly string[]): ReturnType<typeof parseContacts> {
  const headers = new SipHeaders();
  for (const value of values) headers.append('Contact', value);
  return parseContacts(headers);
}

describe('parseContacts', () => {
  it('reads the contact of a browser', () => {
    const [contact] = valueOf(
      contactsOf(
        '<sip:pv5g2o86@k2hd.invalid;transport=ws>;+sip.ice;reg-id=1;+sip.instance="<urn:uuid:f81d4fae>";q=0.7;expires=600',
      ),
    );
    expect(contact).toMatchObject({
      uri: 'sip:pv5g2o86@k2hd.invalid;transport=ws',
      instanceId: 'urn:uuid:f81d4fae',
      regId: 1,
      q: 0.7,
      expiresSec: 600,
    });
    expect(contact?.params.has('+sip.ice')).toBe(true);
  });

  it('reads every value of every field', () => {
    expect(valueOf(contactsOf('"a,b" <sip:a@b>, sip:c@d;q=1', '<sip:e,f@g>')).map((contact) => contact.uri)).toEqual([
      'sip:a@b',
      'sip:c@d',
      'sip:e,f@g',
    ]);
    expect(valueOf(contactsOf())).toEqual([]);
  });

  it('takes * only when it stands alone', () => {
    expect(contactsOf('*')).toEqual({ ok: true, value: '*' });
    expect(contactsOf('*', '<sip:a@b>').ok).toBe(false);
    expect(contactsOf('*, *').ok).toBe(false);
    expect(contactsOf('*;q=1').ok).toBe(false);
  });

  it.each([
    '<sip:a@b>;q=2',
    '<sip:a@b>;q=0.1234',
    '<sip:a@b>;q',
    '<sip:a@b>;reg-id=0',
    '<sip:a@b>;reg-id=x',
    '<sip:a@b>;reg-id',
    'x',
  ])('refuses %j', (value) => {
    expect(contactsOf('<sip:ok@b>', value)).toEqual({ ok: false, reason: 'malformed' });
  });

  it.each(['<sip:a@b>;expires=soon', '<sip:a@b>;expires=-1', '<sip:a@b>;expires', '<sip:a@b>'])(
    'leaves the expiry of %j to the default',
    (value) => {
      expect(valueOf(contactsOf(value))[0]?.expiresSec).toBeUndefined();
    },
  );

  it('keeps expiries within 32 bits', () => {
    expect(parseDeltaSeconds('0')).toBe(0);
    expect(parseDeltaSeconds('9'.repeat(500))).toBe(0xffff_ffff);
    expect(parseDeltaSeconds('')).toBeUndefined();
    expect(parseDeltaSeconds('1e3')).toBeUndefined();
  });
});

function valueOf(
  result: ReturnType<typeof parseContacts>,
): Exclude<Extract<typeof result, { ok: true }>['value'], '*'> {
  if (!result.ok || result.value === '*') throw new Error('expected a list of contacts');
  return result.value;
}
