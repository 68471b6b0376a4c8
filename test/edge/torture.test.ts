import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createResponse } from '../../src/sip/create-response.ts';
import { formatSipMessage } from '../../src/sip/format-message.ts';
import { type SipMessage, type SipRequest } from '../../src/sip/message.ts';
import { parseSipMessage } from '../../src/sip/parse-message.ts';
import { validateRequest } from '../../src/sip/validate-request.ts';
import { edgeOptions } from './support/edge-options.ts';
import { startEdge } from './support/edge-server.ts';
import { type FakeHop } from './support/fake-hop.ts';
import { ProxyBench } from './support/proxy-bench.ts';
import { Wic } from './support/wic.ts';

/** The npm package `sip` carries the messages of RFC 4475, byte for byte. */
const folder = join(dirname(createRequire(import.meta.url).resolve('sip')), 'test', 'messages');
const LIMITS = { maxHeaders: 128, maxLineBytes: 8192 };

function bytesOf(name: string): Buffer {
  const bytes = readFileSync(join(folder, `${name}.dat`));
  // There, the empty line that ends this one stands in a file of its own.
  return name === 'baddn' ? Buffer.concat([bytes, Buffer.from('\r\n')]) : bytes;
}

/**
 * What becomes of a request that may be sent by whoever it says it is from.
 * `passes`: it goes to its callee, and what leaves is as it came but for what a proxy has to change. `registrar`: it goes to the core.
 */
type Fate = 'passes' | 'registrar' | `${number} ${string}`;

/** In the order of RFC 4475: name, what it says of the message in our words, and what the edge does. */
const REQUESTS: readonly (readonly [name: string, what: string, fate: Fate])[] = [
  // §3.1.1: valid. Two of them have a topmost branch of RFC 2543, whose clients knew no WebSocket and are not served (§3.4 too).
  ['wsinv', 'white space wherever it may be, and a branch of RFC 2543', '400 Bad Request (via branch)'],
  ['intmeth', 'every character a token, a user part and a quoted string may hold', 'passes'],
  ['esc01', 'escapes in URIs', 'passes'],
  ['escnull', 'escaped NULs in user parts', 'registrar'],
  ['esc02', 'percent signs that are no escapes', 'passes'],
  ['lwsdisp', 'no blank between display name and bracket', 'passes'],
  ['longreq', 'long values, 34 Vias, and no branch', '400 Bad Request (via branch)'],
  ['dblreq', 'a second request behind the first, which is dropped', 'registrar'],
  ['semiuri', 'a semicolon in the user part', 'passes'],
  ['transports', 'unknown transports in Via', 'passes'],
  ['mpart01', 'binary parts in the body', 'passes'],
  // §3.1.2: invalid
  ['badinv01', 'separators without values', '400 Bad Request (malformed via)'],
  ['clerr', 'a Content-Length beyond the end', '400 Bad Request (content length mismatch)'],
  ['ncl', 'a negative Content-Length', '400 Bad Request (content length mismatch)'],
  ['scalar02', 'numbers beyond any bound', '400 Bad Request (malformed cseq)'],
  ['quotbal', 'a quote that is never closed', '400 Bad Request (malformed to)'],
  ['ltgtruri', 'brackets around the Request-URI, and no branch', '400 Bad Request (via branch)'],
  ['lwsruri', 'a blank in the Request-URI', '400 Bad Request (malformed start line)'],
  ['lwsstart', 'two blanks in the request line', '400 Bad Request (malformed start line)'],
  ['trws', 'blanks behind the request line', '400 Bad Request (malformed start line)'],
  ['escruri', 'header fields in the Request-URI', '400 Bad Request (headers in request uri)'],
  ['baddate', 'a Date in another time zone, which is nothing to a proxy', 'passes'],
  ['regbadct', 'a Contact that needs brackets, which is for the registrar to refuse', 'registrar'],
  ['badaspec', 'blanks inside brackets, which can be read', 'passes'],
  ['baddn', 'a comma in a display name without quotes', '400 Bad Request (malformed from)'],
  ['badvers', 'another version', '505 Version Not Supported'],
  ['mismatch01', 'a CSeq of another method', '400 Bad Request (cseq method mismatch)'],
  ['mismatch02', 'a CSeq of another method, where both are unknown', '400 Bad Request (cseq method mismatch)'],
  // §3.2
  ['badbranch', 'a branch that is nothing but the magic cookie', '400 Bad Request (via branch)'],
  // §3.3: what lies above the syntax
  ['insuf', 'no From, To or Call-ID', '400 Bad Request (malformed from)'],
  ['unkscm', 'an unknown URI scheme', '416 Unsupported URI Scheme'],
  ['novelsc', 'a URI scheme of something else', '416 Unsupported URI Scheme'],
  ['unksm2', 'From, To and Contact of other schemes, which are for the registrar to refuse', 'registrar'],
  ['bext01', 'extensions that no proxy knows', '420 Bad Extension'],
  ['invut', 'an unknown body', 'passes'],
  ['regaut01', 'an unknown authorization scheme, which is for the registrar to refuse', 'registrar'],
  ['multi01', 'fields twice of which there may be one', '400 Bad Request (repeated header)'],
  ['mcl01', 'two Content-Lengths', '400 Bad Request (content length mismatch)'],
  ['zeromf', 'no hops left', '483 Too Many Hops'],
  ['cparam01', 'an unknown parameter of a Contact', 'registrar'],
  ['cparam02', 'an unknown parameter of a Contact URI', 'registrar'],
  ['regescrt', 'a Contact URI with an escaped header field', 'registrar'],
  ['sdp01', 'an Accept that leaves no common body, which is for the callee', 'passes'],
  // §3.4
  ['inv2543', 'a request of RFC 2543', '400 Bad Request (via branch)'],
];

