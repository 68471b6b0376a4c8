import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ownText } from '../../../src/base/own-text.ts';
import { type Device, Document, type Verdict } from '../../../src/edge/reg-event/judge.ts';
import { type ReginfoContact, type ReginfoRegistration } from '../../../src/edge/reg-event/reginfo.ts';
import { createIdentity } from '../../../src/edge/registration/identity.ts';

const AOR = 'sip:alice@example.com';
const OFFICE = 'sip:alice-office@example.com';

const device: Device = {
  addressKey: ownText(AOR),
  contactUri: ownText('sip:x@y.invalid;transport=ws'),
  instanceId: ownText('urn:uuid:1'),
  regId: 1,
  callId: ownText('call'),
  cseq: 5,
};

const own: ReginfoContact = {
  uri: device.contactUri,
  state: 'active',
  event: 'registered',
  callId: 'call',
  cseq: 5,
  instanceId: 'urn:uuid:1',
  regId: 1,
};

function judge(
  contacts: readonly ReginfoContact[],
  {
    state = 'active',
    isFull = true,
    of = device,
  }: Partial<Pick<ReginfoRegistration, 'state'>> & { isFull?: boolean; of?: Device } = {},
): Verdict {
  return new Document({ version: 0, isFull, registrations: [{ aor: AOR, state, contacts }] }).judge(of, AOR);
}

const over = { ...own, state: 'terminated', event: 'deactivated' } as const;

describe('a document about a device', () => {
  it.each<[string, string, readonly ReginfoContact[]]>([
    ['active', 'lists it', [own]],
    ['missing', 'leaves it out', []],
    ['terminated', 'says that it has ended', [over]],
    ['rejected', 'says that it was rejected', [{ ...over, event: 'rejected' }]],
    ['untold', 'speaks of a REGISTER before the last', [{ ...over, cseq: 4 }]],
    ['terminated', 'speaks of a REGISTER that is yet to be answered', [{ ...over, cseq: 6 }]],
    ['doubtful', 'says that it has ended by another REGISTER', [{ ...over, callId: 'other' }]],
    ['rejected', 'rejects it by another REGISTER', [{ ...over, event: 'rejected', callId: 'other' }]],
    ['active', 'has an old contact beside the new one', [{ ...over, callId: 'other' }, own]],
    ['active', 'writes its URI with other parameters', [{ uri: 'sip:x@y.invalid', state: 'active' }]],
    ['active', 'knows its Call-ID alone', [{ uri: 'sip:rewritten@192.0.2.1', state: 'active', callId: 'call' }]],
    ['missing', 'lists another flow of the instance', [{ ...own, regId: 2 }]],
    ['missing', 'lists another instance with the same URI', [{ ...own, instanceId: 'urn:uuid:2' }]],
    [
      'missing',
      'lists two with its Call-ID and other URIs',
      ['a', 'b'].map((user) => ({ uri: `sip:${user}@h`, state: 'active' as const, callId: 'call' })),
    ],
  ])('is %s if it %s', (kind, _what, contacts) => {
    expect(judge(contacts).kind).toBe(kind);
  });

  it('ends it with the whole registration, whoever is listed', () => {
    expect(judge([], { state: 'terminated' })).toEqual({ kind: 'terminated' });
    expect(judge([own], { state: 'terminated' })).toEqual({ kind: 'terminated' });
    expect(judge([{ ...over, instanceId: 'urn:uuid:2', event: 'rejected' }], { state: 'terminated' })).toEqual({
      kind: 'rejected',
    });
  });

  it('may be from before it registered if the last device of the registration was another one', () => {
    const other = { ...over, uri: 'sip:other@host', instanceId: 'urn:uuid:2' };
    expect(judge([{ ...other, callId: 'other' }], { state: 'terminated' })).toEqual({ kind: 'doubtful' });
  });

  it('tells how long it still lasts if it was shortened, and only then', () => {
    expect(judge([{ ...own, event: 'shortened', expiresSec: 60 }])).toEqual({ kind: 'shortened', expiresSec: 60 });
    expect(judge([{ ...own, event: 'refreshed', expiresSec: 60 }])).toEqual({ kind: 'active' });
    expect(judge([{ ...own, event: 'shortened' }])).toEqual({ kind: 'active' });
  });

  it('tells nothing of what it leaves out if it is not whole', () => {
    expect(judge([], { isFull: false })).toEqual({ kind: 'untold' });
    expect(new Document({ version: 0, isFull: false, registrations: [] }).judge(device, AOR)).toEqual({
      kind: 'untold',
    });
    expect(new Document({ version: 0, isFull: true, registrations: [] }).judge(device, AOR)).toEqual({
      kind: 'missing',
    });
  });

  it('speaks of it under the default identity, if not under its own address', () => {
    const document = new Document({
      version: 0,
      isFull: true,
      registrations: [{ aor: OFFICE, state: 'active', contacts: [over] }],
    });
    expect(document.judge(device, OFFICE).kind).toBe('terminated');
    expect(document.judge(device, 'sip:nobody@example.com').kind).toBe('missing');
  });
});

