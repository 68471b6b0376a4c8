import {
  type AutobahnCase,
  BYE,
  BYE_ANSWER,
  echo,
  echoBinary,
  FAILED,
  GREEK,
  hex,
  NOT_UTF8,
  numbered,
  pieces,
  pongTo,
  split,
} from './autobahn-case.ts';
import { TEXT } from './autobahn-text.ts';
import { binary, clientFrame, close, inPieces, more, ping, pong, text } from './client-frames.ts';

const SIZES = [0, 125, 126, 127, 128, 65_535, 65_536];

/** 1: text and binary frames of every form of length. */
const FRAMING: readonly AutobahnCase[] = [
  ...numbered('1.1', [
    ...SIZES.map((size) => ({
      what: `text of ${size} bytes`,
      chunks: [text('*'.repeat(size)), BYE],
      answers: [echo('*'.repeat(size)), BYE_ANSWER],
    })),
    {
      what: 'text of 65536 bytes in chops of 997',
      chunks: [...inPieces(text('*'.repeat(65_536)), 997), BYE],
      answers: [echo('*'.repeat(65_536)), BYE_ANSWER],
    },
  ]),
  ...numbered('1.2', [
    ...SIZES.map((size) => ({
      what: `binary of ${size} bytes`,
      chunks: [binary(Buffer.alloc(size, 0xfe)), BYE],
      answers: [size === 0 ? echo('') : echoBinary(Buffer.alloc(size, 0xfe)), BYE_ANSWER],
    })),
    {
      what: 'binary of 65536 bytes in chops of 997',
      chunks: [...inPieces(binary(Buffer.alloc(65_536, 0xfe)), 997), BYE],
      answers: [echoBinary(Buffer.alloc(65_536, 0xfe)), BYE_ANSWER],
    },
  ]),
];

const TEN = Array.from({ length: 10 }, (_, i) => `payload-${i}`);

/** 2: pings and pongs. */
const PINGS: readonly AutobahnCase[] = numbered('2', [
  { what: 'ping of nothing', chunks: [ping(), BYE], answers: [pongTo(''), BYE_ANSWER] },
  { what: 'ping of text', chunks: [ping('Hello, world!'), BYE], answers: [pongTo('Hello, world!'), BYE_ANSWER] },
  {
    what: 'ping of binary',
    chunks: [ping(hex('00fffefdfcfb00ff')), BYE],
    answers: [pongTo(hex('00fffefdfcfb00ff')), BYE_ANSWER],
  },
  {
    what: 'ping of 125 bytes',
    chunks: [ping(Buffer.alloc(125, 0xfe)), BYE],
    answers: [pongTo(Buffer.alloc(125, 0xfe)), BYE_ANSWER],
  },
  { what: 'ping of 126 bytes', chunks: [ping(Buffer.alloc(126, 0xfe)), BYE], answers: [FAILED] },
  {
    what: 'ping of 125 bytes, octet by octet',
    chunks: pieces(1, ping(Buffer.alloc(125, 0xfe)), BYE),
    answers: [pongTo(Buffer.alloc(125, 0xfe)), BYE_ANSWER],
  },
  { what: 'pong of nothing that nobody asked for', chunks: [pong(), BYE], answers: [BYE_ANSWER] },
  { what: 'pong that nobody asked for', chunks: [pong('unsolicited'), BYE], answers: [BYE_ANSWER] },
  {
    what: 'pong that nobody asked for, then a ping',
    chunks: [pong('unsolicited'), ping('ping'), BYE],
    answers: [pongTo('ping'), BYE_ANSWER],
  },
  {
    what: 'ten pings',
    chunks: [...TEN.map((payload) => ping(payload)), BYE],
    answers: [...TEN.map(pongTo), BYE_ANSWER],
  },
  {
    what: 'ten pings, octet by octet',
    chunks: pieces(1, ...TEN.map((payload) => ping(payload)), BYE),
    answers: [...TEN.map(pongTo), BYE_ANSWER],
  },
]);

const hello = 'Hello, world!';
const rsv = (bits: number, opcode = 1, payload = hello): Buffer => clientFrame({ opcode, rsv: bits, payload });

/** 3: reserved bits. */
const RESERVED: readonly AutobahnCase[] = numbered('3', [
  { what: 'RSV 1', chunks: [rsv(1)], answers: [FAILED] },
  {
    what: 'RSV 2 behind a text, before a ping',
    chunks: [text(hello), rsv(2), ping()],
    answers: [echo(hello), FAILED],
  },
  {
    what: 'RSV 3 behind a text, in one chunk',
    chunks: [Buffer.concat([text(hello), rsv(3), ping()])],
    answers: [echo(hello), FAILED],
  },
  { what: 'RSV 4, octet by octet', chunks: pieces(1, text(hello), rsv(4), ping()), answers: [echo(hello), FAILED] },
  { what: 'RSV 5 on a binary frame', chunks: [rsv(5, 2)], answers: [FAILED] },
  { what: 'RSV 6 on a ping', chunks: [rsv(6, 9)], answers: [FAILED] },
  { what: 'RSV 7 on a close frame', chunks: [rsv(7, 8, '')], answers: [FAILED] },
]);

