import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseContacts } from '../../src/sip/contact.ts';
import { parseCSeq } from '../../src/sip/cseq.ts';
import { parseNameAddr } from '../../src/sip/name-addr.ts';
import { parseParamValue, quote } from '../../src/sip/params.ts';
import { parseSipUri } from '../../src/sip/uri.ts';
import { parseVia, type Via } from '../../src/sip/via.ts';
import { unwrap } from '../support/unwrap.ts';
import { lines, require, parsed } from './sample-messages.ts';
import { bodyText } from '../../src/sip/body-text.ts';

type Params = Record<string, string | null>;

interface SipPackageMessage {
  readonly method?: string;
  readonly uri?: string;
  readonly status?: number;
  readonly reason?: string;
  readonly content: string;
  readonly headers: {
    readonly via: readonly {
      readonly protocol: string;
      readonly host: string;
      readonly port?: number;
      readonly params: Params;
    }[];
    readonly from: { readonly name?: string; readonly uri: string; readonly params: Params };
    readonly contact: readonly { readonly uri: string; readonly params: Params }[];
    readonly cseq: { readonly seq: number; readonly method: string };
    readonly 'x-own': string;
  };
}

const sipPackage = require('sip') as { parse(text: string): SipPackageMessage | undefined };

interface JsSipUri {
  readonly _scheme: string;
  readonly _user?: string;
  readonly _host: string;
  readonly _port?: number;
  readonly _parameters: Params;
}
interface JsSipNameAddr {
  readonly _uri: JsSipUri;
  readonly _parameters: Params;
  readonly _display_name?: string;
}
interface JsSipVia {
  readonly transport: string;
  readonly host: string;
  readonly port?: number;
  readonly branch?: string;
  readonly received?: string;
}
const grammar = require('jssip/lib/Grammar') as { parse(text: string, rule: string): unknown };