/** To nothing that was sent, and two of them unreadable: no answer may be sent to a response. */
const RESPONSES = ['unreason', 'noreason', 'bigcode', 'scalarlg', 'bcast'];

class TortureBench extends ProxyBench {
  readonly alice = this.register('alice');
  readonly bob = this.register('bob');
  readonly core = this.addHop({ kind: 'core' });
  readonly registrar: SipRequest[] = [];

  constructor() {
    super();
    this.handle = (request, _essentials, _hop, outcome) => {
      if (request.method === 'REGISTER') {
        this.registrar.push(request);
        outcome.respond(createResponse(request, 200));
      } else {
        outcome.forward([{ hop: this.bob.hop, uri: this.bob.wic.contactUri }]);
      }
    };
  }

  /** How it went on. */
  fateOf(sender: FakeHop, text: string): Fate | 'dropped' {
    this.proxy.receive(Buffer.from(text, 'latin1'), sender);
    for (const message of [...sender.sent, ...this.bob.hop.sent]) expectReadable(message);
    if (this.registrar.length > 0) return 'registrar';
    if (this.bob.hop.sent.length > 0) return 'passes';
    const [answer] = sender.sent;
    return answer?.kind === 'response' ? `${answer.status} ${answer.reason}` : 'dropped';
  }
}

/** What leaves is valid. */
function expectReadable(message: SipMessage): void {
  const again = parseSipMessage(formatSipMessage(message), LIMITS);
  expect(again).toMatchObject({ ok: true });
  if (again.ok && again.value.kind === 'request') expect(validateRequest(again.value)).toMatchObject({ ok: true });
}

/** The same message, an octet a character, from a user who is registered on the connection. */
function fromAlice(text: string): string {
  return text.replace(/^(f(?:rom)?\s*:[^]*?)(?:sip|http):[^\s;>]+/im, '$1sip:alice@example.com');
}

function withBranch(text: string): string {
  return text.replace(
    /^(v(?:ia)?\s*:\s*SIP\s*\/\s*2\.0\s*\/\s*\S+\s+[^\s;]+)(;branch=\w+)?/im,
    '$1;branch=z9hG4bKcookie',
  );
}

const ours = new Set([
  'via',
  'v',
  'max-forwards',
  'max-breadth',
  'record-route',
  'content-length',
  'l',
  'route',
  'from',
  'f',
]);

function foreign(message: SipMessage): [string, string][] {
  return [...message.headers.entries()].filter(([name]) => !ours.has(name.toLowerCase()));
}

describe('a request of RFC 4475', () => {
  it.each(REQUESTS)('%s, from a registered client (%s): %s', (name, _what, fate) => {
    const bench = new TortureBench();
    const text = fromAlice(bytesOf(name).toString('latin1'));
    expect(bench.fateOf(bench.alice.hop, text)).toBe(fate);
    if (fate !== 'passes') return;
    const came = parseSipMessage(Buffer.from(text, 'latin1'), LIMITS);
    const [left] = bench.bob.hop.sent;
    if (!came.ok || left?.kind !== 'request') throw new Error('expected a request that passes');
    expect(foreign(left)).toEqual(foreign(came.value));
    expect(left.body).toEqual(came.value.body);
    const hops = came.value.headers.get('Max-Forwards');
    expect(left.headers.get('Max-Forwards')).toBe(String(Number(hops) - 1));
    expect(left.headers.getList('Via').slice(2)).toEqual(came.value.headers.getList('Via').slice(1));
  });

  it.each(REQUESTS)('%s, from the core (%s): %s', (name, _what, fate) => {
    const bench = new TortureBench();
    expect(bench.fateOf(bench.core, bytesOf(name).toString('latin1'))).toBe(fate);
  });

  it.each(REQUESTS.filter(([, , fate]) => fate === 'passes'))(
    '%s, from a client that is not registered: 403',
    (name) => {
      const bench = new TortureBench();
      const fate = bench.fateOf(bench.addHop(), bytesOf(name).toString('latin1'));
      expect(fate).toBe('403 Forbidden (From is not registered on this connection)');
    },
  );

  it.each([
    ['wsinv', 'passes'],
    ['longreq', 'passes'],
    ['inv2543', 'passes'],
    ['ltgtruri', '400 Bad Request (request uri)'],
  ])('%s, once its topmost Via has a branch of RFC 3261: %s', (name, fate) => {
    for (const sender of ['alice', 'core'] as const) {
      const bench = new TortureBench();
      const hop = sender === 'core' ? bench.core : bench.alice.hop;
      expect(bench.fateOf(hop, withBranch(fromAlice(bytesOf(name).toString('latin1'))))).toBe(fate);
    }
  });

  it('bext01 is told which of its extensions are unknown', () => {
    const bench = new TortureBench();
    bench.proxy.receive(bytesOf('bext01'), bench.core);
    expect(bench.core.lastResponse().headers.getList('Unsupported')).toEqual([
      'noProxiesSupportThis',
      'norDoAnyProxiesSupportThis',
    ]);
  });
});

