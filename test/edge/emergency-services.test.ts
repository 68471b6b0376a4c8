import { describe, expect, it } from 'vitest';
import { EmergencyServices } from '../../src/edge/emergency-services.ts';
import { HomeDomain } from '../../src/edge/home-domain.ts';
import { parseSipUri } from '../../src/sip/uri.ts';
import { WicMessages } from './support/wic.ts';

const SOS = 'urn:service:sos';

function services(numbers: readonly string[] = ['112', '110', '*99#', '+49112']): EmergencyServices {
  return new EmergencyServices({ numbers, uris: [] }, new HomeDomain('ims.example'), 10);
}

function serviceOf(text: string, of = services()): string | undefined {
  const uri = parseSipUri(text);
  return of.serviceOf(text, uri.ok ? uri.value : undefined);
}

describe('a Request-URI of an emergency', () => {
  it.each([
    SOS,
    'urn:service:sos.police',
    'URN:Service:SOS.Fire',
    'urn:service:sos.animal-control',
    'urn:service:sos;x',
  ])('is the URN %s, which stays as it is', (text) => {
    expect(serviceOf(text)).toBe(text);
    expect(serviceOf(text, services([]))).toBe(text);
  });

  it.each([
    'tel:112',
    'TEL:1-1-2',
    'tel:(11)2',
    'tel:1.1.2;phone-context=+49',
    'tel:+49112',
    'tel:*99#',
    'sip:112@ims.example',
    'sip:112@IMS.example;user=phone',
    'sips:112@ims.example:5061',
    'sip:1-1-2@ims.example',
    'sip:%31%31%32@ims.example',
    'sip:112;phone-context=ims.example@ims.example;user=phone',
    'sip:112:secret@ims.example',
  ])('is a local number, however it is written: %s', (text) => {
    expect(serviceOf(text)).toBe(SOS);
  });

  it.each([
    'urn:service:sosumi',
    'urn:service:sos-test',
    'urn:service:counseling',
    'urn:service:unknown.sos',
    'urn:nid:sos',
    'tel:1123',
    'tel:+112',
    'tel:0112',
    'tel:112%00',
    'sip:112@elsewhere.example;user=phone',
    'sip:1124@ims.example',
    'sip:alice@ims.example',
    'sip:ims.example',
    'im:112@ims.example',
    `tel:${'-'.repeat(60_000)}112`,
  ])('is not %.60s', (text) => {
    expect(serviceOf(text)).toBeUndefined();
  });

  it('is no number where none is configured', () => {
    expect(['tel:112', 'sip:112@ims.example'].map((text) => serviceOf(text, services([])))).toEqual([
      undefined,
      undefined,
    ]);
  });
});

describe('a caller who is not helped here', () => {
  const request = new WicMessages('alice').build('INVITE', SOS, SOS);

  it('is told 380 with the body of TS 24.229, the service, and who says so', () => {
    const { status, reason, headers, body } = services().alternativeTo(request, SOS, 'sip:token@192.0.2.7;lr');
    expect([status, reason, headers.get('Contact')]).toEqual([380, 'Alternative Service', `<${SOS}>`]);
    expect(headers.get('Content-Type')).toBe('application/3gpp-ims+xml');
    expect(headers.get('P-Asserted-Identity')).toBe('<sip:token@192.0.2.7;lr>');
    expect(body.toString()).toMatch(
      /^<\?xml [^>]+>\s*<ims-3gpp version="1">\s*<alternative-service><type>emergency<\/type><reason>[^<]+<\/reason><\/alternative-service>\s*<\/ims-3gpp>\s*$/,
    );
  });

  it('is told to register where that would help', () => {
    const served = new EmergencyServices({ numbers: [], uris: ['sip:ecscf'] }, new HomeDomain('ims.example'), 10);
    const { headers, body } = served.alternativeTo(request, SOS, undefined);
    expect(body.toString()).toContain('<action>emergency-registration</action>');
    expect(headers.has('P-Asserted-Identity')).toBe(false);
  });
});

describe('calls of one user', () => {
  it('pass a few at a time, and others’ are none of that', () => {
    const some = services();
    const passed = (aor: string, nowMs: number): number =>
      Array.from({ length: 100 }, () => some.admits(aor, nowMs)).filter(Boolean).length;
    expect([passed('a', 0), passed('b', 0), passed('a', 1000), passed('a', 30_000)]).toEqual([4, 4, 0, 2]);
  });
});
