import { ownText } from '../base/own-text.ts';
import { isBlank } from './character-class.ts';
import { HeaderField } from './header-field.ts';
import { isNeverRepeated, RepeatedFields } from './repeated-fields.ts';
import { type RequestLine } from './start-line.ts';

/** Characters that are remembered. A REGISTER has a thousand. */
const MAX_LENGTH = 4096;

/** Lines that follow one another. */
interface Run {
  readonly text: string;
  readonly fields: readonly HeaderField[];
}

/**
 * The REGISTER that a client sent last, but for what each has anew. The next one repeats nearly all of it: what it repeats is found by comparing, is given
 * the same objects, and with them all that was made of it (`RepeatedFields`). What is remembered owns its characters.
 */
export class FieldMemory {
  #startLine = '';
  #request: RequestLine | undefined;
  #runs: readonly Run[] = [];
  #repeated = new RepeatedFields();
  #next = 0;

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
    const runs: Run[] = [];
    let length = startLine.length;
    for (let i = 0; i < fields.length; i++) {
      const first = i;
      let text = '';
      while (i < fields.length && !isNeverRepeated(fields[i]?.key ?? '')) text += fields[i++]?.line ?? '';
      length += text.length;
      if (i > first) runs.push(ownRun(text, fields.slice(first, i)));
    }
    const isKept = length <= MAX_LENGTH;
    this.#startLine = isKept ? ownText(startLine) : '';
    this.#request = isKept ? { ...request, uri: ownText(request.uri) } : undefined;
    this.#runs = isKept ? runs : [];
    this.#repeated = new RepeatedFields();
  }
}

function ownRun(lines: string, fields: readonly HeaderField[]): Run {
  const text = ownText(lines);
  let at = 0;
  const own = fields.map(({ name, key, line }) => {
    const start = at;
    at += line.length;
    const valueStart = start + name.length + 2;
    return new HeaderField(text.slice(start, start + name.length), key, text.slice(valueStart, at - 2));
  });
  return { text, fields: own };
}
