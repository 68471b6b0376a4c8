import { beforeEach, describe, expect, it } from 'vitest';
import { Dialog } from '../../../src/edge/reg-event/dialog.ts';
import { createResponse } from '../../../src/sip/create-response.ts';
import { NO_BODY, SipHeaders, type SipRequest, type SipResponse } from '../../../src/sip/message.ts';
import { newBranch } from '../../../src/sip/token.ts';
import { type RequestEssentials, validateRequest } from '../../../src/sip/validate-request.ts';

const EDGE_URI = 'sip:token@192.0.2.1:5060;lr';
const ENDS = { identity: 'sip:alice@example.com', edgeUri: EDGE_URI, sentBy: { host: '192.0.2.1', port: 5060 } };

let dialog: Dialog;

beforeEach(() => {
  dialog = new Dialog(ENDS);
});

function accept(request: SipRequest, tag: string, more: Readonly<Record<string, string>> = {}): SipResponse {
  const response = createResponse(request, 200, { toTag: tag });
  response.headers.append('Contact', '<sip:scscf.example.com:6060>');
  for (const [name, value] of Object.entries(more)) response.headers.set(name, value);
  return response;
}

function notify(request: SipRequest, tag: string, sequence: number, more: Readonly<Record<string, string>> = {}) {
  const headers = new SipHeaders();
  headers.append('Via', `SIP/2.0/UDP 192.0.2.2;branch=${newBranch()}`);
  headers.append('From', `<${ENDS.identity}>;tag=${tag}`);
  headers.append('To', request.headers.get('From')!);
  headers.append('Call-ID', request.headers.get('Call-ID')!);
  headers.append('CSeq', `${sequence} NOTIFY`);
  for (const [name, value] of Object.entries(more)) headers.append(name, value);
  const message: SipRequest = { kind: 'request', method: 'NOTIFY', uri: 'sip:x@192.0.2.1', headers, body: NO_BODY };
  const essentials = validateRequest(message);
  if (!essentials.ok) throw new Error(essentials.reason);
  return [message, essentials.value] as const satisfies readonly [SipRequest, RequestEssentials];
}

describe('the dialog of a subscription', () => {
  it('begins with a SUBSCRIBE to the identity, by this edge, with a Contact of its own', () => {
    const { uri, headers } = dialog.subscribe(600_000, EDGE_URI);
    expect(uri).toBe(ENDS.identity);
    expect(headers.get('From')).toMatch(/^<sip:192\.0\.2\.1:5060>;tag=/);
    expect(headers.get('P-Asserted-Identity')).toBe(`<${EDGE_URI}>`);
    const other = new Dialog(ENDS).subscribe(600_000, undefined);
    expect(other.headers.get('Contact')).not.toBe(headers.get('Contact'));
    expect(other.headers.get('P-Asserted-Identity')).toBe('<sip:192.0.2.1:5060>');
  });

  it('goes on along the route set of the answer, in reverse, to the Contact of it (RFC 3261 §12.1.2)', () => {
    dialog.answered(accept(dialog.subscribe(600, EDGE_URI), 't', { 'Record-Route': '<sip:a;lr>, <sip:b;lr>' }));
    const next = dialog.subscribe(0, 'sip:newer@192.0.2.1:5060;lr');
    expect(next.uri).toBe('sip:scscf.example.com:6060');
    expect(next.headers.get('Route')).toBe('<sip:b;lr>, <sip:a;lr>');
    expect(next.headers.get('To')).toBe(`<${ENDS.identity}>;tag=t`);
    expect(next.headers.get('CSeq')).toBe('2 SUBSCRIBE');
    expect(next.headers.get('P-Asserted-Identity')).toBe('<sip:newer@192.0.2.1:5060;lr>');
  });

  it('may begin with a NOTIFY, whose route set is in order, and an answer changes that no more', () => {
    const request = dialog.subscribe(600, EDGE_URI);
    const routes = { 'Record-Route': '<sip:a;lr>, <sip:b;lr>', Contact: '<sip:scscf.example.com>' };
    expect(dialog.isMade).toBe(false);
    expect(dialog.notified(...notify(request, 't', 1, routes))).toBe(true);
    expect(dialog.isMade).toBe(true);
    dialog.answered(accept(request, 't', { 'Record-Route': '<sip:c;lr>' }));
    expect(dialog.subscribe(600, EDGE_URI).headers.get('Route')).toBe('<sip:a;lr>, <sip:b;lr>');
  });

  it('follows its other side to another Contact, and not to that of another dialog', () => {
    const request = dialog.subscribe(600, EDGE_URI);
    dialog.answered(accept(request, 't'));
    dialog.notified(...notify(request, 't', 1, { Contact: '<sip:elsewhere.example.com>' }));
    dialog.answered(accept(request, 'forked'));
    expect(dialog.subscribe(600, EDGE_URI)).toMatchObject({ uri: 'sip:elsewhere.example.com' });
  });

  it('owns no NOTIFY of another tag on either side', () => {
    const request = dialog.subscribe(600, EDGE_URI);
    const isOwned = (of: SipRequest, tag: string): boolean => dialog.owns(notify(of, tag, 1)[1]);
    expect(isOwned(request, 'any')).toBe(true);
    dialog.answered(accept(request, 't'));
    expect([isOwned(request, 't'), isOwned(request, 'other')]).toEqual([true, false]);
    expect(isOwned(new Dialog(ENDS).subscribe(600, EDGE_URI), 't')).toBe(false);
  });

  it('takes each NOTIFY once, and none that was sent before the last', () => {
    const request = dialog.subscribe(600, EDGE_URI);
    const taken = [7, 8, 8, 6, 9].map((sequence) => dialog.notified(...notify(request, 't', sequence)));
    expect(taken).toEqual([true, true, false, false, true]);
  });
});
