import { close, inPieces, more, text } from './client-frames.ts';

/** What the server is sent, and the frames that it answers, up to the end of the connection. */
export interface AutobahnCase {
  /** Number of the case in the test suite of Autobahn. */
  readonly id: string;
  readonly what: string;
  readonly chunks: readonly Uint8Array[];
  readonly answers: readonly string[];
}

/** What ends a case that is not about the end. */
export const BYE = close(1000);
export const BYE_ANSWER = 'close 1000';
export const FAILED = 'close 1002';
export const NOT_UTF8 = 'close 1007';

export const hex = (value: string): Buffer => Buffer.from(value.replaceAll(' ', ''), 'hex');
export const echo = (value: Uint8Array | string): string => `text ${Buffer.from(value).toString('hex')}`;
export const echoBinary = (value: Uint8Array): string => `binary ${Buffer.from(value).toString('hex')}`;
export const pongTo = (value: Uint8Array | string): string => `pong ${Buffer.from(value).toString('hex')}`;
export const pieces = (size: number, ...frames: readonly Buffer[]): Buffer[] => inPieces(Buffer.concat(frames), size);
export const numbered = (section: string, cases: readonly Omit<AutobahnCase, 'id'>[]): AutobahnCase[] =>
  cases.map((one, index) => ({ id: `${section}.${index + 1}`, ...one }));
export const GREEK = hex('cebae1bdb9cf83cebcceb5');
/** A text in two fragments, and frames between them. */
export const split = (first: string, second: string, between: readonly Buffer[] = []): Buffer[] => [
  text(first, false),
  ...between,
  more(second, true),
];