/** 4: opcodes that are not assigned, alone and behind a text. */
const OPCODES_RESERVED: readonly AutobahnCase[] = [
  { section: '4.1', opcodes: [3, 4, 5, 6, 7] },
  { section: '4.2', opcodes: [11, 12, 13, 14, 15] },
].flatMap(({ section, opcodes }) =>
  numbered(
    section,
    opcodes.map((opcode, index) => {
      const bad = clientFrame({ opcode, payload: index === 0 ? '' : 'reserved' });
      if (index < 2) return { what: `opcode ${opcode}`, chunks: [bad], answers: [FAILED] };
      const chunks = index === 4 ? pieces(1, text(hello), bad, ping()) : [text(hello), bad, ping()];
      return { what: `opcode ${opcode} behind a text`, chunks, answers: [echo(hello), FAILED] };
    }),
  ),
);

const both = echo('fragment1fragment2');
const three = [text('fragment1', false), more('fragment2'), more('fragment3', true)];
const stray = (fin: boolean): Buffer[] => [more('non-continuation payload', fin), text(hello)];
const twice = [
  ...[text('fragment1', false), more('fragment2')],
  ...[ping('1'), more('fragment3'), more('fragment4'), ping('2'), more('fragment5', true)],
];
const twiceAnswers = [pongTo('1'), pongTo('2'), echo('fragment1fragment2fragment3fragment4fragment5'), BYE_ANSWER];

/** 5: fragments. */
const FRAGMENTS: readonly AutobahnCase[] = numbered('5', [
  {
    what: 'ping in fragments',
    chunks: [clientFrame({ opcode: 9, payload: 'a', fin: false }), more('b', true)],
    answers: [FAILED],
  },
  {
    what: 'pong in fragments',
    chunks: [clientFrame({ opcode: 10, payload: 'a', fin: false }), more('b', true)],
    answers: [FAILED],
  },
  { what: 'text in two', chunks: [...split('fragment1', 'fragment2'), BYE], answers: [both, BYE_ANSWER] },
  {
    what: 'text in two, in one chunk',
    chunks: [Buffer.concat([...split('fragment1', 'fragment2'), BYE])],
    answers: [both, BYE_ANSWER],
  },
  {
    what: 'text in two, octet by octet',
    chunks: pieces(1, ...split('fragment1', 'fragment2'), BYE),
    answers: [both, BYE_ANSWER],
  },
  {
    what: 'a ping between',
    chunks: [...split('fragment1', 'fragment2', [ping('ping')]), BYE],
    answers: [pongTo('ping'), both, BYE_ANSWER],
  },
  {
    what: 'a ping between, in one chunk',
    chunks: [Buffer.concat([...split('fragment1', 'fragment2', [ping('ping')]), BYE])],
    answers: [pongTo('ping'), both, BYE_ANSWER],
  },
  {
    what: 'a ping between, octet by octet',
    chunks: pieces(1, ...split('fragment1', 'fragment2', [ping('ping')]), BYE),
    answers: [pongTo('ping'), both, BYE_ANSWER],
  },
  { what: 'continuation of nothing, the last', chunks: stray(true), answers: [FAILED] },
  { what: 'continuation of nothing, the last, in one chunk', chunks: [Buffer.concat(stray(true))], answers: [FAILED] },
  { what: 'continuation of nothing, the last, octet by octet', chunks: pieces(1, ...stray(true)), answers: [FAILED] },
  { what: 'continuation of nothing', chunks: stray(false), answers: [FAILED] },
  { what: 'continuation of nothing, in one chunk', chunks: [Buffer.concat(stray(false))], answers: [FAILED] },
  { what: 'continuation of nothing, octet by octet', chunks: pieces(1, ...stray(false)), answers: [FAILED] },
  {
    what: 'continuation behind a message that is whole',
    chunks: [...split('fragment1', 'fragment2'), ...stray(false)],
    answers: [both, FAILED],
  },
  {
    what: 'continuation of nothing again and again',
    chunks: [more('a'), text('b', true), more('c')],
    answers: [FAILED],
  },
  {
    what: 'continuation of nothing, the last, again and again',
    chunks: [more('a', true), text('b', true), more('c', true)],
    answers: [FAILED],
  },
  { what: 'text within the fragments of a text', chunks: [text('a', false), text('b', true)], answers: [FAILED] },
  { what: 'pings between five fragments', chunks: [...twice, BYE], answers: twiceAnswers },
  {
    what: 'pings between five fragments, in one chunk',
    chunks: [Buffer.concat([...twice, BYE])],
    answers: twiceAnswers,
  },
]).concat([
  {
    id: '5 (three)',
    what: 'text in three',
    chunks: [...three, BYE],
    answers: [echo('fragment1fragment2fragment3'), BYE_ANSWER],
  },
]);

