import fc from 'fast-check';
import { quote } from '../../src/sip/params.ts';

/*
 * Whole SIP messages as RFC 3261 §25.1 allows them, each with what it means: made from the parts, so that no parser has a say in it.
 */

export interface MeantAddress {
  readonly name: string;
  readonly uri: string;
  /** Lower-case name → value without quotes, `null` for a bare name. */
  readonly params: Readonly<Record<string, string | null>>;
}

export interface MeantVia {
  readonly transport: string;
  readonly host: string;
  readonly port: number | undefined;
  readonly params: Readonly<Record<string, string | null>>;
}

/** What every reader of the message should find in it. */
export interface Meaning {
  readonly start: readonly [string, string] | readonly [number, string];
  readonly vias: readonly MeantVia[];
  readonly from: MeantAddress;
  readonly to: MeantAddress;
  readonly contacts: readonly MeantAddress[];
  readonly cseq: readonly [number, string];
  readonly callId: string;
  readonly subject: string;
  readonly body: string;
}

export interface GeneratedMessage {
  readonly text: string;
  readonly meaning: Meaning;
  readonly looks: {
    /** Empty lines stand before the start line. */
    readonly startsEmpty: boolean;
    /** Something follows the body. */
    readonly hasExcess: boolean;
    /** Values in the first Via field. */
    readonly firstVias: number;
  };
}

interface Written<T> {
  readonly text: string;
  readonly meant: T;
}

/** SWS and LWS of RFC 3261 §25.1, folded ones among them. */
const someSpace = fc.constantFrom('', '', ' ', ' ', '  ', '\t', '\r\n ', ' \r\n\t', '\r\n  ');
const space = fc.constantFrom(' ', ' ', ' ', '\t', '  ', '\r\n ', ' \r\n\t ');
const flatSpace = fc.constantFrom('', '', '', ' ', '\t', ' \t ');

