import { describe, expect, it } from 'vitest';
import { ownText } from '../../../src/base/own-text.ts';
import { identitiesOf } from '../../../src/edge/registration/identity.ts';
import { identityFor } from '../../../src/edge/registration/speak-as.ts';
import { SipHeaders } from '../../../src/sip/message.ts';

function meant(uri: string, ...associated: string[]): string | undefined {
  const headers = new SipHeaders();
  for (const value of associated) headers.append('P-Associated-URI', value);
  const address = 'sip:alice@example.com';
  const { identities, wildcards } = identitiesOf(address, headers);
  const speaker = {
    address: ownText(address),
    identities: identities.map(({ key, value, number }) => ({
      key: ownText(key),
      value: ownText(value),
      number: number === undefined ? undefined : ownText(number),
    })),
    wildcards: wildcards.map((text) => ownText(text)),
  };
  return identityFor(uri, speaker)?.value;
}

const TEL = '<tel:+1-555-0100>';
const LOCAL = '<tel:7042;phone-context=example.com>';
const PHONE = '<sip:+15550100@ims.example.net;user=phone>';

describe('the identity that a client means by', () => {
  it.each([
    ['sip:+15550100@example.com;user=phone', [TEL], TEL],
    ['sip:+1-555-0100;ext=7@EXAMPLE.com;user=PHONE', [TEL], TEL],
    ['sips:%2B15550100@example.com;user=phone', [TEL], TEL],
    ['tel:+1(555)0100;cpc=police', [PHONE], PHONE],
    ['sip:+15550100@example.com;user=phone', [PHONE], PHONE],
    ['sip:+15550100@example.com', [TEL], undefined],
    ['sip:+15550100@example.com;user=ip', [TEL], undefined],
    ['sip:15550100@example.com;user=phone', ['<tel:15550100>'], undefined],
    ['sip:+15550100@evil.example;user=phone', [TEL], undefined],
    ['tel:+15550101', [TEL, PHONE], undefined],
    ['sip:%2B15550100%3Bcpc=police@example.com;user=phone', [TEL], undefined],
    ['sip:+15550100%3Bphone-context=bank.example@example.com;user=phone', [TEL], undefined],
    ['sip:+15550100;phone-context=bank.example@example.com;user=phone', [TEL], undefined],
    ['tel:+15550100;phone-context=bank.example', [TEL], undefined],
    ['tel:7042;phone-context=EXAMPLE.com', [LOCAL], LOCAL],
    ['tel:70-42;ext=1;PHONE-context=example.com', [LOCAL], LOCAL],
    ['tel:7042;phone-context=bank.example', [LOCAL], undefined],
    ['tel:7042;phone-context=+49', [LOCAL], undefined],
    ['tel:7042;%70hone-context=bank.example;phone-context=example.com', [LOCAL], undefined],
    ['tel:7042', [LOCAL], undefined],
    ['tel:7042;phone-context=+1-555', ['<tel:7042;phone-context=+1555>'], '<tel:7042;phone-context=+1555>'],
    ['sip:alice%3Bx@example.com', ['<sip:alice;x@example.com>'], undefined],
  ])('the number %s, being %j, is %j', (uri, associated, identity) => {
    expect(meant(uri, ...associated)).toBe(identity);
  });

  const CHAT = '<sip:chat!.*!@example.com>';
  it.each([
    ['sip:chatfoo@example.com', CHAT, '<sip:chatfoo@example.com>'],
    ['sips:chatfoo@EXAMPLE.com:5061;transport=ws;cpc=police', CHAT, '<sip:chatfoo@example.com>'],
    ['sip:chat@example.com', CHAT, '<sip:chat@example.com>'],
    ['sip:chat%66oo@example.com', CHAT, '<sip:chat%66oo@example.com>'],
    ['sip:chatfoo:secret@example.com', CHAT, '<sip:chatfoo@example.com>'],
    ['sip:room-12-x@example.com', '<sip:room-!([0-9]+)!-x@example.com;user=phone>', '<sip:room-12-x@example.com>'],
    ['sip:room-12-x@example.com', '<sip:room-!%5B0-9%5D+!-x@example.com>', '<sip:room-12-x@example.com>'],
    ['tel:+1-555-0123;ext=1', '<tel:+1-555!.*!>', '<tel:+15550123>'],
    ['sip:chatfoo@example.org', CHAT, undefined],
    ['sip:echat@example.com', CHAT, undefined],
    ['sip:example.com', CHAT, undefined],
    ['sip:chat!.*!@example.com', CHAT, undefined],
    ['sip:chat%21.*%21@example.com', CHAT, undefined],
    ['sip:chatfoo!@example.com', CHAT, undefined],
    ['sip:chatfoo;cpc=police@example.com', CHAT, undefined],
    ['sip:chatfoo%3Bcpc=police@example.com', CHAT, undefined],
    ['tel:+15550123;phone-context=bank.example', '<tel:+1-555!.*!>', undefined],
    ['sip:room-a-x@example.com', '<sip:room-!([0-9]+)!-x@example.com>', undefined],
    ['sip:room-x@example.com', '<sip:room-!.*!-x@example.com>', undefined],
    ['sip:aa@example.com', '<sip:a!.*!aa@example.com>', undefined],
    ['tel:0123', '<tel:!.*!>', undefined],
    ['sip:a@example.com', '<sip:!.*@example.com>', undefined],
    ['sip:a@example.com', '<sip:!!@example.com>', undefined],
    ['sip:a@example.com', '<sip:!^a$!@example.com>', undefined],
    ['sip:a@b.example.com', '<sip:a@!.*!.example.com>', undefined],
    [`sip:chat${'o'.repeat(300)}@example.com`, CHAT, undefined],
    ['sip:chat!.*!@example.com', '<sip:chat!.*!@example.com>, <sip:!.*!@example.com>', undefined],
  ])('%s, with the wildcard %s, is %j', (uri, wildcard, identity) => {
    expect(meant(uri, '<sip:alice@example.com>', wildcard)).toBe(identity);
  });
});