/** 7: the end. */
const CLOSING: readonly AutobahnCase[] = [
  ...numbered('7.1', [
    { what: 'text, then close', chunks: [text(hello), BYE], answers: [echo(hello), BYE_ANSWER] },
    { what: 'close twice', chunks: [close(1000), close(1000)], answers: [BYE_ANSWER] },
    { what: 'ping behind close', chunks: [close(1000), ping()], answers: [BYE_ANSWER] },
    { what: 'text behind close', chunks: [close(1000), text(hello)], answers: [BYE_ANSWER] },
    { what: 'close within fragments', chunks: [text('a', false), close(1000), more('b', true)], answers: [BYE_ANSWER] },
    {
      what: 'much text, close, ping',
      chunks: [text('*'.repeat(65_536)), close(1000), ping()],
      answers: [echo('*'.repeat(65_536)), BYE_ANSWER],
    },
  ]),
  ...numbered('7.3', [
    { what: 'no code', chunks: [close()], answers: ['close'] },
    { what: 'half a code', chunks: [clientFrame({ opcode: 8, payload: Buffer.of(3) })], answers: [FAILED] },
    { what: 'a code', chunks: [close(1000)], answers: [BYE_ANSWER] },
    { what: 'a code and a reason', chunks: [close(1000, hello)], answers: [BYE_ANSWER] },
    { what: 'the longest reason', chunks: [close(1000, '*'.repeat(123))], answers: [BYE_ANSWER] },
    { what: 'a reason too long', chunks: [close(1000, '*'.repeat(124))], answers: [FAILED] },
  ]),
  {
    id: '7.5.1',
    what: 'a reason that is not UTF-8',
    chunks: [close(1000, Buffer.concat([GREEK, hex('eda080656469746564')]))],
    answers: [NOT_UTF8],
  },
  ...numbered(
    '7.7',
    [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999].map((code) => ({
      what: `code ${code}`,
      chunks: [close(code)],
      answers: [`close ${code}`],
    })),
  ),
  ...numbered(
    '7.9',
    [0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999].map((code) => ({
      what: `code ${code}`,
      chunks: [close(code)],
      answers: [FAILED],
    })),
  ),
  ...numbered(
    '7.13',
    [5000, 65_535].map((code) => ({ what: `code ${code}`, chunks: [close(code)], answers: [FAILED] })),
  ),
];

/** 9: the longest message, in frames and chops of many sizes, and one byte more. */
const LONGEST = 'ä'.repeat(32_768);
const LIMIT: readonly AutobahnCase[] = [
  ...[4096, 8192, 16_384, 65_536].map((size, index): AutobahnCase => {
    const [first, ...rest] = inPieces(Buffer.from(LONGEST), size);
    const frames = [text(first!, rest.length === 0), ...rest.map((one, i) => more(one, i === rest.length - 1))];
    return {
      id: `9.3.${index + 1}`,
      what: `65536 bytes in fragments of ${size}`,
      chunks: [...frames, BYE],
      answers: [echo(LONGEST), BYE_ANSWER],
    };
  }),
  ...[1024, 2048, 4096, 8192].map((size, index): AutobahnCase => ({
    id: `9.5.${index + 1}`,
    what: `65536 bytes in chops of ${size}`,
    chunks: [...inPieces(text(LONGEST), size), BYE],
    answers: [echo(LONGEST), BYE_ANSWER],
  })),
  { id: '9 (more)', what: '65537 bytes', chunks: [text(`${LONGEST}x`)], answers: ['close 1009'] },
  {
    id: '9 (fragments)',
    what: '65537 bytes in two fragments',
    chunks: [text(LONGEST, false), more('x', true)],
    answers: ['close 1009'],
  },
  {
    id: '9 (announced)',
    what: '2^63 - 1 bytes that never come',
    chunks: [hex('81ff7fffffffffffffff00000000')],
    answers: ['close 1009'],
  },
];

/** 10: a text of 65536 bytes in fragments of 1300. */
const AUTO_FRAGMENTED = inPieces(Buffer.alloc(65_536, '*'), 1300);
const MISC: readonly AutobahnCase[] = [
  {
    id: '10.1.1',
    what: 'text of 65536 bytes in fragments of 1300',
    chunks: [
      text(AUTO_FRAGMENTED[0]!, false),
      ...AUTO_FRAGMENTED.slice(1).map((one, i, all) => more(one, i === all.length - 1)),
      BYE,
    ],
    answers: [echo('*'.repeat(65_536)), BYE_ANSWER],
  },
];

/** The cases of sections 1 to 7, 9 and 10 of Autobahn's test suite for servers; 8 is empty there, 12 and 13 are about compression, which is never agreed on here. */
export const AUTOBAHN_CASES: readonly AutobahnCase[] = [
  ...[FRAMING, PINGS, RESERVED, OPCODES_RESERVED, FRAGMENTS, TEXT, CLOSING, LIMIT, MISC].flat(),
];
