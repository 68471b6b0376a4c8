import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseReginfo, type ReginfoContact } from '../../../src/edge/reg-event/reginfo.ts';
import { formatReginfo } from './support/format-reginfo.ts';

const read = (text: string) => parseReginfo(Buffer.from(text));

describe('a registration information document', () => {
  it('is read with all that tells contacts apart', () => {
    const text = `<?xml version="1.0"?>
<reginfo xmlns="urn:ietf:params:xml:ns:reginfo" version="7" state="partial">
  <registration aor="sip:alice@example.com" id="as9" state="active">
    <contact id="76" state="active" event="shortened" expires="60" callid="c&amp;1" cseq="2" q="0.8" xmlns:x="urn:x" x:a="1">
      <uri>sip:alice@abc.invalid;transport=ws</uri>
      <display-name>Alice</display-name>
      <unknown-param name="+sip.instance">"&lt;urn:uuid:1&gt;"</unknown-param>
      <unknown-param name="reg-id">1</unknown-param>
      <other xmlns="urn:other">x</other>
    </contact>
    <contact id="77" state="terminated" event="other"><uri>sip:alice@192.0.2.1</uri></contact>
  </registration>
</reginfo>`;
    expect(read(text)).toEqual({
      ok: true,
      value: {
        version: 7,
        isFull: false,
        registrations: [
          {
            aor: 'sip:alice@example.com',
            state: 'active',
            contacts: [
              {
                uri: 'sip:alice@abc.invalid;transport=ws',
                state: 'active',
                event: 'shortened',
                expiresSec: 60,
                callId: 'c&1',
                cseq: 2,
                instanceId: 'urn:uuid:1',
                regId: 1,
              },
              { uri: 'sip:alice@192.0.2.1', state: 'terminated' },
            ],
          },
        ],
      },
    });
  });

  it.each([
    ['not-reginfo', '<presence xmlns="urn:ietf:params:xml:ns:pidf"/>'],
    ['not-reginfo', '<reginfo version="0" state="full"/>'],
    ['invalid', '<reginfo xmlns="urn:ietf:params:xml:ns:reginfo" state="full"/>'],
    ['invalid', '<reginfo xmlns="urn:ietf:params:xml:ns:reginfo" version="-1" state="full"/>'],
    ['invalid', '<reginfo xmlns="urn:ietf:params:xml:ns:reginfo" version="0" state="other"/>'],
    [
      'invalid',
      '<reginfo xmlns="urn:ietf:params:xml:ns:reginfo" version="0" state="full"><registration aor="sip:a@b"/></reginfo>',
    ],
    [
      'invalid',
      '<reginfo xmlns="urn:ietf:params:xml:ns:reginfo" version="0" state="full"><registration aor="sip:a@b" state="active"><contact state="active"/></registration></reginfo>',
    ],
  ])('is refused as %s: %s', (reason, text) => {
    expect(read(text)).toEqual({ ok: false, reason });
  });

  it('reads back what was written', () => {
    const word = fc.string({ unit: 'grapheme-ascii', minLength: 1 }).map((text) => `x${text.trim()}`);
    const contact: fc.Arbitrary<ReginfoContact> = fc.record(
      {
        uri: word,
        state: fc.constantFrom('active', 'terminated'),
        event: fc.constantFrom('registered', 'shortened', 'rejected'),
        expiresSec: fc.nat(),
        callId: word,
        cseq: fc.nat(),
        instanceId: word.filter((text) => !/[<>"]/.test(text)),
        regId: fc.integer({ min: 1, max: 0x7fff_ffff }),
      },
      { requiredKeys: ['uri', 'state', 'event'] },
    );
    const registration = fc.record({
      aor: word,
      state: fc.constantFrom('init', 'active', 'terminated'),
      contacts: fc.array(contact, { maxLength: 4 }),
    });
    const reginfo = fc.record({
      version: fc.nat(),
      isFull: fc.boolean(),
      registrations: fc.array(registration, { maxLength: 4 }),
    });
    fc.assert(
      fc.property(reginfo, (value) => {
        expect(read(formatReginfo(value))).toEqual({ ok: true, value });
      }),
    );
  });

  it('never makes anything throw', () => {
    const whole = formatReginfo({
      version: 0,
      isFull: true,
      registrations: [
        { aor: 'sip:a@b', state: 'active', contacts: [{ uri: 'sip:c@d', state: 'active', event: 'registered' }] },
      ],
    });
    fc.assert(
      fc.property(fc.nat(whole.length), fc.nat(20), fc.string(), (at, cut, put) => {
        expect(typeof read(whole.slice(0, at) + put + whole.slice(at + cut)).ok).toBe('boolean');
      }),
      { numRuns: 1000 },
    );
  });
});
