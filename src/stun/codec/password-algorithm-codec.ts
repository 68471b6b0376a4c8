import { MAX_VALUE_BYTES, type Codec } from '../attribute.ts';
import { paddedLength } from '../channel-data.ts';
import { type PasswordAlgorithmChoice } from '../password-algorithm.ts';
import { unencodable } from './unencodable.ts';

const HEAD_BYTES = 4;

/** Exactly one algorithm with its parameters. */
export const passwordAlgorithmChoice: Codec<PasswordAlgorithmChoice> = (name) => ({
  decode: (bytes, at, length) => {
    const choices = decodeChoices(bytes, at, length);
    return choices?.length === 1 ? choices[0] : undefined;
  },
  encode: (choice, into, at) => encodeChoices(name, [choice], into, at),
});

export const passwordAlgorithmChoices: Codec<readonly PasswordAlgorithmChoice[]> = (name) => ({
  decode: decodeChoices,
  encode: (choices, into, at) => encodeChoices(name, choices, into, at),
});

/** The algorithms, each padded to four bytes (RFC 8489 §14.11); the padding of the last one may be missing. */
function decodeChoices(bytes: Buffer, at: number, length: number): PasswordAlgorithmChoice[] | undefined {
  const choices: PasswordAlgorithmChoice[] = [];
  let offset = 0;
  while (offset < length) {
    const start = offset + HEAD_BYTES;
    if (start > length) return undefined;
    const end = start + bytes.readUInt16BE(at + offset + 2);
    if (end > length) return undefined;
    choices.push({ algorithm: bytes.readUInt16BE(at + offset), parameters: bytes.subarray(at + start, at + end) });
    offset = paddedLength(end);
  }
  return choices;
}

/** Returns how many bytes the value has. */
function encodeChoices(name: string, choices: readonly PasswordAlgorithmChoice[], into: Buffer, at: number): number {
  let length = 0;
  for (const { algorithm, parameters } of choices) {
    const end = length + HEAD_BYTES + paddedLength(parameters.length);
    if (end > MAX_VALUE_BYTES) throw unencodable(name, `at most ${MAX_VALUE_BYTES} bytes`, end);
    into.writeUInt16BE(algorithm, at + length);
    into.writeUInt16BE(parameters.length, at + length + 2);
    into.fill(0, at + length + HEAD_BYTES, at + end);
    into.set(parameters, at + length + HEAD_BYTES);
    length = end;
  }
  return length;
}
