import { describe, expect, it } from 'vitest';
import { stripFromAnswer, stripFromClient, stripToClient } from '../../../src/edge/border/trust-domain-headers.ts';
import { SipHeaders } from '../../../src/sip/message.ts';

/** By where they may go: `in` from a client, `out` to one. */
const NAMES = {
  neither: [
    'Remote-Party-ID',
    'P-Asserted-Service',
    'P-Served-User',
    'P-Profile-Key',
    'P-User-Database',
    'P-Private-Network-Indication',
    'Attestation-Info',
    'Origination-Id',
    'P-Visited-Network-ID',
    'Cellular-Network-Info',
    'P-Charging-Vector',
    'P-Charging-Function-Addresses',
    'P-Charge-Info',
    'Relayed-Charge',
    'P-Answer-State',
    'P-Media-Authorization',
    'Priority-Share',
    'Resource-Share',
    'Response-Source',
    'Restoration-Info',
    'Service-Interact-Info',
    'P-DCS-Trace-Party-ID',
    'P-DCS-OSPS',
    'P-DCS-Billing-Info',
    'P-DCS-LAES',
    'P-DCS-Redirect',
    'Security-Client',
    'Security-Server',
    'Security-Verify',
    'Priority-Verstat',
    'P-Refused-URI-List',
  ],
  outOnly: [
    'P-Asserted-Identity',
    'P-Associated-URI',
    'P-Called-Party-ID',
    'History-Info',
    'Diversion',
    'Path',
    'Service-Route',
    'Feature-Caps',
    'Additional-Identity',
    'Resource-Priority',
  ],
  inOnly: ['P-Preferred-Identity', 'P-Access-Network-Info'],
  /** Not in a response of a client. */
  askedOnly: ['Authorization', 'Proxy-Authorization'],
  asked: ['Reason', 'P-Early-Media'],
  both: ['Session-ID', 'Call-Info', 'Priority', 'Geolocation', 'Identity', 'Privacy', 'User-Agent'],
};

function left(strip: (headers: SipHeaders) => void): string[] {
  const headers = new SipHeaders();
  for (const name of Object.values(NAMES).flat()) {
    headers.append(name.toUpperCase(), 'x');
    headers.append(name, 'y');
  }
  strip(headers);
  return [...new Set([...headers.entries()].map(([name]) => name.toLowerCase()))].sort();
}

const lower = (names: string[]): string[] => names.map((name) => name.toLowerCase()).sort();

describe('header fields of the trust domain', () => {
  it('do not come in from a client, but those that say something of itself', () => {
    expect(left(stripFromClient)).toEqual(lower([...NAMES.inOnly, ...NAMES.askedOnly, ...NAMES.asked, ...NAMES.both]));
    expect(left(stripFromAnswer)).toEqual(lower([...NAMES.inOnly, ...NAMES.both]));
  });

  it('do not go out to a client, but those that are meant for it', () => {
    expect(left(stripToClient)).toEqual(lower([...NAMES.outOnly, ...NAMES.asked, ...NAMES.both]));
  });
});