describe('a response of RFC 4475', () => {
  it.each(RESPONSES)('%s, to nothing that was sent, is dropped', (name) => {
    const bench = new TortureBench();
    const text = bytesOf(name).toString('latin1');
    for (const hop of [bench.alice.hop, bench.core]) expect(bench.fateOf(hop, text)).toBe('dropped');
  });

  it.each([
    ['unreason', 200],
    ['bcast', 200],
  ])('%s, to a request that is waiting for it, passes with its reason phrase and body', (name, status) => {
    const bench = new TortureBench();
    const text = bytesOf(name).toString('latin1');
    const came = parseSipMessage(Buffer.from(text, 'latin1'), LIMITS);
    if (!came.ok || came.value.kind !== 'response') throw new Error('expected a response');
    bench.receive(bench.alice.wic.build('INVITE', 'sip:bob@example.com', 'sip:bob@example.com'), bench.alice.hop);
    const asked = bench.bob.hop.lastRequest('INVITE');
    const { headers } = came.value;
    headers.remove('Via');
    for (const via of asked.headers.getAll('Via').reverse()) headers.prepend('Via', via);
    headers.set('CSeq', asked.headers.get('CSeq')!);
    bench.receive(came.value, bench.bob.hop);
    const passed = bench.alice.hop.lastResponse();
    expect(passed).toMatchObject({ status, reason: came.value.reason, body: came.value.body });
    expectReadable(passed);
  });
});

describe('the messages of RFC 4475 in WebSocket frames', () => {
  it('are the 49 of the document', () => {
    expect(new Set([...REQUESTS.map(([name]) => name), ...RESPONSES]).size).toBe(49);
  });

  it('stop nobody from being served, and end no connection', async () => {
    await using server = await startEdge(edgeOptions());
    for (const name of [...REQUESTS.map(([name]) => name), ...RESPONSES]) {
      const socket = await server.connect();
      socket.send(bytesOf(name));
      const wic = new Wic('alice', socket);
      wic.send(wic.buildRegister());
      const isAnswer = (frame: string): boolean => frame.includes(wic.registerCallId);
      await expect.poll(() => socket.frames.some(isAnswer), { timeout: 10_000, interval: 5 }).toBe(true);
      await socket.close();
    }
    const alice = new Wic('alice', await server.connect());
    await alice.register();
    expect(server.errors).toEqual([]);
  });

  it.each(REQUESTS.filter(([, , fate]) => fate === 'registrar'))(
    '%s (%s) is challenged or refused, and registers nothing',
    async (name) => {
      await using server = await startEdge(edgeOptions());
      const socket = await server.connect();
      socket.webSocket.send(bytesOf(name), { binary: false });
      await expect.poll(() => socket.frames.length, { timeout: 10_000 }).toBe(1);
      expect(socket.frames[0]).toMatch(name === 'unksm2' ? /^SIP\/2\.0 (?:400|404) / : /^SIP\/2\.0 (?:401|403|404) /);
      expect(server.edge.snapshot().registrations).toEqual([]);
    },
  );

  it.each([
    ['cparam01', 200, 'sip:+19725552222@gw1.example.net'],
    ['cparam02', 200, 'sip:+19725552222@gw1.example.net;unknownparam'],
    ['regescrt', 200, 'sip:user@example.com?Route=%3Csip:sip.example.com%3E'],
    ['escnull', 200, 'sip:%00@host5.example.com'],
    ['regbadct', 400, undefined],
    ['unksm2', 400, undefined],
  ] as const)('the Contact of %s from a user who proves who he is: %i', async (name, status, uri) => {
    await using server = await startEdge(edgeOptions());
    const alice = new Wic('alice', await server.connect());
    const parsed = parseSipMessage(bytesOf(name), LIMITS);
    const contact = parsed.ok ? parsed.value.headers.get('Contact')! : '';
    await alice.register({ contact }, status);
    expect(server.edge.snapshot().registrations.map(({ contactUri }) => contactUri)).toEqual(uri ? [uri] : []);
  });
});
