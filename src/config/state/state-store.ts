import { type EpcscfTurnError } from '../../base/errors.ts';

/** Keeps what was generated, by file name: a folder, or memory for a server that leaves no trace. */
export interface StateStore {
  /** The content kept under a name; `undefined` when there is none. */
  read(name: string): string | undefined;
  /** Keeps what is not there yet. When another was faster, its content is the answer. */
  create(name: string, content: string): string;
  /** Keeps a content in the place of an older one. */
  replace(name: string, content: string): void;
  /** Adds to the end of a content, or begins one. */
  append(name: string, content: string): void;
  /** Path where other programs can read a file; `undefined` when it is in memory only. */
  locate(name: string): string | undefined;
  /** The error about a content that is not what it should be. */
  broken(name: string, expected: string, cause?: unknown): EpcscfTurnError;
}