// Without %: RFC 4475 §3.1.1.5 has a test of its own in which the oracles take it for an escape.
const token = fc.stringMatching(/^[A-Za-z0-9.!*_+`'~-]{1,8}$/);
const method = fc.oneof(fc.constantFrom('INVITE', 'OPTIONS', 'MESSAGE', 'REGISTER', 'BYE'), token);
const ipv6 = fc.constantFrom('[2001:db8::9:1]', '[::1]', '[2001:db8:0:1:2:3:4:5]', '[::ffff:192.0.2.1]');
const host = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.constantFrom('example.com', 'a-b.example', 'x.invalid', 'edge1', '192.0.2.7', 'Example.COM'),
  },
  { weight: 1, arbitrary: ipv6 },
);
const port = fc.option(fc.integer({ min: 1, max: 65_535 }), { nil: undefined });
const hostPort = fc.tuple(host, port).map(([name, number]) => (number === undefined ? name : `${name}:${number}`));
const user = fc.option(fc.stringMatching(/^(?:[A-Za-z0-9_.!~*'()&=+$,/-]|%20|%C3%A4){1,6}$/), { nil: undefined });

const uri = fc
  .tuple(
    fc.constantFrom('sip', 'sips'),
    user,
    hostPort,
    fc.subarray([';lr', ';transport=ws', ';ob', ';x-own=1.2', ';user=phone']),
  )
  .map(([scheme, name, target, params]) => ({
    bare: `${scheme}:${name === undefined ? '' : `${name}@`}${target}`,
    params: params.join(''),
  }));
const requestUri = uri.map(({ bare, params }) => bare + params);

/** UTF8-NONASCII beside the printable characters, among them all that means something elsewhere. */
const quotable = fc.string({
  unit: fc.oneof(fc.constantFrom(...Array.from(' ;,<>@:"\\=?/aZ09')), fc.constantFrom('ä', 'Ж', '本', '😀', '\u2028')),
  maxLength: 8,
});
/** Also what a reason phrase may hold (§25.1). */
const plainText = fc
  .stringMatching(/^[A-Za-z0-9!~*äЖ本-](?:[ A-Za-z0-9;/?:@&=+$,_.!~*'()äЖ本😀-]{0,12}[A-Za-z0-9ä])?$/u)
  .map((text) => text.replace(/ +/g, ' '));

const param = fc.oneof(
  token.map((value): [string, string | null, string] => ['p-token', value, value]),
  quotable.map((value): [string, string | null, string] => ['p-quoted', value, quote(value)]),
  fc.constant<[string, string | null, string]>(['p-bare', null, '']),
  fc.constant<[string, string | null, string]>(['P-Upper', 'V', 'V']),
);
type Param = [string, string | null, string];
const params = fc.uniqueArray(param, { maxLength: 3, selector: ([name]) => name });

/** Blanks around `;` and `=` as SEMI and EQUAL allow them. */
function writeParams(list: readonly Param[], blanks: readonly string[]): Written<Record<string, string | null>> {
  let at = 0;
  const blank = (): string => blanks[at++ % Math.max(1, blanks.length)] ?? '';
  let text = '';
  const meant: Record<string, string | null> = {};
  for (const [name, value, written] of list) {
    text += `${blank()};${blank()}${name}${value === null ? '' : `${blank()}=${blank()}${written}`}`;
    meant[name.toLowerCase()] = value;
  }
  return { text, meant };
}
const blanks = fc.array(someSpace, { minLength: 1, maxLength: 5 });

const displayName = fc.oneof(
  fc.constant<Written<string>>({ text: '', meant: '' }),
  fc.array(token, { minLength: 1, maxLength: 3 }).map((words) => ({ text: words.join(' '), meant: words.join(' ') })),
  quotable.map((name) => ({ text: quote(name), meant: name })),
);

const nameAddr = fc
  .tuple(displayName, someSpace, uri, params, blanks)
  .map(([name, gap, target, list, around]): Written<MeantAddress> => {
    const tail = writeParams(list, around);
    const address = target.bare + target.params;
    return {
      text: `${name.text}${gap}<${address}>${tail.text}`,
      meant: { name: name.meant, uri: address, params: tail.meant },
    };
  });
/** Without brackets a URI may hold neither parameters nor commas (§20.10). */
const addrSpec = fc.tuple(uri, params, blanks).map(([{ bare }, list, around]): Written<MeantAddress> => {
  const address = bare.replaceAll(',', '.');
  const tail = writeParams(list, around);
  return { text: address + tail.text, meant: { name: '', uri: address, params: tail.meant } };
});
const address = fc.oneof({ weight: 4, arbitrary: nameAddr }, { weight: 1, arbitrary: addrSpec });

const via = fc
  .tuple(fc.constantFrom('WS', 'WSS', 'TCP', 'UDP', 'TLS'), space, host, port, token, params, blanks, flatSpace)
  .map(([transport, gap, name, number, branch, list, around, slash]): Written<MeantVia> => {
    const tail = writeParams([['branch', `z9hG4bK${branch}`, `z9hG4bK${branch}`], ...list], around);
    return {
      text: `SIP${slash}/${slash}2.0${slash}/${slash}${transport}${gap}${name}${number === undefined ? '' : `:${number}`}${tail.text}`,
      meant: { transport, host: name.toLowerCase(), port: number, params: tail.meant },
    };
  });

/** One field line, or several, or a list: `,` with blanks, or a field of its own for each value. */
function writeList(
  names: readonly string[],
  texts: readonly string[],
  separators: readonly string[],
  colon: string,
): string[] {
  const lines: string[] = [];
  texts.forEach((text, i) => {
    const separator = separators[i % separators.length] ?? '\n';
    if (i === 0 || separator === '\n') lines.push(`${names[i % names.length] ?? ''}${colon}${text}`);
    else lines.push(`${lines.pop() ?? ''}${separator}${text}`);
  });
  return lines;
}
const separators = fc.array(fc.constantFrom('\n', ', ', ',', ' ,', ' ,\r\n '), { minLength: 1, maxLength: 2 });
const colon = fc.tuple(flatSpace, someSpace).map(([before, after]) => `${before}:${after}`);
const spellings = (...names: string[]): fc.Arbitrary<string> => fc.constantFrom(...names);

const startLine = fc.oneof(
  fc
    .tuple(method, requestUri)
    .map(([name, target]) => ({ text: `${name} ${target} SIP/2.0`, meant: [name, target] as const })),
  fc
    .tuple(fc.integer({ min: 100, max: 699 }), plainText)
    .map(([status, reason]) => ({ text: `SIP/2.0 ${status} ${reason}`, meant: [status, reason] as const })),
);

const fields = fc.record({
  vias: fc.array(via, { minLength: 1, maxLength: 3 }),
  from: address,
  to: address,
  contacts: fc.array(nameAddr, { minLength: 1, maxLength: 3 }),
  sequence: fc.integer({ min: 0, max: 0x7fff_ffff }),
  cseqMethod: method,
  cseqSpace: space,
  callId: fc.stringMatching(/^[A-Za-z0-9.!*_+~-]{1,8}(?:@[a-z0-9.]{1,6})?$/),
  subject: plainText,
});
const writing = fc.record({
  colons: fc.array(colon, { minLength: 7, maxLength: 7 }),
  viaNames: fc.array(spellings('Via', 'v', 'VIA'), { minLength: 1, maxLength: 3 }),
  contactNames: fc.array(spellings('Contact', 'm', 'contact'), { minLength: 1, maxLength: 3 }),
  from: spellings('From', 'f', 'FROM'),
  to: spellings('To', 't', 'tO'),
  callId: spellings('Call-ID', 'i', 'call-id'),
  subject: spellings('Subject', 's'),
  length: spellings('Content-Length', 'l', ''),
  viaSeparators: separators,
  contactSeparators: separators,
  order: fc.shuffledSubarray([0, 1, 2, 3, 4, 5, 6, 7], { minLength: 8 }),
  body: fc.string({ unit: fc.constantFrom('v', '=', '0', ' ', '\r\n', 'ä', '😀', '<', ':'), maxLength: 12 }),
  excess: fc.constantFrom('', '', '', 'INVITE sip:a@b SIP/2.0\r\n'),
  leading: fc.constantFrom('', '', '', '\r\n', '\r\n\r\n'),
});

/** A message with nothing wrong about it, however it looks. */
export const generatedMessage: fc.Arbitrary<GeneratedMessage> = fc
  .tuple(startLine, fields, writing)
  .map(([start, parts, how]) => {
    const colonAt = (i: number): string => how.colons[i] ?? ': ';
    const groups = [
      writeList(
        how.viaNames,
        parts.vias.map(({ text }) => text),
        how.viaSeparators,
        colonAt(0),
      ),
      [`${how.from}${colonAt(1)}${parts.from.text}`],
      [`${how.to}${colonAt(2)}${parts.to.text}`],
      writeList(
        how.contactNames,
        parts.contacts.map(({ text }) => text),
        how.contactSeparators,
        colonAt(3),
      ),
      [`CSeq${colonAt(4)}${parts.sequence}${parts.cseqSpace}${parts.cseqMethod}`],
      [`${how.callId}${colonAt(5)}${parts.callId}`],
      [`${how.subject}${colonAt(6)}${parts.subject}`],
      how.length === '' ? [] : [`${how.length}: ${Buffer.byteLength(how.body)}`],
    ];
    const lines = how.order.flatMap((i) => groups[i] ?? []);
    const isSplit = how.viaSeparators.map((separator) => separator === '\n');
    const next = parts.vias.findIndex((_via, i) => i > 0 && isSplit[i % isSplit.length]);
    const rest = how.length === '' ? how.body : how.body + how.excess;
    return {
      looks: {
        startsEmpty: how.leading !== '',
        hasExcess: rest !== how.body,
        firstVias: next < 0 ? parts.vias.length : next,
      },
      text: `${how.leading}${start.text}\r\n${lines.join('\r\n')}\r\n\r\n${rest}`,
      meaning: {
        start: start.meant,
        vias: parts.vias.map(({ meant }) => meant),
        from: parts.from.meant,
        to: parts.to.meant,
        contacts: parts.contacts.map(({ meant }) => meant),
        cseq: [parts.sequence, parts.cseqMethod],
        callId: parts.callId,
        subject: parts.subject,
        body: how.body,
      },
    };
  });
