import { type Codec } from '../attribute.ts';
import { paddedLength } from '../channel-data.ts';
import { type PasswordAlgorithmChoice } from '../password-algorithm.ts';
import { ANY_LENGTH } from './bytes-codec.ts';
import { unencodable } from './unencodable.ts';

const HEAD_BYTES = 4;

/** Exactly one algorithm with its parameters. */
export const passwordAlgorithmChoice: Codec<PasswordAlgorithmChoice> = (name) => ({
  decode: (value) => {
    const choices = decodeChoices(value);
    return choices?.length === 1 ? choices[0] : undefined;
  },
  encode: (choice) => encodeChoice(name, choice),
});

export const passwordAlgorithmChoices: Codec<readonly PasswordAlgorithmChoice[]> = (name) => ({
  decode: decodeChoices,
  encode: (choices) => Buffer.concat(choices.map((choice) => encodeChoice(name, choice))),
});

/** The algorithms in `value`, each padded to four bytes (RFC 8489 §14.11); the padding of the last one may be missing. */
function decodeChoices(value: Buffer): PasswordAlgorithmChoice[] | undefined {
  const choices: PasswordAlgorithmChoice[] = [];
  let offset = 0;
  while (offset < value.length) {
    const start = offset + HEAD_BYTES;
    if (start > value.length) return undefined;
    const end = start + value.readUInt16BE(offset + 2);
    if (end > value.length) return undefined;
    choices.push({ algorithm: value.readUInt16BE(offset), parameters: value.subarray(start, end) });
    offset = paddedLength(end);
  }
  return choices;
}

function encodeChoice(name: string, { algorithm, parameters }: PasswordAlgorithmChoice): Buffer {
  if (parameters.length > ANY_LENGTH) throw unencodable(name, `at most ${ANY_LENGTH} bytes`, parameters.length);
  const bytes = Buffer.alloc(HEAD_BYTES + paddedLength(parameters.length));
  bytes.writeUInt16BE(algorithm, 0);
  bytes.writeUInt16BE(parameters.length, 2);
  bytes.set(parameters, HEAD_BYTES);
  return bytes;
}