describe('the identities of a client', () => {
  const identities = [createIdentity(AOR), createIdentity(OFFICE)];

  function identitiesAfter(...registrations: ReginfoRegistration[]): readonly string[] {
    const document = new Document({ version: 0, isFull: true, registrations });
    return document.identitiesOf(device, AOR, identities).map(({ key }) => key);
  }

  it('are the same list where nothing has changed', () => {
    const document = new Document({
      version: 0,
      isFull: true,
      registrations: [AOR, OFFICE].map((aor) => ({ aor, state: 'active', contacts: [own] })),
    });
    expect(document.identitiesOf(device, AOR, identities)).toBe(identities);
  });

  it('lose one whose registration has ended', () => {
    expect(identitiesAfter({ aor: OFFICE, state: 'terminated', contacts: [] })).toEqual([AOR]);
  });

  it('gain one that is registered from the same device, and none of another', () => {
    const more = { aor: 'tel:+15550100', state: 'active' } as const;
    expect(identitiesAfter({ ...more, contacts: [own] })).toEqual([AOR, OFFICE, 'tel:+15550100']);
    expect(identitiesAfter({ ...more, contacts: [{ ...own, instanceId: 'urn:uuid:2' }] })).toEqual([AOR, OFFICE]);
    expect(identitiesAfter({ ...more, contacts: [over] })).toEqual([AOR, OFFICE]);
  });

  it.each(['sip:chat!.*!@example.com', 'http://example.com', 'sip:a@b>, <sip:c@d'])('never gain %s', (aor) => {
    expect(identitiesAfter({ aor, state: 'active', contacts: [own] })).toEqual([AOR, OFFICE]);
  });

  it('are no more than a core may list', () => {
    const many = Array.from({ length: 100 }, (_, i): ReginfoRegistration => {
      return { aor: `sip:a${i}@example.com`, state: 'active', contacts: [own] };
    });
    expect(identitiesAfter(...many)).toHaveLength(64);
  });
});

it('whatever a document says, a device of another user is none of its business', () => {
  const text = fc.string();
  const contact: fc.Arbitrary<ReginfoContact> = fc.record({
    uri: fc.oneof(text, fc.constant<string>(device.contactUri)),
    state: fc.constantFrom('active', 'terminated'),
    callId: fc.oneof(text, fc.constant('call')),
    instanceId: fc.oneof(text, fc.constant('urn:uuid:1')),
    regId: fc.nat(3),
  });
  const registration = fc.record({
    aor: fc.oneof(text, fc.constant(OFFICE)),
    state: fc.constantFrom('init', 'active', 'terminated'),
    contacts: fc.array(contact, { maxLength: 3 }),
  });
  fc.assert(
    fc.property(fc.array(registration, { maxLength: 3 }), (registrations) => {
      fc.pre(registrations.every(({ aor }) => aor !== AOR));
      const document = new Document({ version: 0, isFull: false, registrations });
      expect(document.judge(device, AOR)).toEqual({ kind: 'untold' });
    }),
  );
});
