import { type EpcscfTurnError } from '../../base/errors.ts';
import { MemoryState } from './memory-state.ts';
import { StateFolder } from './state-folder.ts';
import { type StateStore } from './state-store.ts';

/** A state folder for a start that is only tried: what it keeps is read, what is missing is made in memory. */
export class TrialState implements StateStore {
  readonly #path: string;
  readonly #made = new MemoryState();

  /** The folder at `path` need not exist; it is looked at when first read from. */
  constructor(path: string) {
    this.#path = path;
  }

  /** Throws when a start could not open the folder. */
  check(): void {
    if (!StateFolder.find(this.#path)) StateFolder.tryWriting(this.#path);
  }

  read(name: string): string | undefined {
    return this.#made.read(name) ?? StateFolder.find(this.#path)?.read(name);
  }

  create(name: string, content: string): string {
    const earlier = this.read(name);
    if (earlier !== undefined) return earlier;
    StateFolder.tryWriting(this.#path);
    return this.#made.create(name, content);
  }

  replace(name: string, content: string): void {
    StateFolder.tryWriting(this.#path);
    this.#made.replace(name, content);
  }

  append(name: string, content: string): void {
    this.replace(name, `${this.read(name) ?? ''}${content}`);
  }

  locate(): undefined {
    return undefined;
  }

  broken(name: string, expected: string, cause?: unknown): EpcscfTurnError {
    return (StateFolder.find(this.#path) ?? this.#made).broken(name, expected, cause);
  }
}
