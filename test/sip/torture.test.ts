import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseContacts } from '../../src/sip/contact.ts';
import { serverTransactionKey } from '../../src/sip/transaction/transaction-key.ts';
import { parseSipMessage } from '../../src/sip/parse-message.ts';
import { parseSipUri } from '../../src/sip/uri.ts';
import { validateRequest } from '../../src/sip/validate-request.ts';
import { parseVia, topVia } from '../../src/sip/via.ts';
import { limits, require, request } from './sample-messages.ts';
import { formatText, parseText } from './message-text.ts';

const folder = join(dirname(require.resolve('sip')), 'test', 'messages');
const torture = (name: string): string => readFileSync(join(folder, `${name}.dat`), 'utf8');

interface ExpectedHeaders {
  readonly via: readonly { readonly protocol: string; readonly host: string; readonly port?: number }[];
  readonly cseq: { readonly seq: number; readonly method: string };
  readonly from: { readonly uri: string };
  readonly to: { readonly uri: string };
}

describe('the messages of RFC 4475', () => {
  // §3.1.1 and those of §3.3 whose fault, if any, lies above the syntax.
  it.each([
    'wsinv',
    'intmeth',
    'esc01',
    'escnull',
    'esc02',
    'lwsdisp',
    'longreq',
    'dblreq',
    'semiuri',
    'transports',
    'bext01',
    'invut',
    'regaut01',
    'zeromf',
    'cparam01',
    'cparam02',
    'regescrt',
    'sdp01',
    'unksm2',
    'inv2543',
  ])('%s is a valid request', (name) => {
    const message = request(torture(name));
    expect(validateRequest(message)).toMatchObject({ ok: true });
    expect(parseSipUri(message.uri)).toMatchObject({ ok: true });
    expect(parseContacts(message.headers)).toMatchObject({ ok: true });
    expect(message.headers.getList('Via').map((via) => parseVia(via).ok)).not.toContain(false);
    expect(request(formatText(message)).headers).toEqual(message.headers);
  });

  it.each(['unreason', 'noreason', 'bcast'])('%s is a valid response', (name) => {
    expect(parseText(torture(name), limits)).toMatchObject({ ok: true, value: { kind: 'response' } });
  });

  // §3.1.2
  it.each([
    ['badvers', 'unsupported-version'],
    ['clerr', 'content-length-mismatch'],
    ['ncl', 'content-length-mismatch'],
    ['mcl01', 'content-length-mismatch'],
    ['lwsruri', 'malformed-start-line'],
    ['lwsstart', 'malformed-start-line'],
    ['trws', 'malformed-start-line'],
    ['bigcode', 'malformed-start-line'],
  ])('%s is refused: %s', (name, reason) => {
    expect(parseText(torture(name), limits)).toMatchObject({ ok: false, reason });
  });

  it.each([
    ['badinv01', 'malformed-via'],
    ['scalar02', 'malformed-cseq'],
    ['quotbal', 'malformed-to'],
    ['mismatch01', 'cseq-method-mismatch'],
    ['mismatch02', 'cseq-method-mismatch'],
    ['insuf', 'malformed-from'],
    ['multi01', 'repeated-header'],
  ])('%s deserves a 400: %s', (name, reason) => {
    expect(validateRequest(request(torture(name)))).toEqual({ ok: false, reason });
  });

  it.each([
    ['ltgtruri', 'malformed'],
    ['unkscm', 'unsupported-scheme'],
    ['novelsc', 'unsupported-scheme'],
  ])('%s has a Request-URI that is refused: %s', (name, reason) => {
    expect(parseSipUri(request(torture(name)).uri)).toEqual({ ok: false, reason });
  });

  it('regbadct has a Contact that is refused', () => {
    expect(parseContacts(request(torture('regbadct')).headers)).toEqual({ ok: false, reason: 'malformed' });
  });

  it.each(['badbranch', 'inv2543'])('%s has no branch that could name a transaction', (name) => {
    const via = topVia(request(torture(name)).headers);
    expect(via).toBeDefined();
    expect(via && serverTransactionKey('INVITE', via)).toBeUndefined();
  });

  it('mean to us what they mean to the sip package', () => {
    // That package resolves the escapes in the method of esc02, which RFC 4475 §3.1.1.5 says must not be done.
    const compared = readdirSync(folder).filter((file) => file.endsWith('.json') && file !== 'esc02.json');
    for (const file of compared) {
      const expected = JSON.parse(readFileSync(join(folder, file), 'utf8')) as {
        method?: string;
        uri?: string;
        headers: ExpectedHeaders;
      };
      const message = parseText(torture(file.slice(0, -5)), limits);
      const essentials = message.ok && message.value.kind === 'request' ? validateRequest(message.value) : undefined;
      if (!essentials?.ok || !message.ok || expected.method === undefined) continue;
      const { headers } = expected;
      const { via, from, to, cseq } = essentials.value;
      expect([message.value, { from, to, cseq }], file).toMatchObject([
        { method: expected.method, uri: expected.uri },
        { from: { uri: headers.from.uri }, to: { uri: headers.to.uri } },
      ]);
      expect(cseq).toEqual({ sequence: headers.cseq.seq, method: headers.cseq.method });
      const [first] = headers.via;
      expect([via.transport, via.sentBy.host, via.sentBy.port]).toEqual([
        first?.protocol.toUpperCase(),
        first?.host.toLowerCase(),
        first?.port,
      ]);
      expect(message.value.headers.getList('Via')).toHaveLength(headers.via.length);
    }
    expect(compared.length).toBeGreaterThan(5);
  });

  it('never make a parser throw, all of them', () => {
    const files = readdirSync(folder).filter((file) => file.endsWith('.dat'));
    for (const file of files) parseSipMessage(readFileSync(join(folder, file)), limits);
    expect(files.length).toBeGreaterThan(45);
  });
});