// Without %: the sip package resolves escapes in methods, which RFC 4475 §3.1.1.5 says must not be done.
const token = fc.stringMatching(/^[A-Za-z0-9.!*_+`'~-]{1,8}$/);
const host = fc.oneof(
  fc.domain(),
  fc.ipV4(),
  fc.stringMatching(/^[a-z0-9]{12}$/).map((label) => `${label}.invalid`),
);
const port = fc.option(fc.integer({ min: 1, max: 65_535 }), { nil: undefined });
const hostPort = fc.tuple(host, port).map(([name, number]) => (number === undefined ? name : `${name}:${number}`));
const uriText = fc
  .tuple(
    fc.constantFrom('sip', 'sips'),
    fc.option(fc.stringMatching(/^[A-Za-z0-9\-_.!~*'()&=+$,]{1,10}$/), { nil: undefined }),
    hostPort,
    fc.subarray([';lr', ';transport=ws', ';ob', ';x-own=1.2', ';user=phone']),
  )
  .map(
    ([scheme, user, target, params]) => `${scheme}:${user === undefined ? '' : `${user}@`}${target}${params.join('')}`,
  );
const paramsText = fc
  .subarray([';tag=a.b-c', ';x', ';y="q;,\\"<>z"', ';received=192.0.2.1', ';Q=0.5', ';expires=7', '; sp = ace'])
  .map((parts) => parts.join(''));
const displayName = fc.oneof(
  fc.constant(''),
  fc.stringMatching(/^[A-Za-z0-9]{1,6}(?: [a-z]{1,4})?$/).map((name) => `${name} `),
  fc.stringMatching(/^[ -~äö€]{0,10}$/).map((name) => `${quote(name)} `),
);
const nameAddrText = fc
  .tuple(displayName, uriText, paramsText)
  .map(([name, uri, params]) => `${name}<${uri}>${params}`);
const viaText = fc
  .tuple(
    fc.constantFrom('WS', 'WSS', 'TCP', 'UDP'),
    hostPort,
    fc.subarray([';rport', ';received=192.0.2.7', ';x="a b"']),
  )
  .map(([transport, sentBy, params]) => `SIP/2.0/${transport} ${sentBy};branch=z9hG4bKabc${params.join('')}`);

/** Both oracles give `null` for a bare name; the sip package leaves values quoted. */
function plain(params: Params): Map<string, string | undefined> {
  return new Map(
    Object.entries(params).map(([name, value]) => [name, value === null ? undefined : parseParamValue(value)]),
  );
}

describe('against the sip package', () => {
  it('reads the same in whole messages', () => {
    const startLine = fc.oneof(
      fc.tuple(token, uriText).map(([method, uri]) => `${method} ${uri} SIP/2.0`),
      fc.tuple(fc.integer({ min: 100, max: 699 }), token).map(([status, reason]) => `SIP/2.0 ${status} ${reason}`),
    );
    const vias = fc.array(viaText, { minLength: 1, maxLength: 3 });
    const contacts = fc.array(nameAddrText, { minLength: 1, maxLength: 3 });
    const sequence = fc.integer({ min: 0, max: 0x7fff_ffff });
    const header = fc.tuple(vias, nameAddrText, contacts, sequence, fc.constantFrom('\r\n ', ' ', '\t'));
    fc.assert(
      fc.property(startLine, header, fc.string({ maxLength: 20 }), (first, [via, from, contact, seq, blank], body) => {
        const text = lines(
          first,
          `v:${blank}${via.join(', ')}`,
          `From:${blank}${from}`,
          `m: ${contact.join(` ,${blank}`)}`,
          `CSeq: ${seq} OPTIONS`,
          `X-Own :${blank}a, b`,
          `Content-Length: ${Buffer.byteLength(body)}`,
          '',
          body,
        );
        const ours = parsed(text);
        const theirs = sipPackage.parse(text);
        if (theirs === undefined) throw new Error('the oracle refuses the message');
        if (ours.kind === 'request') expect([ours.method, ours.uri]).toEqual([theirs.method, theirs.uri]);
        else expect([ours.status, ours.reason]).toEqual([theirs.status, theirs.reason]);
        expect(ours.headers.getList('Via').map((value) => viaParts(unwrap(parseVia(value))))).toEqual(
          theirs.headers.via.map((value) => [value.protocol, value.host, value.port, plain(value.params)]),
        );
        const fromAddr = unwrap(parseNameAddr(ours.headers.get('From') ?? ''));
        const theirName = theirs.headers.from.name;
        expect(fromAddr.displayName ?? '').toBe(
          theirName?.startsWith('"') ? parseParamValue(theirName) : (theirName ?? ''),
        );
        expect([fromAddr.uri, fromAddr.params]).toEqual([theirs.headers.from.uri, plain(theirs.headers.from.params)]);
        const ourContacts = unwrap(parseContacts(ours.headers));
        expect(ourContacts === '*' ? '*' : ourContacts.map(({ uri, params }) => [uri, params])).toEqual(
          theirs.headers.contact.map(({ uri, params }) => [uri, plain(params)]),
        );
        expect(unwrap(parseCSeq(ours.headers.get('CSeq') ?? ''))).toEqual({
          sequence: theirs.headers.cseq.seq,
          method: theirs.headers.cseq.method,
        });
        expect(ours.headers.get('X-Own')).toBe(theirs.headers['x-own']);
        expect(bodyText(ours)).toBe(theirs.content);
      }),
      { numRuns: 200 },
    );
  });
});

function viaParts(via: Via): unknown[] {
  return [via.transport, via.sentBy.host, via.sentBy.port, via.params];
}

describe("against JsSIP's grammar", () => {
  it('reads the same in SIP URIs', () => {
    fc.assert(
      fc.property(uriText, (text) => {
        const ours = unwrap(parseSipUri(text));
        const theirs = grammar.parse(text, 'SIP_URI') as JsSipUri;
        expect([ours.scheme, ours.user, ours.host, ours.port]).toEqual([
          theirs._scheme,
          theirs._user,
          theirs._host,
          theirs._port,
        ]);
        expect(new Map([...ours.params].map(([name, value]) => [name, value?.toLowerCase()]))).toEqual(
          plain(theirs._parameters),
        );
      }),
      { numRuns: 200 },
    );
  });

  it('reads the same in name-addr values', () => {
    fc.assert(
      fc.property(nameAddrText, (text) => {
        const ours = unwrap(parseNameAddr(text));
        const theirs = grammar.parse(text, 'Name_Addr_Header') as JsSipNameAddr;
        expect([ours.displayName ?? '', ours.params]).toEqual([theirs._display_name ?? '', plain(theirs._parameters)]);
        expect(unwrap(parseSipUri(ours.uri))).toMatchObject({ host: theirs._uri._host });
      }),
      { numRuns: 200 },
    );
  });

  it('reads the same in Via values', () => {
    fc.assert(
      fc.property(viaText, (text) => {
        const { transport, sentBy, params } = unwrap(parseVia(text));
        const theirs = grammar.parse(text, 'Via') as JsSipVia;
        expect([transport, sentBy.host, sentBy.port, params.get('branch'), params.get('received')]).toEqual([
          theirs.transport,
          theirs.host,
          theirs.port,
          theirs.branch,
          theirs.received,
        ]);
      }),
      { numRuns: 200 },
    );
  });

  it('accepts every SIP URI, damaged at random, that JsSIP accepts', () => {
    const damage = fc.tuple(
      fc.nat(60),
      fc.constantFrom('', '@', ':', ';', '?', '=', '[', ' ', '&', '<', 'ä', '/', '"'),
    );
    fc.assert(
      fc.property(uriText, fc.array(damage, { minLength: 1, maxLength: 2 }), (text, damages) => {
        let broken = text;
        for (const [at, character] of damages) broken = broken.slice(0, at) + character + broken.slice(at + 1);
        const theirs = grammar.parse(broken, 'SIP_URI');
        // JsSIP takes an empty port and an empty header name, which RFC 3261 §25.1 does not have.
        if (theirs !== -1 && !/:(?:[;?]|$)|[?&]=/.test(broken))
          expect(parseSipUri(broken), broken).toMatchObject({ ok: true });
      }),
      { numRuns: 1000 },
    );
  });
});
