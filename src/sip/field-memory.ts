import { ownText } from '../base/own-text.ts';
import { isBlank } from './character-class.ts';
import { HeaderField } from './header-field.ts';
import { knownNameAt } from './header-names.ts';
import { isNeverRepeated, RepeatedFields } from './repeated-fields.ts';
import { type RequestLine } from './start-line.ts';

/** Characters that are remembered. A REGISTER has a thousand. */
const MAX_LENGTH = 4096;

/** Lines that follow one another. */
interface Run {
  readonly text: string;
  readonly fields: readonly HeaderField[];
}

const NO_RUNS: readonly Run[] = [];

/**
 * The REGISTER that a client sent last, but for what each has anew. The next one repeats nearly all of it: what it repeats is found by comparing, is given
 * the same objects, and with them all that was made of it (`RepeatedFields`). What is remembered owns its characters.
 */
export class FieldMemory {
  #startLine = '';
  #request: RequestLine | undefined;
  #runs: readonly Run[] = NO_RUNS;
  #repeated = new RepeatedFields();
  #next = 0;

  forget(): void {
    this.#startLine = '';
    this.#request = undefined;
    this.#runs = NO_RUNS;
    this.#repeated = new RepeatedFields();
  }

  /** The request line, if it is that of the last message. A message begins with it. */
  begin(startLine: string): RequestLine | undefined {
    this.#next = 0;
    return startLine === this.#startLine ? this.#request : undefined;
  }

  /** The fields of the lines at `start`, if the last message had these lines next. */
  find(text: string, start: number): Run | undefined {
    const run = this.#runs[this.#next];
    if (run === undefined) return undefined;
    const end = start + run.text.length;
    if (text.slice(start, end) !== run.text || isBlank(text.charCodeAt(end))) return undefined;
    this.#next += 1;
    return run;
  }

  /**
   * What the message repeats; `undefined` if it has other fields than the last one. Those are remembered then. `isOther`: whether it has a field that was
   * not found.
   */
  end(
    startLine: string,
    request: RequestLine,
    fields: readonly HeaderField[],
    isOther: boolean,
  ): RepeatedFields | undefined {
    if (!isOther && this.#next === this.#runs.length && startLine === this.#startLine) return this.#repeated;
    this.#learn(startLine, request, fields);
    return undefined;
  }

  #learn(startLine: string, request: RequestLine, fields: readonly HeaderField[]): void {
    const runs = runsOf(fields);
    const length = runs.reduce((sum, { text }) => sum + text.length, startLine.length);
    this.forget();
    if (length > MAX_LENGTH) return;
    this.#startLine = ownText(startLine);
    this.#request = { ...request, uri: ownText(request.uri) };
    this.#runs = runs;
  }
}

function runsOf(fields: readonly HeaderField[]): Run[] {
  const runs: Run[] = [];
  for (let i = 0; i < fields.length; i++) {
    const first = i;
    let text = '';
    while (i < fields.length && !isNeverRepeated(fields[i]?.key ?? '')) text += fields[i++]?.line ?? '';
    if (i > first) runs.push(ownRun(text, fields.slice(first, i)));
  }
  return runs.slice();
}

function ownRun(lines: string, fields: readonly HeaderField[]): Run {
  const text = ownText(lines);
  let at = 0;
  const own = fields.map(({ name, key, line }) => {
    const start = at;
    at += line.length;
    const nameEnd = start + name.length;
    const ownName = knownNameAt(text, start, nameEnd)?.spelling ?? text.slice(start, nameEnd);
    return new HeaderField(ownName, key, text.slice(nameEnd + 2, at - 2), text.slice(start, at));
  });
  return { text, fields: own };
}
