import {
  type AutobahnCase,
  BYE,
  BYE_ANSWER,
  echo,
  GREEK,
  hex,
  NOT_UTF8,
  numbered,
  pieces,
  split,
} from './autobahn-case.ts';
import { inPieces, more, text } from './client-frames.ts';

const utf8Case = (id: string, what: string, bytes: Buffer, isValid: boolean): AutobahnCase => ({
  id,
  what: `${what}: ${bytes.toString('hex')}`,
  chunks: [text(bytes), BYE],
  answers: isValid ? [echo(bytes), BYE_ANSWER] : [NOT_UTF8],
});
const table = (section: string, what: string, isValid: boolean, rows: readonly string[]): AutobahnCase[] =>
  rows.map((row, index) => utf8Case(`${section}.${index + 1}`, what, hex(row), isValid));

/** 6: UTF-8. A message is judged when it is whole: sooner (6.4) is allowed and not asked for. */
export const TEXT: readonly AutobahnCase[] = [
  ...numbered('6.1', [
    { what: 'nothing', chunks: [text(''), BYE], answers: [echo(''), BYE_ANSWER] },
    {
      what: 'three fragments of nothing',
      chunks: [text('', false), more(''), more('', true), BYE],
      answers: [echo(''), BYE_ANSWER],
    },
    {
      what: 'three fragments, the second not empty',
      chunks: [text('', false), more('middle'), more('', true), BYE],
      answers: [echo('middle'), BYE_ANSWER],
    },
  ]),
  ...numbered('6.2', [
    {
      what: 'in one',
      chunks: [text('Hello-µ@ßöäüàá-UTF-8!!'), BYE],
      answers: [echo('Hello-µ@ßöäüàá-UTF-8!!'), BYE_ANSWER],
    },
    {
      what: 'in two between characters',
      chunks: [...split('Hello-µ@ßöä', 'üàá-UTF-8!!'), BYE],
      answers: [echo('Hello-µ@ßöäüàá-UTF-8!!'), BYE_ANSWER],
    },
    {
      what: 'in fragments of one octet',
      chunks: [
        text(GREEK.subarray(0, 1), false),
        ...inPieces(GREEK.subarray(1), 1).map((one, i, all) => more(one, i === all.length - 1)),
        BYE,
      ],
      answers: [echo(GREEK), BYE_ANSWER],
    },
    { what: 'octet by octet', chunks: pieces(1, text(GREEK), BYE), answers: [echo(GREEK), BYE_ANSWER] },
  ]),
  ...numbered('6.3', [
    {
      what: 'not UTF-8 behind UTF-8',
      chunks: [text(Buffer.concat([GREEK, hex('eda080656469746564')]))],
      answers: [NOT_UTF8],
    },
    {
      what: 'not UTF-8, octet by octet',
      chunks: pieces(1, text(Buffer.concat([GREEK, hex('eda080656469746564')]))),
      answers: [NOT_UTF8],
    },
  ]),
  ...numbered('6.4', [
    {
      what: 'not UTF-8 in the second of three fragments',
      chunks: [text(GREEK, false), more(hex('f4908080')), more('edited', true)],
      answers: [NOT_UTF8],
    },
    {
      what: 'not UTF-8 across two fragments',
      chunks: [text(Buffer.concat([GREEK, hex('f4')]), false), more(hex('90')), more('edited', true)],
      answers: [NOT_UTF8],
    },
  ]),
  ...table('6.5', 'valid', true, ['cebae1bdb9cf83cebcceb5', 'ce ba', 'ce bc', 'cf 83']),
  ...table('6.6', 'half a character', false, ['ce', 'cebae1', 'cebae1bd', 'cebae1bdb9cf', 'cebae1bdb9cf83ce']),
  ...table('6.7', 'first of its length', true, ['00', 'c280', 'e0a080', 'f0908080']),
  ...table('6.8', 'of five or six bytes', false, ['f888808080', 'fc8480808080']),
  ...table('6.9', 'last of its length', true, ['7f', 'dfbf', 'efbfbf', 'f48fbfbf']),
  ...table('6.10', 'beyond the last', false, ['f7bfbfbf', 'fbbfbfbfbf', 'fdbfbfbfbfbf']),
  ...table('6.11', 'at a boundary', true, ['ed9fbf', 'ee8080', 'efbfbd', 'f48fbfbf']),
  ...table('6.11 (beyond)', 'beyond a boundary', false, ['f4908080']),
  ...table('6.12', 'continuation bytes alone', false, [
    ...['80', 'bf', '80bf', '80bf80', '80bf80bf', '80bf80bf80', '80bf80bf80bf'],
    Buffer.from(Array.from({ length: 64 }, (_, i) => 0x80 + i)).toString('hex'),
  ]),
  ...table('6.13', 'first bytes alone', false, [
    'c020c120df20',
    'e020e120ef20',
    'f020f120f720',
    'f820f920fb20',
    'fc20fd20',
  ]),
  ...table('6.14', 'last continuation byte missing', false, [
    ...['c0', 'e080', 'f08080', 'f8808080', 'fc80808080', 'df', 'efbf', 'f7bfbf', 'fbbfbfbf', 'fdbfbfbfbf'],
  ]),
  ...table('6.15', 'many of those', false, ['c0e080f08080f8808080fc80808080dfefbff7bfbffbbfbfbffdbfbfbfbf']),
  ...table('6.16', 'impossible bytes', false, ['fe', 'ff', 'fefeffff']),
  ...table('6.17', 'an ASCII character too long', false, ['c0af', 'e080af', 'f08080af', 'f8808080af', 'fc80808080af']),
  ...table('6.18', 'the last too long', false, ['c1bf', 'e09fbf', 'f08fbfbf', 'f887bfbfbf', 'fc83bfbfbfbf']),
  ...table('6.19', 'NUL too long', false, ['c080', 'e08080', 'f0808080', 'f880808080', 'fc8080808080']),
  ...table('6.20', 'one half of a surrogate', false, [
    'eda080',
    'edadbf',
    'edae80',
    'edafbf',
    'edb080',
    'edbe80',
    'edbfbf',
  ]),
  ...table('6.21', 'both halves', false, [
    ...[
      'eda080edb080',
      'eda080edbfbf',
      'edadbfedb080',
      'edadbfedbfbf',
      'edae80edb080',
      'edae80edbfbf',
      'edafbfedb080',
      'edafbfedbfbf',
    ],
  ]),
  ...table('6.22', 'noncharacters', true, [
    ...[
      'efbfbe',
      'efbfbf',
      'f09fbfbe',
      'f09fbfbf',
      'f0afbfbe',
      'f0afbfbf',
      'f3bfbfbe',
      'f3bfbfbf',
      'f48fbfbe',
      'f48fbfbf',
    ],
  ]),
  ...table('6.23', 'specials', true, ['efbfb9', 'efbfba', 'efbfbb', 'efbfbc', 'efbfbd']),
];
