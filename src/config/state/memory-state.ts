import { EpcscfTurnError } from '../../base/errors.ts';
import { type StateStore } from './state-store.ts';

/** State in memory, which leaves nothing on the disk. */
export class MemoryState implements StateStore {
  readonly #contents: Map<string, string>;

  /** Begins with a copy of `contents`. */
  constructor(contents: Iterable<readonly [name: string, content: string]> = []) {
    this.#contents = new Map(contents);
  }

  /** All that is kept, as names and contents. */
  get entries(): [string, string][] {
    return [...this.#contents];
  }

  read(name: string): string | undefined {
    return this.#contents.get(name);
  }

  create(name: string, content: string): string {
    const earlier = this.#contents.get(name);
    if (earlier !== undefined) return earlier;
    this.#contents.set(name, content);
    return content;
  }

  replace(name: string, content: string): void {
    this.#contents.set(name, content);
  }

  append(name: string, content: string): void {
    this.#contents.set(name, `${this.#contents.get(name) ?? ''}${content}`);
  }

  locate(): undefined {
    return undefined;
  }

  broken(name: string, expected: string, cause?: unknown): EpcscfTurnError {
    return new EpcscfTurnError('ERR_INVALID_ARGUMENT', `${name} in memory: expected ${expected}`, { cause });
  }
}
